package bridge

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// What is refused, tried and told is counted by its cause: at once in INFO, and soon in
// the spool.
func TestCounts(t *testing.T) {
	refuse := []int{38, 0, 1} // the first message goes at the second attempt, the next one never
	air := modemtest.AirOptions{Refuse: func(string, *pdu.Submit) int {
		code := 0
		if len(refuse) > 0 {
			code, refuse = refuse[0], refuse[1:]
		}
		return code
	}}
	inRig(t, air, nil, func(r *rig) {
		r.air.NewHandset(phone, nil)
		c := r.client()
		defer c.nc.Close()
		c.say("SEND nobody 1\nx")
		c.settle("ERR bad-number")
		c.say("SEND " + phone + " 1 ttl=0s\nx")
		c.settle("ERR syntax")
		r.accept(Request{Payload: []byte("1")})
		r.settle(5 * time.Minute)
		r.accept(Request{Payload: []byte("2")})
		r.settle(time.Second)
		want := map[string]int64{
			"refused.bad-number": 1, "refused.syntax": 1, "attempt.refused.cms_38": 1, "attempt.refused.cms_1": 1,
			"attempt.accepted.none": 1, "event.sent": 1, "event.failed": 1,
		}
		told := r.Info().(info).Counters
		r.settle(2 * countsKeep)
		kept := r.counters()
		for name, n := range want {
			if told[name] != n || kept[name] != n {
				t.Errorf("%s: INFO has %d, the spool %d, want %d", name, told[name], kept[name], n)
			}
		}
		if len(r.Info().(info).Counters) != len(kept) {
			t.Errorf("INFO has %v, the spool %v", r.Info().(info).Counters, kept)
		}
		f := r.Figures(context.Background())
		if f.Submitted["m0"] != 3 {
			t.Errorf("submitted: %v", f.Submitted)
		}
	})
}

// Whatever a modem says, causes are few.
func TestCausesAreFew(t *testing.T) {
	all := map[string]bool{}
	for code := -1; code <= 70_000; code++ {
		for _, kind := range []modem.ResultKind{modem.CMS, modem.CME, modem.Plain} {
			all[causeOf(&modem.ResultError{Kind: kind, Code: code, Text: fmt.Sprint(code)})] = true
		}
	}
	for _, err := range []error{nil, errors.New("of any words"), modem.ErrSilent, modem.ErrLineLost, modem.ErrOutcomeUnknown, errInterrupted} {
		all[causeOf(err)] = true
	}
	if len(all) > 200 {
		t.Errorf("%d causes", len(all))
	}
	for _, name := range []string{"none", "cms_1", "cms_331", "cms_vendor", "cms_other", "cme_10", "cme_other", "plain", "interrupted", "silent", "line_lost", "no_answer", "other"} {
		if !all[name] {
			t.Errorf("%s is none of them", name)
		}
	}
}
