package modem

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
)

// storeOf is what +CPMS? says of a store of twenty at the end of a sweep.
func storeOf(used int) string { return strings.ReplaceAll(storeSM, "0,20", fmt.Sprintf("%d,20", used)) }

// Stores are looked after with each sweep. That one gets full is told once, with what
// lies there that nobody will take out.
func TestStoreGetsFull(t *testing.T) {
	const sent = "> AT+CMGL=4\n< +CMGL: 5,2,,16\n< " + pduA + "\n< +CMGL: 6,3,,16\n< " + pduA + "\n< OK\n"
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		b := newBench(t, Options{Sweep: 10 * time.Second, Log: zerolog.New(&log)})
		defer b.close()
		b.up()
		told := func() int { return strings.Count(log.String(), "gets full") }
		for i, step := range []struct{ used, told int }{{15, 0}, {16, 1}, {20, 1}, {15, 1}, {18, 2}} {
			b.play(checkSame + sent + storeOf(step.used))
			synctest.Wait()
			if n := told(); n != step.told {
				t.Errorf("step %d: %d used: told %d times, want %d", i, step.used, n, step.told)
			}
			if s := b.Status(); s.StoreUsed != step.used || s.StoreTotal != 20 || b.Negotiated().Stores[0].Used != step.used {
				t.Errorf("step %d: %+v %v", i, s, b.Negotiated().Stores)
			}
		}
		if !strings.Contains(log.String(), `"not_received":2`) {
			t.Error(log.String())
		}
	})
}

// One that is full is looked into soon again, and said of the modem until it is not.
func TestFullStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Sweep: time.Hour})
		defer b.close()
		b.up()
		full := func() bool { return strings.HasSuffix(b.Status().Verdict, "taken out of it") }
		if full() {
			t.Error(b.Status().Verdict)
		}
		b.play("< +SMS FULL\npass 2s\n" + checkSame + listSM + storeOf(20))
		synctest.Wait()
		if !full() {
			t.Error(b.Status().Verdict)
		}
		b.play("silence 29s\n" + checkSame + listSM + storeOf(19))
		synctest.Wait()
		if full() {
			t.Error(b.Status().Verdict)
		}
		b.play("silence 10s")
	})
}

// Drafts and sent messages are offered where that is wanted, as what they are.
func TestDraftsAreOffered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Drafts: true})
		defer b.close()
		b.play(replaced(t, listSM, "> AT+CMGL=4\n< +CMGL: 5,2,,16\n< "+pduA[:10]+"\n< +CMGL: 6,3,,16\n< "+pduA+"\n< OK\n"))
		<-b.Ready()
		r := b.get("SM 5 "+pduA, "> AT+CMGR=5\n< +CMGR: 2,,16\n< "+pduA+"\n< OK") // it was damaged on the way
		b.accepted(r, "> AT+CMGD=5\n< OK")
		if sent := b.get("SM 6 "+pduA, ""); r.Kind != Draft || sent.Kind != Draft {
			t.Errorf("kinds %d, %d", r.Kind, sent.Kind)
		}
	})
}

// However a modem says that a store is full, what lies there is looked for at once.
func TestFullStoreIsSwept(t *testing.T) {
	for _, word := range []string{"+SMS FULL", `^SMMEMFULL: "SM"`, "+WMGF: 1", "^SMGO: 1"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, Options{})
			defer b.close()
			b.up()
			b.get("SM 1 "+mtA, "pass 10s\n< "+word+"\n"+checkSame+"> AT+CMGL=4\n< +CMGL: 1,1,,22\n< "+mtA+"\n< OK\n"+storeSM)
		})
	}
}

// 4IceG/luci-app-sms-tool-js #42: a T77W968 takes three memories at a time only.
func TestThreeMemoriesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, someCPMS,
			"> AT+CPMS=?\n< +CPMS: (\"ME\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")\n< OK\n> AT+CPMS=\"ME\",\"ME\",\"ME\"\n< OK\n"+
				"> AT+CPMS?\n< +CPMS: \"ME\",3,23,\"ME\",3,23,\"ME\",3,23\n< OK\n",
			listSM, "> AT+CPMS=\"ME\";+CMGL=4\n< +CMS ERROR: 302\n> AT+CPMS=\"ME\"\n< +CMS ERROR: 302\n> AT+CPMS=\"ME\",\"ME\",\"ME\"\n< +CPMS: 3,23,3,23,3,23\n< OK\n"+
				"> AT+CPMS=\"ME\",\"ME\",\"ME\";+CMGL=4\n< +CPMS: 3,23,3,23,3,23\n< OK\n> AT+CPMS=\"SM\",\"ME\",\"ME\";+CMGL=4\n< +CPMS: 1,30,3,23,3,23\n< OK\n"))
		<-b.Ready()
		if got := fmt.Sprint(b.Negotiated().Stores); got != "[{ME 3 23} {SM 1 30}]" {
			t.Error(got)
		}
	})
}

// A modem that has dropped +CNMI, and does not keep any more what it kept before, is
// asked for another way.
func TestReceptionIsNegotiatedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		const dropped = "> AT+CNMI?\n< +CNMI: 2,0,0,0,0\n< OK\n"
		b.play("< ^SMMEMFULL: \"SM\"\npass 2s\n" + strings.Replace(checkSame, "+CNMI: 2,1,0,1,0", "+CNMI: 2,0,0,0,0", 1) +
			"> AT+CNMI=2,1,0,1,0\n< OK\n" + dropped + cnmiAll + "> AT+CNMI=2,1,0,1,0\n< OK\n" + dropped +
			"> AT+CNMI=2,1,0,1,1\n< OK\n> AT+CNMI?\n< +CNMI: 2,1,0,1,1\n< OK\n> AT+CMGL=4\n< OK\n" + storeSM)
		if set := b.Negotiated().CNMI.Set; set != "2,1,0,1,1" {
			t.Error(set)
		}
	})
}
