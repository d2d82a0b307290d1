package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// The daemon with no more than device = "auto", over real terminals: from the plug to
// a datagram each way, and the same after the modem was pulled, after it reset in the
// middle of a segment, and after a kill, each time under another name.
func TestReplug(t *testing.T) {
	dir := t.TempDir()
	bus, err := modemtest.NewBus(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	run := filepath.Join(dir, "run")
	if err := os.Mkdir(run, 0o755); err != nil {
		t.Fatal(err)
	}
	n := newTestNet(t, modemtest.AirOptions{})
	got := make(chan []byte, 16)
	h := n.air.NewHandset(simNumber, func(_ *modemtest.Handset, _ string, d wdp.Datagram) { got <- d.Data })
	m := n.air.NewModem(modemtest.ModemOptions{
		Number: simModem, IMEI: "350000000000010", Profile: modemtest.Quectel, BootTime: 300 * time.Millisecond,
	})
	b := newTestBridge(t, "auto", "auto", "")
	b.env = []string{envBus + "=" + dir}
	var c *testClient

	devices := map[string]bool{}
	bothWays := func(i int) {
		t.Helper()
		out, in := unique(i, 300), unique(i+100, 300)
		id, _ := c.send(simNumber, out, "modem=m0")
		c.event(id, "sent")
		if answer := <-got; !bytes.Equal(answer, out) {
			t.Errorf("the handset got %d octets that are not what was sent", len(answer))
		}
		h.Send(simModem, wdp.Datagram{Dst: 3590, Data: in})
		msg := c.message()
		if !bytes.Equal(msg.payload, in) {
			t.Errorf("%d octets came that are not what the handset sent", len(msg.payload))
		}
		c.do("ACK "+msg.id, "OK")
		var info struct {
			Modems []struct{ Device, IMEI string }
		}
		if err := json.Unmarshal([]byte(c.data("INFO")), &info); err != nil {
			t.Fatal(err)
		}
		at := info.Modems[0]
		if devices[at.Device] || at.IMEI != "350000000000010" {
			t.Errorf("the modem is at %s again, or has IMEI %s", at.Device, at.IMEI)
		}
		devices[at.Device] = true
		if to, err := os.Readlink(filepath.Join(run, at.IMEI)); err != nil || to != at.Device {
			t.Errorf("the link by IMEI leads to %s, %v; the modem is at %s", to, err, at.Device)
		}
	}
	follow := func() {
		c = b.connect()
		c.do("RECV", "OK")
		c.do("EVENTS", "OK")
	}
	plug := func() {
		t.Helper()
		if err := bus.Plug("1-1.4", m); err != nil {
			t.Fatal(err)
		}
	}
	b.start()
	follow()
	plug()
	bothWays(1)

	bus.Unplug("1-1.4")
	plug()
	bothWays(2)

	m.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Reset, At: modemtest.Prompt})
	bothWays(3)

	c.close()
	b.kill()
	bus.Unplug("1-1.4")
	plug()
	b.start()
	follow()
	bothWays(4)
	if v := bus.Violations(); v != nil {
		t.Errorf("written to ports that are no modem's: %q", v)
	}
	select {
	case twice := <-got:
		t.Errorf("the handset got %d octets more", len(twice))
	default:
	}
}
