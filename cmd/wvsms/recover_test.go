package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// A damaged spool is refused with the remedy, and the remedy works: what was accepted and received is still there, under
// its id, and the damaged files are, too. On a sound spool it is nothing but a start.
func TestRecover(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, device := air.modem(modemtest.ModemOptions{Number: numberA})
	b := newTestBridge(t, device, "store", "")
	b.start()
	c := b.connect()
	c.do("EVENTS", "OK")
	id, _ := c.send(phone, unique(1, 400), "")
	c.event(id, "sent")
	payload := unique(2, 300)
	if err := air.air.NewHandset(phone, nil).Send(numberA, wdp.Datagram{Dst: 3590, Data: payload}); err != nil {
		t.Fatal(err)
	}
	c.do("RECV", "OK")
	m := c.message()
	b.kill()

	log := filepath.Join(b.dir, "spool.db-wal")
	damaged, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	damaged[5] ^= 0xff // of the log's header: SQLite would forget all of it
	if err := os.WriteFile(log, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("wvsms", "run", "--config", b.config).CombinedOutput()
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !bytes.Contains(said, []byte("wvsms run --recover")) {
		t.Fatalf("run on a damaged spool: %v, %s", err, said)
	}

	for _, what := range []string{"damaged", "sound"} {
		before := len(b.log.String())
		b.cmd = exec.Command("wvsms", "run", "--recover", "--config", b.config)
		b.cmd.Stderr = b.log
		if err := b.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c = b.connect()
		if shown := c.data("SHOW " + id); !strings.Contains(shown, `"sent"`) {
			t.Errorf("%s: the message that was sent before is %s", what, shown)
		}
		told := b.log.String()[before:]
		if strings.Contains(told, "outbound: 1 saved") != (what == "damaged") {
			t.Errorf("%s: told was %s", what, told)
		}
		if what == "sound" {
			c.do("ACK "+m.id, "OK")
			break
		}
		c.do("RECV", "OK")
		if again := c.message(); again.id != m.id || !bytes.Equal(again.payload, payload) {
			t.Errorf("the message received before is %s of %d octets", again.id, len(again.payload))
		}
		c.do("ACK "+m.id, "OK")
		b.kill()
	}
	set, _ := filepath.Glob(filepath.Join(b.dir, "spool.db.damaged-*-wal"))
	if len(set) != 1 {
		t.Fatalf("set aside are %v", set)
	}
	if kept, _ := os.ReadFile(set[0]); !bytes.Equal(kept, damaged) {
		t.Error("what was set aside is not the damaged log")
	}
}
