package bridge

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// heard are the dialogues that SHOW has of a message.
func (r *rig) heard(id string) []dialogueView {
	r.t.Helper()
	view, err := r.Show(context.Background(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return view.(*outboundView).Dialogue
}

// What was said when an attempt failed is kept with the message, in whichever way it did;
// what passes leaves nothing, and what the message holds is nowhere.
func TestTroubleIsRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		fault modemtest.Fault
		want  []string // in this order
	}{
		"refused":   {modemtest.Fault{Kind: modemtest.Refuse, Text: "+CMS ERROR: 1"}, []string{"> AT+CMGS=", "< >", "octets>^Z", "< +CMS ERROR: 1"}},
		"unknown":   {modemtest.Fault{Kind: modemtest.Belie, Text: "+CMS ERROR: 500"}, []string{"> AT+CMGS=", "octets>^Z", "< +CMS ERROR: 500"}},
		"silence":   {modemtest.Fault{Kind: modemtest.Hang, At: modemtest.Data}, []string{"> AT+CMGS=", "octets>^Z", "> AT+CMEE?"}},
		"line lost": {modemtest.Fault{Kind: modemtest.HangUp, At: modemtest.Data}, []string{"> AT+CMGS=", "octets>^Z"}},
		"no prompt": {modemtest.Fault{Kind: modemtest.Deaf}, []string{"> AT+CMGS="}},
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.collect(phone)
				passes := r.accept(Request{Payload: []byte("PASSES")})
				r.settle(time.Minute)
				test.fault.On = "+CMGS"
				r.sims["m0"].Fault(test.fault)
				id := r.accept(Request{Payload: []byte("SECRET WORDS")})
				r.settle(10 * time.Minute)
				if got := r.heard(passes); got != nil {
					t.Errorf("what passed has left %v", got)
				}
				r.stop()
				r.start() // what is recorded is on disk
				got := r.heard(id)
				if len(got) != 1 || got[0].Segment != 1 || got[0].Modem != "m0" {
					t.Fatalf("recorded: %+v", got)
				}
				text := strings.Join(got[0].Lines, "\n")
				at := 0
				for _, want := range test.want {
					i := strings.Index(text[at:], want)
					if i < 0 {
						t.Fatalf("no %q behind octet %d of\n%s", want, at, text)
					}
					at += i
				}
				if strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", "SECRET")) || strings.Contains(text, "AT+CGMI") {
					t.Errorf("too much is told:\n%s", text)
				}
			})
		})
	}
}

// A message that fails for long keeps the last three dialogues.
func TestTroubleIsBounded(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1})
		id := r.accept(Request{Payload: []byte("x"), TTL: 6 * time.Hour})
		r.settle(3 * time.Hour)
		m, got := r.outbound(id), r.heard(id)
		if m.Segments[0].Attempts < 10 || len(got) != 3 {
			t.Fatalf("%d dialogues of %d attempts", len(got), m.Segments[0].Attempts)
		}
		var attempts []spool.Attempt
		r.view(func(tx *spool.Tx) (err error) { attempts, err = tx.AttemptsOf(id); return err })
		if last := attempts[len(attempts)-1].EndedWall; !got[2].At.Equal(last) {
			t.Errorf("the last one is of %v, the last attempt of %v", got[2].At, last)
		}
	})
}

// A damaged short message that came in is set aside with what the line has brought.
func TestDamageIsRecorded(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.air.Inject(ownNumber, []byte{0x44, 0x0C, 0x91, 0xFF}) // cut off
		r.settle(time.Minute)
		var rows []quarantineView
		view, err := r.List(context.Background(), "quarantine", nil)
		r.decode(view, err, &rows)
		if len(rows) != 1 || len(rows[0].Dialogue) != 1 || !strings.Contains(strings.Join(rows[0].Dialogue[0].Lines, "\n"), "+CMGR=1") {
			t.Errorf("set aside: %+v", rows)
		}
	})
}

// The recorder forgets the oldest, in lines and in octets.
func TestRecorderForgets(t *testing.T) {
	begin := time.Now()
	for name, long := range map[string]int{"lines": 1, "octets": 500, "one line": 100_000} {
		var r recorder
		for i := range 1000 {
			r.line(true, "AT+X="+strings.Repeat("z", long)+fmt.Sprint(i))
		}
		if r.n > recordedLines || r.octets > recordedOctets {
			t.Errorf("%s: %d lines, %d octets", name, r.n, r.octets)
		}
		if got := strings.Split(r.since(begin, 0), "\n"); len(got) != r.n {
			t.Errorf("%s: %d of %d lines", name, len(got), r.n)
		}
	}
	var r recorder
	for i := range 2 * recordedLines {
		r.line(false, fmt.Sprintf("+CSQ: %d,99", i))
	}
	later := time.Now()
	r.line(true, "AT")
	got := strings.Split(r.since(later, 2), "\n")
	if len(got) != 3 || !strings.HasSuffix(got[0], "+CSQ: 254,99") || !strings.HasSuffix(got[2], "> AT") {
		t.Errorf("two lines and one: %q", got)
	}
}

// What looks like a line of the modem's is a text where texts may come: also when the line
// that told so is forgotten.
func TestRecorderHidesTexts(t *testing.T) {
	begin := time.Now()
	var r recorder
	r.line(false, `+CMT: "+491712345678",,"26/11/25,12:00:00+04"`)
	for range 2 * recordedLines {
		r.line(false, "+SAID: a secret")
	}
	if got := r.since(begin, 0); strings.Contains(got, "secret") {
		t.Errorf("told: %s", got)
	}
	r.line(true, "AT+CMGF=0")
	r.line(false, "+CSQ: 20,99")
	if got := r.since(begin, 0); !strings.HasSuffix(got, "< +CSQ: 20,99") {
		t.Errorf("hidden for ever: %s", got)
	}
	for range 2 * recordedLines {
		r.line(false, "+CSQ: 20,99")
	}
	if got := r.since(begin, 0); strings.Contains(got, "characters") {
		t.Errorf("hidden for ever: %s", got)
	}
}

// It must cost next to nothing: each line of the dialogue passes it.
func BenchmarkRecorder(b *testing.B) {
	var r recorder
	pdu := strings.Repeat("0123456789ABCDEF", 20)
	b.ReportAllocs()
	for range b.N {
		r.line(true, pdu)
	}
}
