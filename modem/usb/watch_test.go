package usb

import (
	"context"
	"os"
	"testing"
	"time"
)

// The kernel's events as it words them, and what is none of ours.
func TestConcerns(t *testing.T) {
	for event, want := range map[string]bool{
		"add@/devices/pci0000:00/0000:00:14.0/usb1/1-4\x00ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:14.0/usb1/1-4\x00SUBSYSTEM=usb\x00MAJOR=189\x00": true,
		"remove@/devices/virtual/tty/tty63\x00ACTION=remove\x00SUBSYSTEM=tty\x00SEQNUM=4711\x00":                                                             true,
		"add@/devices/pci0000:00/0000:00:14.0/usb1/1-4/1-4:1.0/ttyUSB0\x00ACTION=add\x00SUBSYSTEM=usb-serial\x00SEQNUM=4712\x00":                             true,
		"change@/devices/virtual/block/loop0\x00ACTION=change\x00SUBSYSTEM=block\x00SEQNUM=4713\x00":                                                         false,
		"add@/devices/SUBSYSTEM=usb\x00ACTION=add\x00SUBSYSTEM=net\x00":                                                                                      false,
		"":                            false,
		"libudev\x00\xfe\xed\xca\xfe": false,
	} {
		if got := concerns([]byte(event)); got != want {
			t.Errorf("%q: got %v", event, got)
		}
	}
}

// Watch ends with its context, or says at once that it cannot listen.
func TestWatchEnds(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Watch(ctx, func() {}) }()
	stop()
	select {
	case err := <-ended:
		t.Log(err)
	case <-time.After(time.Minute):
		t.Fatal("goes on")
	}
}

// The kernel tells of a terminal: a write to its uevent repeats what it said when
// that came.
func TestWatchHears(t *testing.T) {
	const uevent = "/sys/class/tty/tty0/uevent"
	f, err := os.OpenFile(uevent, os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("needs the right to write to %s: %v", uevent, err)
	}
	defer f.Close()
	ctx, stop := context.WithCancel(context.Background())
	heard, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- Watch(ctx, func() {
			select {
			case heard <- struct{}{}:
			default:
			}
		})
	}()
	for deadline := time.Now().Add(time.Minute); ; {
		if _, err := f.WriteString("change"); err != nil {
			t.Skipf("the kernel repeats nothing here: %v", err)
		}
		select {
		case <-heard:
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			return
		case err := <-ended:
			t.Skipf("no events here: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing heard")
		}
	}
}
