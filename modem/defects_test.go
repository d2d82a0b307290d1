package modem

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/warthog618/modem/at"
	"go.uber.org/goleak"
)

// The tests here and in queue_test.go are named after the defects of
// warthog618/modem/at v0.4.0 that the layer around it takes away. Each fails
// when at talks to the port by itself.

func TestA01HeaderNotInAnswer(t *testing.T) {
	exchange{
		cmd: "+CSQ", dialog: "< +CMT: ,22\n< " + mtA + "\n< +CSQ: 20,99\n< OK",
		want: "+CSQ: 20,99|OK", urcs: "message ,22 " + mtA,
	}.run(t)
}

func TestA02OverlappingNames(t *testing.T) {
	exchange{
		cmd: "+CSQ", dialog: "< +CMTI: \"SM\",1\n< +CSQ: 20,99\n< +CMT: ,22\n< " + mtA + "\n< OK",
		want: "+CSQ: 20,99|OK", urcs: `stored "SM",1|message ,22 ` + mtA,
	}.run(t)
}

func TestA03PDULineLost(t *testing.T) {
	for _, e := range []exchange{
		{"OK follows", "+CSQ", "< +CMT: ,22\n< +CSQ: 1,99\n< OK", "+CSQ: 1,99|OK", "message ,22"},
		{"OK alone", "+CSMS=1", "< +CMT: ,22\n< OK", "OK", "message ,22"},
		{"another code follows", "+CSQ", "< +CDS: 25\n< +CMT: ,22\n< " + mtA + "\n< OK", "OK", "report 25|message ,22 " + mtA},
		{"digits of an answer follow", "+CIMI", "< +CMT: ,22\n< 262011234567890\n< OK", "262011234567890|OK", "message ,22"},
		{"nothing follows", "+CSQ", "< +CSQ: 1,99\n< OK\n< +CMT: ,22", "+CSQ: 1,99|OK", ""},
		{"damaged", "+CSQ", "< +CMT: ,22\n< 0791947101000\xff\xffF0040B919471214365F7\n< OK", "OK", "message ,22 0791947101000\xff\xffF0040B919471214365F7"},
		{"two of them cross", "+CMGR=1", "< +CMGR: 1,,16\n< +CMT: ,22\n< " + pduA + "\n< " + mtA + "\n< OK", "+CMGR: 1,,16|" + pduA + "|OK", "message ,22 " + mtA},
		{"within a list", "+CMGL=4", "< +CMGL: 1,1,,16\n< +CMT: ,22\n< " + mtA + "\n< " + pduA + "\n< OK", "+CMGL: 1,1,,16|" + pduA + "|OK", "message ,22 " + mtA},
	} {
		e.run(t)
	}
}

func TestA04LateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		slow := l.command("+COPS?", time.Second)
		l.play("> AT+COPS?\npass 1500ms")
		if got := <-slow; got != "AT+COPS?: no answer in time" {
			t.Error(got)
		}
		one := l.command("+CSQ", time.Second)
		l.play("> AT+CMEE?\n< +COPS: 0\n< OK\n< +CMEE: 1\n< OK\n> AT+CSQ\n< +CSQ: 1,99\n< OK")
		if got := <-one; got != "+CSQ: 1,99|OK" {
			t.Error(got)
		}
	})
}

// When it takes several tries, the answers to all of them may come yet.
func TestA04LateFences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		slow := l.command("+COPS?", time.Second)
		l.play("> AT+COPS?\npass 1500ms")
		<-slow
		one := l.command("+CSQ", time.Second)
		l.play("> AT+CMEE?\n> AT+CMEE?\n< +COPS: 0\n< OK\n< +CMEE: 1\n< OK\n> AT+CMGF?\n< +CMEE: 1\n< OK\n< +CMGF: 0\n< OK\n" +
			"> AT+CSQ\n< +CSQ: 1,99\n< OK")
		if got := <-one; got != "+CSQ: 1,99|OK" {
			t.Error(got)
		}
	})
}

// The first message got its answer too late; the second is refused, and must
// not be told the answer of the first.
func TestA05LateReference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		one := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z\npass 180s\n> AT+CMEE?\n< +CMGS: 11\n< OK\n< +CMEE: 1\n< OK\ninclude sweep.at\ninclude look.at")
		two := b.send(t.Context(), pduB, false) // were it there before, it might go before the look or after it
		b.play("> AT+CMGS=16\nprompt\n> " + pduB + "^Z\n< +CMS ERROR: 38")
		if one, two := <-one, <-two; one != "sent L" || two != "refused +CMS ERROR: 38" {
			t.Error(one, two)
		}
	})
}

func TestA06WriteIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe() // nobody reads
		defer func() { _ = theirs.Close() }()
		l := newBareLineOn(t, ours, nil)
		defer l.close()
		begin := time.Now()
		got := <-l.command("+CSQ", time.Second)
		if !strings.Contains(got, "line lost: write") || time.Since(begin) > writeTimeout {
			t.Error(got, time.Since(begin))
		}
	})
}

// A port without write deadlines is closed instead.
func TestA06WriteWithoutDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer func() { _ = theirs.Close() }()
		l := newBareLineOn(t, struct{ io.ReadWriteCloser }{ours}, nil)
		defer l.close()
		if got := <-l.command("+CSQ", time.Second); !strings.Contains(got, "line lost") {
			t.Error(got)
		}
	})
}

func TestA08OnePromptOnePDU(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		out := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\n<raw \\r\\n> \\r\\n> \n> " + pduA + "^Z\n<raw > \\r\\n> \nsilence 1s\n<raw > +CMGS: 2\\r\\nOK\\r\\n")
		if got := <-out; got != "sent C" {
			t.Error(got)
		}
		if n := strings.Count(b.traced(), pduA); n != 1 {
			t.Errorf("PDU written %d times", n)
		}
	})
}

func TestA09LinesWithPrompt(t *testing.T) {
	exchange{cmd: "+CGMM", dialog: "< >hello\n< OK", want: ">hello|OK"}.run(t)
}

func TestA10PromptAfterEcho(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(replaced(t, "> AT+CMEE?\n", "> AT+CMEE?\n< AT+CMEE?\n")) // its echo cannot be turned off
		out := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\n<raw AT+CMGS=16\\r> \n> " + pduA + "^Z\n<raw " + pduA + "\\x1a\\r\\n+CMGS: 2\\r\\n\\r\\nOK\\r\\n")
		if got := <-out; got != "sent C" {
			t.Error(got)
		}
	})
}

// A modem that shows a PDU as it is typed, though its echo is off, has not restarted: one
// that has would not have asked for it before its echo of the command.
func TestA10EchoOfThePDUOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		out := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z\n<raw " + pduA + "\\x1a\\r\\n+CMGS: 2\\r\\n\\r\\nOK\\r\\n")
		if got := <-out; got != "sent C" {
			t.Error(got)
		}
	})
}

func TestA11LineEnds(t *testing.T) {
	for _, end := range []string{`\r\n`, `\n`, `\r`, `\r\r\n`, `\n\r`} {
		exchange{
			name: end, cmd: "+CSQ", dialog: "<raw " + end + "+CSQ: 20,99" + end + end + "OK" + end,
			want: "+CSQ: 20,99|OK",
		}.run(t)
	}
}

func TestA12Noise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		got := l.command("+CSQ", 10*time.Second)
		l.play("> AT+CSQ\n<raw " + strings.Repeat("x", 66_000) + "\n< +CSQ: 20,99\n< OK")
		if got := <-got; got != "+CSQ: 20,99|OK" {
			t.Error(got)
		}
	})
}

// emptyReads returns nothing between the octets, like a port with a timeout.
type emptyReads struct {
	net.Conn
	n int
}

func (p *emptyReads) Read(b []byte) (int, error) {
	if p.n++; p.n%200 != 0 {
		return 0, nil
	}
	return p.Conn.Read(b)
}

func TestA13EmptyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := newBareLineOn(t, &emptyReads{Conn: ours}, theirs)
		defer l.close()
		got := l.command("+CSQ", 10*time.Second)
		l.play("> AT+CSQ\n< +CSQ: 20,99\n< OK")
		if got := <-got; got != "+CSQ: 20,99|OK" {
			t.Error(got)
		}
	})
}

func TestA14VendorFinals(t *testing.T) {
	for _, e := range []exchange{
		{cmd: "+CSQ", dialog: `<raw \x00\x00+CSQ: 20,99\r\n\x00OK\r\n`, want: "+CSQ: 20,99|OK"},
		{cmd: "+CPINR", dialog: "< COMMAND NOT SUPPORT", want: "AT+CPINR: COMMAND NOT SUPPORT"},
		{cmd: "+CSQ", dialog: "< TOO MANY PARAMETERS", want: "AT+CSQ: TOO MANY PARAMETERS"},
		{cmd: "+CSQ", dialog: "< ABORTED", want: "AT+CSQ: ABORTED"},
		{cmd: "+CSQ", dialog: "< NO CARRIER", want: "AT+CSQ: NO CARRIER"},
		{cmd: "+CSQ", dialog: "< +CME ERROR: SIM busy", want: "AT+CSQ: +CME ERROR: SIM busy"},
	} {
		e.name = e.dialog
		e.run(t)
	}
}

// NO CARRIER may be a caller who hung up: what follows is waited for.
func TestA14NoCarrierIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		one := l.command("+CSQ", time.Second)
		l.play("> AT+CSQ\n< NO CARRIER")
		<-one
		two := l.command("+CIMI", time.Second)
		l.play("> AT+CMEE?\n< +CSQ: 1,99\n< OK\n< +CMEE: 1\n< OK\n> AT+CIMI\n< 262011234567890\n< OK")
		if got := <-two; got != "262011234567890|OK" {
			t.Error(got)
		}
	})
}

// A modem set to ATV0 says 0 for OK (V.250 6.2.5).
func TestA14NumericFinals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play(`> ^[
> ATE0
<raw ATE0\r0\r
> ATV1
< OK
> AT+CMEE?
< +CMEE: 0
< OK
include up-identity.at
include up-sms.at`)
		<-b.Ready()
	})
}

func TestA15InfoLikeError(t *testing.T) {
	exchange{cmd: "+CGMR", dialog: "< ERROR-FREE-1.0\n< OKAY\n< OK", want: "ERROR-FREE-1.0|OKAY|OK"}.run(t)
}

func TestA16ErrorForms(t *testing.T) {
	for text, want := range map[string]ResultError{
		"ERROR":                   {Plain, -1, "ERROR"},
		"+CMS ERROR: 38":          {CMS, 38, "+CMS ERROR: 38"},
		"+CMS ERROR:38":           {CMS, 38, "+CMS ERROR:38"},
		"+CMS ERROR : 38":         {CMS, 38, "+CMS ERROR : 38"},
		"+CME ERROR: 14":          {CME, 14, "+CME ERROR: 14"},
		"+CME ERROR: SIM busy":    {CME, 14, "+CME ERROR: SIM busy"},
		"COMMAND NOT SUPPORT":     {Plain, -1, "COMMAND NOT SUPPORT"},
		"+CMS ERROR: 500 vendor":  {CMS, -1, "+CMS ERROR: 500 vendor"},
		"+CMS ERROR: 4294967296X": {CMS, -1, "+CMS ERROR: 4294967296X"},
	} {
		if got := newResultError(text); *got != want {
			t.Errorf("%q: %+v", text, got)
		}
		if final(text) != finalFail {
			t.Errorf("%q is not final", text)
		}
	}
}

// Unsolicited codes keep their order, and there is no goroutine for each.
func TestA17A18ManyCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		before := runtime.NumGoroutine()
		go l.s.play(manyMessages(2000))
		for i := range 2000 {
			u, _, err := l.URC(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(",%d", 22+i); u.args != want {
				t.Fatalf("got %q, want %q", u.args, want)
			}
		}
		if n := runtime.NumGoroutine(); n > before+2 {
			t.Errorf("%d goroutines, %d before", n, before)
		}
	})
}

func manyMessages(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "< +CMT: ,%d\n< 00112233\n", 22+i)
	}
	return text.String()
}

// Nobody takes the codes: reading pauses, hints are dropped and that is told,
// and a command still gets its answer.
func TestA18Bounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		l.play(manyMessages(softURCs))
		go l.s.play("< +CMT: ,22\n< " + mtA)
		synctest.Wait()
		if got := len(l.line.urcs); got != softURCs {
			t.Errorf("%d codes taken while nobody wants them", got)
		}
		got := l.command("+CSQ", 10*time.Second)
		l.play("> AT+CSQ\n< +CMTI: \"SM\",1\n" + manyMessages(10) + "< +CSQ: 20,99\n< OK")
		if got := <-got; got != "+CSQ: 20,99|OK" {
			t.Error(got)
		}
		_, missed, err := l.URC(t.Context())
		if err != nil || !missed {
			t.Error("not told that hints were dropped", err)
		}
	})
}

func TestA20CauseIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		b.up()
		b.play("close")
		<-b.ended
		if !errors.Is(b.err, ErrLineLost) || !errors.Is(b.err, io.EOF) {
			t.Error(b.err)
		}
	})
}

func TestA22LateReplyToEscape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.play("> ^[\n> ATE0\npass 30ms\n< OK\n> AT+CMEE?\n< OK\n< +CMEE: 0\n< OK\ninclude up-identity.at\ninclude up-sms.at")
		<-b.Ready()
	})
}

// Dialogue after libraries.md A23: a Huawei stick resets in mid-answer.
func TestA23Restart(t *testing.T) {
	exchange{
		cmd: "+COPS?", dialog: `<raw \r\n+COPS: 0,0,"Vod\x00\x00^SYSSTART\r\n`,
		want: `AT+COPS?: modem restarted: it said "^SYSSTART"`,
	}.run(t)
}

func TestA24NoSmuggling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		for _, cmd := range []string{"+CSQ\rAT+CFUN=0", "+CSQ\x1a", "+CSQ\x1b", "+CSQ\n"} {
			if _, err := l.Command(t.Context(), cmd, time.Second); err == nil {
				t.Errorf("%q was written", cmd)
			}
		}
		if _, err := l.SMS(t.Context(), "+CMGS=1", "00\x1aAT", nil); !errors.Is(err, ErrNotSent) {
			t.Error(err)
		}
		go l.Command(context.Background(), "+CSQ", time.Second)
		l.play("> AT+CSQ\n< OK")
	})
}

func TestA25ForeignCodes(t *testing.T) {
	exchange{
		cmd: "+CSQ", dialog: "< ^RSSI:12\n< +CSQ: 20,99\n< ^MODE:5,4\n< RING\n< ^BOOT:47182,0,0,0,72\n< +ZUSIMR:2\n< OK",
		want: "+CSQ: 20,99|OK",
	}.run(t)
}

func TestA27QueryAnswers(t *testing.T) {
	for _, e := range []exchange{
		{"answer", "+CREG?", "< +CREG: 1,5\n< OK", "+CREG: 1,5|OK", ""},
		{"with area", "+CREG?", "< +CREG: 2,1,\"00A1\",\"1234\"\n< OK", "+CREG: 2,1,\"00A1\",\"1234\"|OK", ""},
		{"code before it", "+CREG?", "< +CREG: 2\n< +CREG: 1,5\n< OK", "+CREG: 1,5|OK", "reg 2"},
		{"code with area before it", "+CREG?", "< +CREG: 1,\"00A1\",\"1234\"\n< +CREG: 2,1\n< OK", "+CREG: 2,1|OK", "reg 1,\"00A1\",\"1234\""},
		{"code while setting", "+CREG=1", "< +CREG: 5\n< OK", "OK", "reg 5"},
		{"code before it, packet", "+CGREG?", "< +CGREG: 2\n< +CGREG: 1,5\n< OK", "+CGREG: 1,5|OK", "psreg 2"},
		{"code of the other", "+CEREG?", "< +CREG: 5\n< +CEREG: 1,1\n< OK", "+CEREG: 1,1|OK", "reg 5"},
	} {
		e.run(t)
	}
}

func TestA29BlankLines(t *testing.T) {
	exchange{
		cmd: "+CSQ", dialog: "<raw \\r\\n+CMT: ,22\\r\\n\\r\\n \\r\\n" + mtA + "\\r\\n\n< +CSQ: 20,99\n< OK",
		want: "+CSQ: 20,99|OK", urcs: "message ,22 " + mtA,
	}.run(t)
}

// shortWrites takes three octets at a time.
type shortWrites struct{ net.Conn }

func (p shortWrites) Write(b []byte) (int, error) { return p.Conn.Write(b[:min(3, len(b))]) }

func TestA30ShortWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		b := newBenchOn(t, Options{}, shortWrites{ours}, theirs)
		defer b.close()
		b.up()
		out := b.send(t.Context(), pduA, false)
		b.play("> AT+CMGS=16\nprompt\n> " + pduA + "^Z\n< +CMGS: 2\n< OK")
		if got := <-out; got != "sent C" {
			t.Error(got)
		}
	})
}

// SIMCom and others chatter without a name before it.
func TestA25PlainChatter(t *testing.T) {
	exchange{
		cmd: "+CIMI", dialog: "< UNDER-VOLTAGE WARNNING\n< RING\n< 262011234567890\n< Call Ready\n< OK",
		want: "262011234567890|OK", urcs: "ready",
	}.run(t)
}

func TestA21GoroutinesEnd(t *testing.T) {
	before := goleak.IgnoreCurrent()
	for range 20 {
		ours, theirs := net.Pipe()
		m := New(ours, Options{})
		ended := make(chan error)
		go func() { ended <- m.Run(t.Context()) }()
		_ = theirs.Close()
		if err := <-ended; !errors.Is(err, ErrLineLost) {
			t.Error(err)
		}
	}
	goleak.VerifyNone(t, before)
}

// at drops what it reads while it executes nothing. The answer to a predecessor's
// last command, coming after a command has begun and before it is written, must not
// be that command's: at would wait for another one for ever.
func TestA31FinalBeforeCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		tx := beginOn(l, "+CSQ")
		l.play("< OK")
		synctest.Wait()
		answer := execute(l, tx)
		l.play("> AT+CSQ\n< +CSQ: 1,99\n< OK")
		if got := <-answer; got != "+CSQ: 1,99 <nil>" {
			t.Error(got)
		}
	})
}

// Nor must one that was given up before it was written make at wait, or leave
// anything to the next one.
func TestA31AbortBeforeCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newBareLine(t)
		defer l.close()
		tx := beginOn(l, "+CSQ")
		l.line.abort(tx, errTimeout)
		synctest.Wait()
		if got := <-execute(l, tx); got != " ERROR" {
			t.Error(got)
		}
		l.line.collect(tx)
		next := l.command("+CREG?", time.Second)
		l.play("> AT+CREG?\n< +CREG: 0,1\n< OK")
		if got := <-next; got != "+CREG: 0,1|OK" {
			t.Error(got)
		}
	})
}

// beginOn is the first half of executor.do, execute the second.
func beginOn(l *bareLine, cmd string) *transaction {
	tx := newTransaction(context.Background(), cmd)
	tx.timer = time.NewTimer(time.Hour)
	l.line.begin(tx)
	return tx
}

func execute(l *bareLine, tx *transaction) <-chan string {
	out := make(chan string, 1)
	go func() {
		info, err := l.at.Command(tx.cmd, at.WithTimeout(-1))
		out <- fmt.Sprint(strings.ReplaceAll(strings.Join(info, "|"), mark, ""), " ", err)
	}()
	return out
}
