package modemtest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const ask = "\n> AT+CMGS=16\n"
const prompted = ask + `<< "\r\n> "` + "\n> " + helloTo491702 + "^Z\n"

func TestFaults(t *testing.T) {
	for name, test := range map[string]struct {
		faults  []Fault
		script  string
		submits int
	}{
		"lose-final": {[]Fault{{On: "+CSQ", Kind: LoseFinal}}, `
			> AT+CSQ
			< +CSQ: 20,99
			~ 1m
			> AT+CSQ
			< +CSQ: 20,99
			< OK`, 0},
		"late-final": {[]Fault{{On: "+CMGS", Kind: LateFinal, After: time.Minute}}, prompted + `
			< +CMGS: 1
			~ 59s
			> AT+CSQ
			< OK
			< +CSQ: 20,99
			< OK`, 1},
		"late-answer": {[]Fault{{On: "+CMGS", Kind: LateAnswer, After: time.Minute}}, prompted + `
			~ 59s
			> AT+CSQ
			< +CMGS: 1
			< OK
			< +CSQ: 20,99
			< OK`, 1},
		"lose-answer": {[]Fault{{On: "+CMGS", Kind: LoseAnswer}}, `
			> AT+CMGS=16
			> ` + helloTo491702 + `^Z
			~ 1m
			> AT
			< OK`, 1},
		"deaf": {[]Fault{{On: "+CMGF", Kind: Deaf, Times: 2}}, `
			> AT+CMGF=1
			> AT+CMGF=1
			> AT+CMGF?
			< +CMGF: 0
			< OK`, 0},
		"refuse, once, twice, then not": {[]Fault{{On: "+CMGS", Kind: Refuse, Text: "+CMS ERROR: 38", Times: 2}},
			prompted + "< +CMS ERROR: 38" + prompted + "< +CMS ERROR: 38" + prompted + "< +CMGS: 1\n< OK", 1},
		"refuse a plain command": {[]Fault{{On: "+CNMI=2", Kind: Refuse, Text: "+CMS ERROR: 303"}}, `
			> AT+CNMI=1,1
			< OK
			> AT+CNMI=2,2
			< +CMS ERROR: 303
			> AT+CNMI?
			< +CNMI: 1,1,0,0,0
			< OK`, 0},
		"belie": {[]Fault{{On: "+CMGS", Kind: Belie, Text: "+CMS ERROR: 332"}}, prompted + `
			< +CMS ERROR: 332`, 1},
		"no-prompt": {[]Fault{{On: "+CMGS", Kind: NoPrompt}}, `
			> AT+CMGS=16
			~ 10s
			> ^[
			< OK`, 0},
		"late-prompt": {[]Fault{{On: "+CMGS", Kind: LatePrompt, After: 8 * time.Second}}, prompted + `
			< +CMGS: 1
			< OK`, 1},
		"double-prompt": {[]Fault{{On: "+CMGS", Kind: DoublePrompt}}, ask + `
			<< "\r\n> \r\n> "
			> ` + helloTo491702 + `^Z
			< +CMGS: 1
			< OK`, 1},
		"split": {[]Fault{{On: "+CSQ", Kind: Split, Text: "^RSSI:12"}}, `
			> AT+CSQ
			<< "\r\n+CSQ:\r\n^RSSI:12\r\n 20,99\r\n\r\nOK\r\n"`, 0},
		"cut": {[]Fault{{On: "+CSQ", Kind: Cut}}, `
			> AT+CSQ
			<< "\r\n+CSQ:"
			> AT
			<< "\r\nOK\r\n"`, 0},
		"interject": {[]Fault{
			{On: "+CSQ", Kind: Interject, At: Begun, Text: "^BOOT:1"},
			{On: "+CSQ", Kind: Interject, Text: "+CMTI: \"SM\",3"},
		}, `
			> AT+CSQ
			< ^BOOT:1
			< +CSQ: 20,99
			< +CMTI: "SM",3
			< OK`, 0},
		"garbage": {[]Fault{{On: "+CSQ", Kind: Garbage, At: Begun, Text: "\x00\xff\xfe~"}}, `
			> AT
			<< "\r\nOK\r\n"
			> AT+CSQ
			<< "\x00\xff\xfe~\r\n+CSQ: 20,99\r\n\r\nOK\r\n"`, 0},
		"reset after Ctrl-Z, before the network has it": {[]Fault{{On: "+CMGS", Kind: Reset, At: Data}}, prompted + `
			~ 1s
			> AT
			<< "AT\r\r\nOK\r\n"`, 0},
		"reset after the network has it": {[]Fault{{On: "+CMGS", Kind: Reset}}, prompted + `
			~ 1s
			> AT+CMGF?
			< AT+CMGF?
			< +CMGF: 0
			< OK`, 1},
		"hang": {[]Fault{{On: "+CSQ", Kind: Hang, At: Begun, After: time.Minute}}, `
			> AT+CSQ
			~ 30s
			> AT+CMEE?
			~ 31s
			< +CSQ: 20,99
			< OK
			> AT+CMEE?
			< +CMEE: 1
			< OK`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
				l.talk(quietly)
				l.m.Fault(test.faults...)
				l.talk(test.script)
				synctest.Wait()
				if n := l.m.Submits(); n != test.submits {
					t.Errorf("the network has %d messages, want %d", n, test.submits)
				}
			})
		})
	}
}

func TestHangForEverEndsWithTheLine(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
		l.talk(quietly)
		l.m.Fault(Fault{Kind: Hang})
		l.talk("> AT\n~ 24h\n> AT")
	})
}

// OnFault hears of a fault when it hits, not when it is armed.
func TestOnFault(t *testing.T) {
	var hits []string
	o := ModemOptions{OnFault: func(f Fault) { hits = append(hits, f.Kind.String()+" "+f.On) }}
	inLab(t, AirOptions{}, o, func(l *lab) {
		l.talk(quietly)
		l.m.Fault(Fault{On: "+CSQ", Kind: Refuse, Text: "ERROR", Times: 2}, Fault{On: "+CMGS", Kind: LoseFinal})
		l.talk("> AT+CSQ\n< ERROR\n> AT+CMGF?\n< +CMGF: 0\n< OK\n> AT+CSQ\n< ERROR\n> AT+CSQ\n< +CSQ: 20,99\n< OK")
	})
	if got := strings.Join(hits, ", "); got != "refuse +CSQ, refuse +CSQ" {
		t.Errorf("heard of %q", got)
	}
}

func TestHangUpFault(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
		l.talk(quietly)
		l.m.Fault(Fault{On: "+CMGS", Kind: HangUp})
		l.talk(prompted)
		if _, err := l.te.Read(make([]byte, 1)); err == nil {
			t.Error("the line is still up")
		}
		l.te = l.plug(l.m)
		l.talk("> AT+CSQ\n< AT+CSQ\n< +CSQ: 20,99\n< OK")
		if n := l.m.Submits(); n != 1 {
			t.Errorf("the network has %d messages, want 1", n)
		}
	})
}

func TestStallTakesNoOctets(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
		l.talk(quietly)
		l.m.Fault(Fault{Kind: Stall, After: time.Minute})
		l.talk("> AT\n< OK\n> A") // one read was under way
		start := time.Now()
		l.talk("> T+CSQ")
		if d := time.Since(start); d != time.Minute {
			t.Errorf("the line took octets after %v, want a minute", d)
		}
	})
}

func TestChanceIsSeeded(t *testing.T) {
	run := func() (got string) {
		inLab(t, AirOptions{Seed: 7}, ModemOptions{}, func(l *lab) {
			l.talk(quietly)
			l.m.Fault(Fault{On: "+CSQ", Kind: Refuse, At: Begun, Text: "ERROR", P: 0.5, Times: -1})
			for range 32 {
				if _, err := l.te.Write([]byte("AT+CSQ\r")); err != nil {
					t.Fatal(err)
				}
				p := player{rw: l.te, ends: "\n"}
				line, err := p.line()
				if err != nil {
					t.Fatal(err)
				}
				if line == "ERROR" {
					got += "x"
					continue
				}
				got += "."
				p.line()
			}
		})
		return got
	}
	first := run()
	if n := strings.Count(first, "x"); n < 8 || n > 24 {
		t.Errorf("half of 32 are faulty: %s", first)
	}
	if again := run(); again != first {
		t.Errorf("one seed, two runs: %s and %s", first, again)
	}
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"lose-final":                               {Kind: LoseFinal},
		"late-final on=+cmgs after=60s":            {On: "+CMGS", Kind: LateFinal, After: time.Minute},
		"reset on=+CMGS at=data p=0.5 times=-1":    {On: "+CMGS", Kind: Reset, At: Data, P: 0.5, Times: -1},
		"refuse times=3 text=+CMS ERROR: 38":       {Kind: Refuse, Times: 3, Text: "+CMS ERROR: 38"},
		"interject at=begun on=AT text=a=b c=d at": {On: "AT", Kind: Interject, At: Begun, Text: "a=b c=d at"},
	} {
		if got, err := ParseFault(text); err != nil || got != want {
			t.Errorf("ParseFault(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "explode", "hang after=long", "hang at=noon", "hang p", "hang colour=red", "hang times=x", "hang p=x"} {
		if f, err := ParseFault(text); err == nil {
			t.Errorf("ParseFault(%q) = %+v, want an error", text, f)
		}
	}
}
