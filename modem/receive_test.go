package modem

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	mtA = "07919471010000F0040B919471214365F700044211218172638003616263"
	mtB = "07919471010000F0040B919471214365F700044211218172638003646566"
)

// receive starts a Receive and returns a channel for what it gives, in words.
func (b *bench) receive() <-chan Received {
	out := make(chan Received, 1)
	go func() {
		r, err := b.Receive(context.Background())
		if err != nil {
			r.Text = err.Error()
		}
		out <- r
	}()
	synctest.Wait()
	return out
}

// accept starts an Accept and returns a channel for its error.
func (b *bench) accept(r Received) <-chan error {
	out := make(chan error, 1)
	go func() { out <- b.Accept(context.Background(), r) }()
	synctest.Wait()
	return out
}

func (r Received) brief() string {
	mode := "unreadable " + r.Text
	if r.Mode != nil {
		mode = strings.ToUpper(hex.EncodeToString(r.Mode))
	}
	where := "direct"
	if r.Stored {
		where = fmt.Sprintf("%s %d", r.Mem, r.Index)
	}
	return fmt.Sprintf("%s %s", where, mode)
}

func TestStoreMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		got := b.receive()
		b.play("< +CMTI: \"SM\",3\n> AT+CMGR=3\n< +CMGR: 0,,22\n< " + mtA + "\n< OK")
		r := <-got
		if r.brief() != "SM 3 "+mtA || r.Length != 22 || r.Kind != Message {
			t.Errorf("%+v", r)
		}
		done := b.accept(r)
		b.play("> AT+CMGD=3\n< OK")
		if err := <-done; err != nil {
			t.Error(err)
		}
		// What nobody receives stays where it is.
		b.play("< +CMTI: \"SM\",4\nsilence 5s")
		got = b.receive()
		b.play("> AT+CMGR=4\n< +CMGR: 1,\"\",22\n< " + mtB + "\n< OK")
		if r := <-got; r.brief() != "SM 4 "+mtB {
			t.Errorf("%+v", r)
		}
	})
}

func TestDirectMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Receive: ReceiveDirect, Sweep: time.Hour})
		defer b.close()
		b.play(strings.ReplaceAll(dialog(t, "up.at"), "include up-sms.at", strings.ReplaceAll(
			dialog(t, "up-sms.at"), "include up-cnmi.at", "> AT+CNMI=2,2,0,1,0\n< OK\n> AT+CNMI?\n< +CNMI: 2,2,0,1,0\n< OK")))
		got := b.receive()
		b.play("< +CMT: ,22\n< " + mtA)
		r := <-got
		if r.brief() != "direct "+mtA || r.Kind != Message {
			t.Errorf("%+v", r)
		}
		done := b.accept(r)
		b.play("> AT+CNMA\n< OK")
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
