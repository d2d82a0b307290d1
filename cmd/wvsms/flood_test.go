package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

var floodFull = flag.Bool("flood.full", false, "a line of 1 GiB, and 5,000 first segments over a pty; minutes")

// A noisyLine is the line to a modem on which others talk too.
type noisyLine struct {
	*modemtest.PTY
	mu sync.Mutex
}

func (l *noisyLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.PTY.Write(b)
}

// What a modem, a line and clients may do at their worst, all at once: the bridge stays
// small, and carries what comes by the other modem and by the other clients.
func TestFlood(t *testing.T) {
	octets, segments := 24<<20, 300
	if *floodFull {
		octets, segments = 1<<30, 5_000
	}
	air := newTestNet(t, modemtest.AirOptions{})
	pty, err := modemtest.OpenPTY("")
	if err != nil {
		t.Fatal(err)
	}
	line := &noisyLine{PTY: pty}
	noisy := air.air.NewModem(modemtest.ModemOptions{Number: numberA})
	var served sync.WaitGroup
	served.Go(func() { noisy.Serve(air.ctx, line) })
	t.Cleanup(func() { line.Close(); served.Wait() })
	_, quiet := air.modem(modemtest.ModemOptions{Number: numberB})
	b := newTestBridge(t, line.Name(), "store", fmt.Sprintf("[[modem]]\nname = \"m1\"\ndevice = %q\nreceive = \"direct\"\n", quiet))
	b.start()

	c := b.connect()
	defer c.close()
	c.do("RECV", "OK")
	sent := make(chan string, 16) // more than are sent
	air.air.NewHandset("+491744444444", func(_ *modemtest.Handset, _ string, d wdp.Datagram) { sent <- string(d.Data) })
	number := 0
	flows := func(through, meanwhile string) {
		t.Helper()
		number++
		payload := unique(number, 300)
		h := air.air.NewHandset(fmt.Sprintf("+49175%07d", number), nil)
		if err := h.Send(through, wdp.Datagram{Dst: 3590, Src: 3590, Data: payload}); err != nil {
			t.Fatal(err)
		}
		c.conn.SetDeadline(time.Now().Add(2 * patience))
		m := c.message()
		if !bytes.Equal(m.payload, payload) {
			t.Fatalf("%s: another message came, from %s", meanwhile, m.peer)
		}
		c.do("ACK "+m.id, "OK")
		text := fmt.Sprintf("out %d", number)
		c.send("+491744444444", []byte(text), "modem=m1")
		select {
		case got := <-sent:
			if got != text {
				t.Fatalf("%s: %q was sent", meanwhile, got)
			}
		case <-time.After(2 * patience):
			t.Fatalf("%s: nothing is sent", meanwhile)
		}
	}
	flows(numberA, "before")
	flows(numberB, "before")

	// A consumer that takes as much as there is and never reads, then more clients than
	// there is room for.
	greedy := b.connect()
	defer greedy.close()
	if _, err := fmt.Fprintf(greedy.conn, "RECV max=1000 ack-wait=1s\r\nEVENTS after=0\r\n"); err != nil {
		t.Fatal(err)
	}
	asks := b.connect()
	var asking, noise sync.WaitGroup
	defer asking.Wait()
	defer asks.close()
	asking.Go(func() { asks.conn.Write(bytes.Repeat([]byte("INFO\r\n"), 50_000)) }) // it reads no answer and is closed for that
	busy := 0
	for range 400 {
		nc, err := net.Dial("unix", b.socket)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(patience))
		if greeting, _ := bufio.NewReader(nc).ReadString('\n'); !strings.HasPrefix(greeting, "WVSMS 1") {
			busy++
		}
	}
	if busy < 400-256 {
		t.Errorf("%d of 400 connections were turned away", busy)
	}
	flows(numberB, "with 256 connections")

	noise.Go(func() {
		for i := range 100_000 {
			if _, err := fmt.Fprintf(line, "\r\n^RSSI:%d\r\n", i%32); err != nil {
				t.Error(err)
				return
			}
		}
	})
	flows(numberB, "while a modem chatters")
	flows(numberA, "from the modem that chatters")
	noise.Wait()

	noise.Go(func() {
		chunk := bytes.Repeat([]byte("+CMTI: \"SM\",1 AT> "), 4096/18)
		for n := 0; n < octets; n += len(chunk) {
			if _, err := line.Write(chunk); err != nil {
				t.Error(err)
				return
			}
		}
		line.Write([]byte("\r\n"))
	})
	flows(numberB, "while a line has no end")
	noise.Wait()
	flows(numberA, "after the line that had no end")

	for i := range segments {
		inject(t, air.air, numberB, fmt.Sprintf("+4915%08d", i%10_000), i)
		if i%100 == 50 {
			flows(numberA, "in a flood of segments")
		}
	}
	for end := time.Now().Add(10 * patience); air.air.Counts().Pending > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the flood is not taken: %v", air.air.Counts())
		}
	}
	flows(numberB, "behind a flood of segments")

	peak := b.peak()
	t.Logf("at its peak the bridge took %d KiB", peak)
	if peak > 64<<10 && !raceDetector() {
		t.Errorf("the bridge took %d KiB, which is more than 64 MiB", peak)
	}
}

// inject has the network deliver the first segment of a datagram of three.
func inject(t *testing.T, air *modemtest.Air, to, from string, n int) {
	t.Helper()
	oa, err := pdu.ParseNumber(from)
	if err != nil {
		t.Fatal(err)
	}
	tpdu, err := (&pdu.Deliver{OA: oa, DCS: 0x04, SCTS: pdu.NewTimestamp(time.Now()), UD: pdu.UserData{
		UDHI: true,
		UDH:  []pdu.IE{pdu.ConcatIE(pdu.Concat{Ref: uint16(n), Bits: 16, Total: 3, Seq: 1}), pdu.PortIE(3590, 3590)},
		Data: binary.BigEndian.AppendUint32(nil, uint32(n)),
	}}).AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	air.Inject(to, tpdu)
}

// raceDetector tells whether this program was built with it: it takes memory too.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// peak is the most memory that the process has had, in KiB.
func (b *testBridge) peak() (kiB int) {
	b.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		b.t.Fatal(err)
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(peak, &kiB); err != nil {
		b.t.Fatalf("read VmHWM: %v", err)
	}
	return kiB
}
