package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

var smstoolsPeer = peer{
	name: "smstools", programs: []string{"smsd"}, many: 80, open: openSMSTools,
	cannot: map[string]string{"inbound-direct": "it reads the store, and does not take +CMT"},
}

// pairs are octets in hex, which smsd wants apart.
var pairs = regexp.MustCompile("..")

type smstools struct {
	dir, conf string
	serial    atomic.Int64
	p         *process
}

func openSMSTools(b *testing.B, s seat) gateway {
	t := &smstools{dir: s.dir}
	folders(b, s.dir, "outgoing", "checked", "failed", "incoming", "sent")
	_, err := exec.LookPath("inotifywait")
	t.conf = configure(b, "smsd.conf", s.dir, map[string]any{"Device": s.device, "Dir": s.dir, "Notifier": err == nil})
	if err != nil {
		b.Log("without notifier: inotifywait is not installed")
	}
	watch(b, filepath.Join(s.dir, "incoming"), s.arrived)
	return t
}

func (t *smstools) start(b *testing.B)    { t.p = start(b, nil, "smsd", "-c"+t.conf, "-t") }
func (t *smstools) processes() []*process { return []*process{t.p} }

// submit writes a file a segment: it does not cut what has a header.
func (t *smstools) submit(to string, payload []byte) error {
	serial := t.serial.Add(1)
	segments, err := segmentsOf(payload, uint16(serial))
	if err != nil {
		return err
	}
	for i, ud := range segments {
		head := fmt.Sprintf("To: %s\nAlphabet: binary\nUDH: true\nUDH-DATA: %s\n\n", strings.TrimPrefix(to, "+"), pairs.ReplaceAllString(headerOf(ud), "$0 "))
		name := fmt.Sprintf("m%06d-%d", serial, i)
		if err := put(filepath.Join(t.dir, "outgoing", name), append([]byte(head), ud.Data...)); err != nil {
			return err
		}
	}
	return nil
}
