package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// The lives of five messages, as they are told to somebody who knows SMS: testdata/explain.
// What differs from one run to the next is written as it was in one of them.
func TestExplainStories(t *testing.T) {
	login := append([]byte("WV12LR1 UI=wv:alice@example.com CI=phone.example.com TL=7200 "), bytes.Repeat([]byte("SC=4711 "), 12)...)
	refuse := func(text string) modemtest.Fault {
		return modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: text}
	}
	delay := map[string]time.Duration{"delivered": 3 * time.Second, "gone": time.Second} // reports come when all has been sent
	for name, story := range map[string]func(o *operated) (id string){
		"delivered": func(o *operated) string {
			id, _ := o.c.send(phone, login, "report=yes ttl=1h key=login-1")
			o.c.event(id, "delivered")
			return id
		},
		"failed": func(o *operated) string {
			o.modem.Fault(refuse("+CMS ERROR: 1"))
			id, _ := o.c.send(phone, []byte("WV12PO1"), "")
			o.c.event(id, "failed")
			return id
		},
		"unknown": func(o *operated) string {
			o.modem.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "+CMS ERROR: 332"})
			id, _ := o.c.send(phone, []byte("WV12PO2"), "")
			o.c.event(id, "unknown")
			return id
		},
		"gone": func(o *operated) string {
			id, _ := o.c.send("+491799999999", []byte("WV12PO3"), "report=yes")
			o.c.event(id, "failed")
			return id
		},
		"inbound": func(o *operated) string {
			segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: append(login, make([]byte, 120)...)}.Segment(wdp.Ref{Value: 0x1234, Wide: true})
			if err != nil {
				o.t.Fatal(err)
			}
			oa, err := pdu.ParseNumber(phone)
			if err != nil {
				o.t.Fatal(err)
			}
			o.c.do("RECV ack-wait=1h", "OK")
			begin := time.Now()
			for i, seq := range []int{2, 2, 1, 3} { // number 2 comes twice
				scts := pdu.NewTimestamp(begin.Add(time.Duration(seq) * 3 * time.Second))
				o.inject(&pdu.Deliver{OA: oa, DCS: pdu.DCSOctet, SCTS: scts, UD: segments[seq-1]})
				if want := []string{`"have":[2]`, "", `"have":[1,2]`, ""}[i]; want != "" {
					o.await("LIST partials", want)
				}
			}
			m := o.c.message()
			o.c.do("ACK "+m.id, "OK")
			return m.id
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := operateOn(t, modemtest.AirOptions{Delay: delay[name]})
			o.air.NewHandset(phone, nil)
			id := story(o)
			told := steady(strings.NewReplacer(id, "01KDJ5M8Z0ABCDEFGHJKMNPQRS", o.socket, "/run/wvsms.sock").Replace(o.says(&explainCmd{ID: id, operatorFlags: o.flags()})))
			file := filepath.Join("testdata", "explain", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(told), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), told); diff != "" {
				t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, diff)
			}
		})
	}
}

var unsteady = []struct {
	form *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC`), "2026-11-26 12:00:00 UTC"},
	{regexp.MustCompile(`answered after [0-9.]+m?s`), "answered after 40ms"},
	{regexp.MustCompile(`(?m)^ +-\d+\.\d\d\d ([<>]) `), "      -0.040 $1 "},
	{regexp.MustCompile(`TP-MR \d+`), "TP-MR 17"},
	{regexp.MustCompile(`-bit reference \d+`), "-bit reference 4660"},
}

func steady(text string) string {
	for _, u := range unsteady {
		text = u.form.ReplaceAllString(text, u.as)
	}
	return text
}

// inject delivers a TPDU to the modem, whatever is in it.
func (o *operated) inject(t pdu.TPDU) {
	o.t.Helper()
	tpdu, err := t.AppendBinary(nil)
	if err != nil {
		o.t.Fatal(err)
	}
	o.air.Inject(numberA, tpdu)
}
