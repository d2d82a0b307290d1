package bridge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// A bridge with something of everything, in one look.
func TestSnapshot(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		sent := r.accept(Request{Payload: []byte("WV12LR1 CI=alice")})
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 50"})
		r.accept(Request{Payload: []byte("barred")})
		r.settle(time.Minute)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: -1})
		waits := r.accept(Request{Payload: make([]byte, 300)})
		r.settle(time.Second)
		if err := h.Send(ownNumber, datagram("WV12PO0 SI=S42")); err != nil {
			t.Fatal(err)
		}
		if err := h.Send(ownNumber, wdp.Datagram{Dst: 80, Data: []byte("the secret")}); err != nil {
			t.Fatal(err)
		}
		r.settle(20 * time.Second)

		s := r.Snapshot(r.ctx)
		if s.Trouble != "" || len(s.Newest) != 4 {
			t.Fatalf("trouble %q, %d messages", s.Trouble, len(s.Newest))
		}
		var lines []string
		for _, m := range s.Newest {
			lines = append(lines, fmt.Sprintf("%v %s %d/%d %s", m.Out, m.State, m.Accepted, m.Segments, m.CSP))
		}
		want := "false ready 0/1 PTS 1.2 Polling-Request, transaction 0\ntrue queued 0/3 \ntrue failed 0/1 \ntrue sent 1/1 PTS 1.2 Login-Request, transaction 1"
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
		if s.Newest[1].ID != waits || s.Newest[3].ID != sent || s.Newest[3].Age < 80*time.Second {
			t.Errorf("%+v", s.Newest)
		}
		if s.States["queued"] != 1 || s.States["sent"] != 1 || s.Oldest < 20*time.Second || s.Unclaimed < 10*time.Second || s.Oldest < s.Unclaimed {
			t.Errorf("queue: %v, %v, %v", s.States, s.Oldest, s.Unclaimed)
		}
		m := s.Modems[0]
		if m.Spent < 3 || m.Signal[signalSteps-1] == 0 || m.Alarm == "" {
			t.Errorf("modem: %d spent, signal %d, alarm %q", m.Spent, m.Signal[signalSteps-1], m.Alarm)
		}
		if len(s.Quarantine) != 1 || !strings.HasSuffix(s.Quarantine[0].PDU, "octets>") || strings.Contains(s.Quarantine[0].PDU, fmt.Sprintf("%x", "secret")) {
			t.Errorf("quarantine: %+v", s.Quarantine)
		}
		if again := r.Snapshot(r.ctx); again.Newest[3].CSP != s.Newest[3].CSP {
			t.Errorf("the second time it is %q", again.Newest[3].CSP)
		}
	})
}

// Whoever waits is woken by what happens, and by nothing when nothing does.
func TestMoved(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		var moved <-chan struct{}
		for what, act := range map[string]func(){
			"nothing":  func() {},
			"accepted": func() { r.accept(Request{Payload: []byte("x")}) },
			"arrived":  func() { h.Send(ownNumber, datagram("y")) },
			"signal":   func() { r.sims["m0"].SetSignal(3) },
		} {
			r.settle(10 * time.Minute)
			moved = r.Moved()
			act()
			r.settle(5 * time.Minute)
			got := false
			select {
			case <-moved:
				got = true
			default:
			}
			if got != (what != "nothing") {
				t.Errorf("%s: woken is %v", what, got)
			}
		}
	})
}
