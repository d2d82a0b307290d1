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

// get receives one and fails the test when that is not as wanted.
func (b *bench) get(want, dialog string) Received {
	b.t.Helper()
	got := b.receive()
	b.play(dialog)
	select {
	case r := <-got:
		if r.brief() != want {
			b.t.Errorf("got %s, want %s", r.brief(), want)
		}
		return r
	case <-time.After(time.Second):
		b.t.Fatalf("nothing received\n%s", b.traced())
		return Received{}
	}
}

// none checks that nothing is received after a dialogue.
func (b *bench) none(dialog string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
	defer cancel()
	got := make(chan string, 1)
	go func() {
		if r, err := b.Receive(ctx); err == nil {
			got <- r.brief()
		}
		close(got)
	}()
	synctest.Wait()
	b.play(dialog)
	synctest.Wait()
	select {
	case r := <-got:
		b.t.Errorf("received %s", r)
	default:
	}
	cancel()
	synctest.Wait()
}

func (b *bench) accepted(r Received, dialog string) {
	b.t.Helper()
	done := b.accept(r)
	b.play(dialog)
	if err := <-done; err != nil {
		b.t.Error(err)
	}
}

const (
	checkSame = "> AT+CMEE?\n< +CMEE: 1\n< OK\n> AT+CIMI\n< 262011234567890\n< OK\n> AT+CNMI?\n< +CNMI: 2,1,0,1,0\n< OK\n"
	report    = "07919471010000F006050B919471214365F7421121817263804211218172638000"
)

// lab is a bench with its modem up.
func lab(t *testing.T, o Options, f func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, o)
		defer b.close()
		b.up()
		f(b)
	})
}

func TestStoredMessages(t *testing.T) {
	cmgr := func(i int, header, pdu string) string {
		return fmt.Sprintf("> AT+CMGR=%d\n< +CMGR: %s\n< %s\n< OK\n", i, header, pdu)
	}
	t.Run("what is not received stays", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			b.none("< +CMTI: \"SM\",1\n> AT+CMGR=1\n< OK")                           // SIMCom: the slot is empty
			b.none("< +CMTI: \"SM\",1\n> AT+CMGR=1\n< +CMGR: 0,,0\n< OK")            // so, elsewhere
			b.none("< +CMTI: \"SM\",1\n> AT+CMGR=1\n< +CMS ERROR: 321")              // and by the book
			b.none("< +CMTI: \"SM\",1\n" + cmgr(1, "2,,16", pduA))                   // to be sent
			b.none("< +CMTI: \"SM\",1\n" + cmgr(1, "3,,16", pduA) + "silence 100ms") // sent
			b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA))
		})
	})
	t.Run("offered once", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			r := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA))
			b.none("< +CMTI: \"SM\",1\n< +CMTI: \"SM\",-1\n" + checkSame + "> AT+CMGL=4\n< +CMGL: 1,1,,22\n< " + mtA + "\n< OK\n" + storeSM + "silence 1s")
			b.accepted(r, "> AT+CMGD=1\n< OK")
			b.get("SM 1 "+mtB, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtB))
		})
	})
	t.Run("the slot is filled again before its OK", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			r := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA))
			b.accepted(r, "> AT+CMGD=1\n< +CMTI: \"SM\",1\n< OK")
			b.get("SM 1 "+mtB, cmgr(1, "0,,22", mtB))
		})
	})
	t.Run("refused, then offered by a sweep", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			b.Refuse(b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA)))
			b.get("SM 1 "+mtA, "pass 30s\n"+checkSame+"> AT+CMGL=4\n< +CMGL: 1,1,,22\n< "+mtA+"\n< OK")
		})
	})
	t.Run("already deleted", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			for _, text := range []string{"321", "Invalid memory index"} {
				r := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA))
				b.accepted(r, "> AT+CMGD=1\n< +CMS ERROR: "+text)
			}
		})
	})
	t.Run("a deletion of which nobody knows is not repeated on another message", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			r := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA))
			b.accepted(r, "> AT+CMGD=1\n< BUSY\n< OK\n< +CMTI: \"SM\",1\n> AT+CMEE?\n< +CMEE: 1\n< OK\n"+cmgr(1, "0,,22", mtB))
			r = b.get("SM 1 "+mtB, cmgr(1, "1,,22", mtB))
			b.accepted(r, "> AT+CMGD=1\n< +CMS ERROR: 500\n"+cmgr(1, "1,,22", mtB)+"> AT+CMGD=1\n< OK")
		})
	})
	t.Run("damaged on the way", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, "0,,22", mtA[2:])+cmgr(1, "0,,22", mtA))
		})
	})
	t.Run("damaged in the store", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			bad := strings.Replace(mtA, "0004", "0?04", 1)
			b.get("SM 1 unreadable "+bad, "< +CMTI: \"SM\",1\n"+strings.Repeat(cmgr(1, "0,,22", bad), 3))
		})
	})
	t.Run("fallen back to text mode", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+cmgr(1, `"REC UNREAD","+491777",,"24/11/12,18:27:36+08"`, "hello")+
				"> AT+CMGF=0\n< OK\n"+cmgr(1, "1,,22", mtA))
		})
	})
	t.Run("no answer at first", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			// The sweep 30 s after the start waits behind the reading, and the
			// second reading, asked for a second later, behind that.
			b.get("SM 1 "+mtA, "pass 1s\n< +CMTI: \"SM\",1\n> AT+CMGR=1\npass 31s\n> AT+CMEE?\n< +CMEE: 1\n< OK\ninclude sweep.at\n"+cmgr(1, "1,,22", mtA))
		})
	})
	t.Run("without an index", func(t *testing.T) {
		// Xinyuan-LilyGO/T-SIM7600X issue 63: +CMTI: "SM",-1
		lab(t, Options{}, func(b *bench) {
			b.get("SM 7 "+mtA, "< +CMTI: \"SM\",-1\npass 2s\n"+checkSame+
				"> AT+CMGL=4\n< +CMGL: 5,2,,16\n< "+pduA+"\n< +CMGL: 6,3,,16\n< "+pduA+"\n< +CMGL: 7,0,,22\n< "+mtA+"\n< OK")
		})
	})
	t.Run("listed, one of them damaged, one told of before", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			b.play("< +CMTI: \"SM\",3\n< +CMTI: \"SM\",-1\npass 2s\n" + checkSame + "> AT+CMGL=4\n< +CMGL: 1,1,,22\n< " + mtA[:20] +
				"\n< +CMGL: 2,1,,22\n< " + mtB + "\n< +CMGL: 3,0,,22\n< " + mtA + "\n< OK\n" + storeSM)
			synctest.Wait()
			b.get("SM 3 "+mtA, cmgr(3, "0,,22", mtA)) // told first
			b.get("SM 1 "+mtA, cmgr(1, "1,,22", mtA))
			b.get("SM 2 "+mtB, "")
		})
	})
	t.Run("status reports", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			r := b.get("SM 2 "+report, "< +CDSI: \"SM\",2\n"+cmgr(2, "0,,25", report))
			if r.Kind != Report {
				t.Error("no report")
			}
			b.accepted(r, "> AT+CMGD=2\n< OK")
			// Some modems tell of a report as of a message.
			if r := b.get("SM 2 "+report, "< +CMTI: \"SM\",2\n"+cmgr(2, "0,,25", report)); r.Kind != Report {
				t.Error("no report")
			}
			r = b.get("direct "+report, "< +CDS: 25\n< "+report) // ds 1, whatever mt is
			if r.Kind != Report {
				t.Error("no report")
			}
			b.accepted(r, "> AT+CNMA\n< OK")
		})
	})
	t.Run("the modem has silently stopped telling", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			b.play("< ^SMMEMFULL: \"SM\"\npass 2s\n" + strings.Replace(checkSame, "+CNMI: 2,1,0,1,0", "+CNMI: 2,0,0,0,0", 1) +
				cnmi21 + "> AT+CMGL=4\n< OK\n" + storeSM)
		})
	})
	t.Run("the storm", func(t *testing.T) {
		lab(t, Options{}, func(b *bench) {
			for range 10 {
				b.play(strings.Repeat("< +CMTI: \"SM\",9\n", 100))
			}
			b.get("SM 9 "+mtA, cmgr(9, "0,,22", mtA))
			b.none("silence 1s")
		})
	})
}

// Class 2 messages go to the SIM whatever the store: mem1 follows the code.
func TestOtherStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, someCPMS,
			"> AT+CPMS=?\n< +CPMS: (\"ME\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")\n< OK\n> AT+CPMS=\"ME\",\"ME\",\"ME\"\n< OK\n"+
				"> AT+CPMS?\n< +CPMS: \"ME\",0,20,\"ME\",0,20,\"ME\",0,20\n< OK\n",
			listSM, "> AT+CPMS=\"ME\";+CMGL=4\n< OK\n> AT+CPMS=\"SM\";+CMGL=4\n< OK\n"))
		one := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n> AT+CPMS=\"SM\";+CMGR=1\n< +CMGR: 0,,22\n< "+mtA+"\n< OK")
		two := b.get("ME 1 "+mtB, "< +CMTI: \"ME\",1\n> AT+CPMS=\"ME\";+CMGR=1\n< +CMGR: 0,,22\n< "+mtB+"\n< OK")
		b.accepted(one, "> AT+CPMS=\"SM\";+CMGD=1\n< OK")
		b.accepted(two, "> AT+CPMS=\"ME\";+CMGD=1\n< OK")
		// A call's BUSY ends the deletion, which was done; the slot has another message by then.
		const fence, look = "> AT+CMEE?\n< +CMEE: 1\n< OK\n", "> AT+CPMS=\"ME\";+CMGR=1\n< +CMGR: 0,,22\n< "
		three := b.get("ME 1 "+mtA, "< +CMTI: \"ME\",1\n"+look+mtA+"\n< OK")
		b.accepted(three, "> AT+CPMS=\"ME\";+CMGD=1\n< BUSY\n< OK\n< +CMTI: \"ME\",1\n"+fence+look+mtB+"\n< OK")
		b.get("ME 1 "+mtB, look+mtB+"\n< OK")
	})
}

// One memory is looked into, and another could be selected: it is named all the same.
func TestOneStoreOfTwo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, someCPMS,
			"> AT+CPMS=?\n< +CPMS: (\"SM\",\"MT\"),(\"SM\",\"MT\"),(\"SM\",\"MT\")\n< OK\n> AT+CPMS=\"SM\",\"SM\",\"SM\"\n< OK\n"+
				"> AT+CPMS?\n< +CPMS: \"SM\",0,20,\"SM\",0,20,\"SM\",0,20\n< OK\n",
			listSM, "> AT+CPMS=\"SM\";+CMGL=4\n< OK\n"))
		one := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n> AT+CPMS=\"SM\";+CMGR=1\n< +CMGR: 0,,22\n< "+mtA+"\n< OK")
		b.accepted(one, "> AT+CPMS=\"SM\";+CMGD=1\n< OK")
	})
}

// A modem that refuses two commands in one line gets them one after the other.
func TestOneCommandALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		const me, sm = "> AT+CPMS=\"ME\"\n< OK\n", "> AT+CPMS=\"SM\"\n< OK\n"
		b.play(replaced(t, someCPMS,
			"> AT+CPMS=?\n< +CPMS: (\"ME\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")\n< OK\n> AT+CPMS=\"ME\",\"ME\",\"ME\"\n< OK\n"+
				"> AT+CPMS?\n< +CPMS: \"ME\",0,20,\"ME\",0,20,\"ME\",0,20\n< OK\n",
			listSM, "> AT+CPMS=\"ME\";+CMGL=4\n< ERROR\n"+me+"> AT+CMGL=4\n< OK\n"+sm+"> AT+CMGL=4\n< OK\n"))
		one := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n"+sm+"> AT+CMGR=1\n< +CMGR: 0,,22\n< "+mtA+"\n< OK")
		b.accepted(one, sm+"> AT+CMGD=1\n< OK")
	})
}

// A store that says it is busy whatever memory is selected is left to the next sweep: it
// keeps no modem from its work.
func TestStoreStaysBusy(t *testing.T) {
	for _, said := range []string{"+CMS ERROR: 314", "+CMS ERROR: 515"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, Options{Sweep: time.Hour})
			defer b.close()
			const sm = "> AT+CPMS=\"SM\";+CMGL=4\n"
			again := "> AT+CPMS=\"SM\"\n< OK\n" + sm + "< " + said + "\n"
			b.play(replaced(t, someCPMS,
				"> AT+CPMS=?\n< +CPMS: (\"ME\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")\n< OK\n> AT+CPMS=\"ME\",\"ME\",\"ME\"\n< OK\n"+
					"> AT+CPMS?\n< +CPMS: \"ME\",0,20,\"ME\",0,20,\"ME\",0,20\n< OK\n",
				listSM, "> AT+CPMS=\"ME\";+CMGL=4\n< OK\n"+sm+"< "+said+"\n"+again))
			synctest.Wait()
			select {
			case <-b.Ready():
			default:
				t.Errorf("%s keeps the modem from coming up:\n%s", said, b.traced())
			}
		})
	}
}

// direct is a bench whose modem hands messages on.
func direct(t *testing.T, f func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Receive: ReceiveDirect, Sweep: time.Hour})
		defer b.close()
		b.play(replaced(t, cnmi21, cnmi22))
		b.play(strings.Repeat(checkDirect+"> AT+CMGL=4\n< OK\n"+storeSM, 5)) // often at first
		f(b)
	})
}

// Where the network does not wait, nothing comes again: damaged is all there is.
func TestDamagedWithoutAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, csms1, "> AT+CSMS=1\n< ERROR\n> AT+CSMS?\n< +CSMS: 0,1,1,1\n< OK\n", someCPMS, noCPMS,
			cnmi21, cnmi22, listSM, ""))
		b.get("direct "+mtA[:40], "< +CMT: ,22\n< "+mtA[:40])
	})
}

// A predecessor died with a message in hand, so the modem stops handing on
// once the network has given that up: this is noticed soon.
func TestDirectAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Receive: ReceiveDirect, Sweep: time.Hour})
		defer b.close()
		b.play(replaced(t, cnmi21, cnmi22))
		b.play(checkDirect + "> AT+CMGL=4\n< OK\n" + storeSM + strings.Replace(checkDirect, "+CNMI: 2,2,0,1,0", "+CNMI: 2,0,0,0,0", 1) +
			cnmi22 + "> AT+CMGL=4\n< OK\n" + storeSM)
	})
}

// A modem that keeps no +CNMI any more, in the middle of a session, is looked into as
// often as one that never did.
func TestBlindLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Sweep: time.Hour})
		defer b.close()
		b.up()
		dropped := strings.Replace(checkSame, "+CNMI: 2,1,0,1,0", "+CNMI: 0,0,0,0,0", 1)
		b.play("pass 2s\n< +CMTI: \"SM\",-1\n" + dropped + "> AT+CNMI=2,1,0,1,0\n< +CMS ERROR: 303\n" +
			"> AT+CNMI=?\n< +CNMI: (0),(0),(0),(0),(0)\n< OK\n" + listSM + storeSM)
		b.play("silence 29s\n> AT+CMEE?")
	})
}

func TestDirectMessages(t *testing.T) {
	const cmt = "< +CMT: ,22\n< "
	t.Run("no acknowledgement expected", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.accepted(b.get("direct "+mtA, cmt+mtA), "> AT+CNMA\n< +CMS ERROR: 340\n> AT+CNMI?\n< +CNMI: 2,2,0,1,0\n< OK")
		})
	})
	t.Run("reception dropped meanwhile", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.accepted(b.get("direct "+mtA, cmt+mtA), "> AT+CNMA\n< +CMS ERROR: 340\n> AT+CNMI?\n< +CNMI: 2,0,0,0,0\n< OK\n"+cnmi22)
		})
	})
	t.Run("bare CNMA unknown", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.accepted(b.get("direct "+mtA, cmt+mtA), "> AT+CNMA\n< ERROR\n> AT+CNMA=0\n< OK")
			b.accepted(b.get("direct "+mtB, cmt+mtB), "> AT+CNMA=0\n< OK")
		})
	})
	t.Run("refused: reception is set up anew", func(t *testing.T) {
		direct(t, func(b *bench) {
			done := b.accept(b.get("direct "+mtA, cmt+mtA))
			b.play("> AT+CNMA\n< +CMS ERROR: 500\n> AT+CNMI=2,2,0,1,0\n< OK")
			if <-done == nil {
				t.Error("no error")
			}
		})
	})
	t.Run("always refused: the store is used", func(t *testing.T) {
		direct(t, func(b *bench) {
			for range 2 {
				done := b.accept(b.get("direct "+mtA, cmt+mtA))
				b.play("> AT+CNMA\n< +CMS ERROR: 500\n> AT+CNMI=2,2,0,1,0\n< OK")
				<-done
			}
			done := b.accept(b.get("direct "+mtA, cmt+mtA))
			b.play("> AT+CNMA\n< +CMS ERROR: 500\n> AT+CSMS=0\n< OK\n" + cnmiAll + cnmi21)
			<-done
			b.accepted(b.get("direct "+mtA, cmt+mtA), "") // the network has its answer already
		})
	})
	t.Run("not made durable", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.Refuse(b.get("direct "+mtA, cmt+mtA))
			b.play("silence 29s\npass 1s\n" + strings.Replace(checkSame, "+CNMI: 2,1,0,1,0", "+CNMI: 2,0,0,0,0", 1) + cnmi22)
		})
	})
	t.Run("an acknowledgement too late is not given to the next message", func(t *testing.T) {
		direct(t, func(b *bench) {
			old := b.get("direct "+mtA, cmt+mtA)
			b.play("pass 20s\n" + cmt + mtB)
			synctest.Wait()
			b.accepted(old, checkDirect+"> AT+CMGL=4\n< OK\n"+storeSM) // not CNMA
			b.accepted(b.get("direct "+mtB, ""), "> AT+CNMA\n< OK")
		})
	})
	t.Run("class 2 is stored all the same", func(t *testing.T) {
		direct(t, func(b *bench) {
			r := b.get("SM 1 "+mtA, "< +CMTI: \"SM\",1\n> AT+CMGR=1\n< +CMGR: 0,,22\n< "+mtA+"\n< OK")
			b.accepted(r, "> AT+CMGD=1\n< OK")
		})
	})
	t.Run("damaged on the way: the network sends it again", func(t *testing.T) {
		for name, bad := range map[string]string{
			"a character changed": strings.Replace(mtA, "0004", "0?04", 1),
			"a character lost":    mtA[:30] + mtA[31:],
			"an octet lost":       mtA[:30] + mtA[32:],
			"an octet too many":   mtA[:30] + "00" + mtA[30:],
			"its end lost":        mtA[:40],
			"all lost":            "RING",
		} {
			t.Run(name, func(t *testing.T) {
				direct(t, func(b *bench) {
					b.none(cmt + bad + "\nsilence 1s")
					b.accepted(b.get("direct "+mtA, cmt+mtA), "> AT+CNMA\n< OK")
					b.none(cmt + bad + "\nsilence 1s") // counted in a row
					b.none(cmt + bad[:len(bad)-1] + "\nsilence 1s")
					b.accepted(b.get("direct "+mtA, cmt+mtA), "> AT+CNMA\n< OK")
				})
			})
		}
	})
	t.Run("its header damaged", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.none("< +CMT: ,2\n< " + mtA + "\nsilence 1s")
			b.accepted(b.get("direct "+mtA, cmt+mtA), "> AT+CNMA\n< OK")
			b.accepted(b.get("direct "+mtB, "< +CMT: ,2?\n< "+mtB), "> AT+CNMA\n< OK") // nothing to hold the PDU against
		})
	})
	t.Run("damaged whenever it comes", func(t *testing.T) {
		direct(t, func(b *bench) {
			bad := strings.Replace(mtA, "0004", "0?04", 1)
			b.none(cmt + mtA[2:] + "\n" + cmt + mtA[4:] + "\nsilence 1s")
			b.accepted(b.get("direct unreadable "+bad, cmt+bad), "> AT+CNMA\n< OK")
		})
	})
	t.Run("a modem that counts otherwise", func(t *testing.T) {
		// Noise does not come twice alike, so the modem means it.
		direct(t, func(b *bench) {
			b.none("< +CMT: ,30\n< " + mtA + "\nsilence 1s")
			b.accepted(b.get("direct "+mtA, "< +CMT: ,30\n< "+mtA), "> AT+CNMA\n< OK")
			b.accepted(b.get("direct "+mtB, "< +CMT: ,30\n< "+mtB), "> AT+CNMA\n< OK")
			b.none("< +CMT: ,30\n< " + mtB[1:] + "\nsilence 1s")
			b.accepted(b.get("direct "+mtB, cmt+mtB), "> AT+CNMA\n< OK") // now it counts by the book
			b.none(cmt + mtB[2:] + "\nsilence 1s")
		})
	})
	t.Run("reception is set up again after damage", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.none(cmt + mtA[2:] + "\nsilence 29s\npass 1s\n" + strings.Replace(checkDirect, "+CNMI: 2,2,0,1,0", "+CNMI: 2,0,0,0,0", 1) +
				cnmi22 + "> AT+CMGL=4\n< OK\n" + storeSM)
		})
	})
	t.Run("an acknowledgement too late is not given to a damaged one", func(t *testing.T) {
		direct(t, func(b *bench) {
			old := b.get("direct "+mtA, cmt+mtA)
			b.play("pass 20s\n" + cmt + mtB[2:])
			synctest.Wait()
			b.accepted(old, checkDirect+"> AT+CMGL=4\n< OK\n"+storeSM) // not CNMA
		})
	})
	t.Run("the PDU is lost for good", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.none("< +CMT: ,22\n< RING\n< +CMT: ,22\n< RING\nsilence 1s")
			b.get("direct unreadable ", "< +CMT: ,22\n< RING")
		})
	})
	t.Run("many at once, in order, nobody receives", func(t *testing.T) {
		direct(t, func(b *bench) {
			go b.s.play(strings.Repeat(cmt+mtA+"\n"+cmt+mtB+"\n", 100))
			synctest.Wait()
			for i := range 200 {
				r, err := b.Receive(b.t.Context())
				if want := []string{mtA, mtB}[i%2]; err != nil || r.brief() != "direct "+want {
					t.Fatal(i, r, err)
				}
			}
		})
	})
	t.Run("what was handed on outlives the line", func(t *testing.T) {
		direct(t, func(b *bench) {
			b.play(cmt + mtA + "\n< +CMTI: \"SM\",1")
			synctest.Wait()
			b.play("close")
			<-b.ended
			if r, err := b.Receive(b.t.Context()); err != nil || r.brief() != "direct "+mtA {
				t.Error(r, err)
			}
			if _, err := b.Receive(b.t.Context()); err == nil {
				t.Error("a stored message is offered, though it cannot be read any more")
			}
		})
	})
}

var checkDirect = strings.Replace(checkSame, "+CNMI: 2,1,", "+CNMI: 2,2,", 1)
