package bridge

import (
	"sync"
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// A meterLog keeps what it is told.
type meterLog struct {
	mu   sync.Mutex
	took map[Stage][]time.Duration
}

func (m *meterLog) Took(stage Stage, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.took == nil {
		m.took = map[Stage][]time.Duration{}
	}
	m.took[stage] = append(m.took[stage], d)
}

func (m *meterLog) of(stage Stage) []time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.took[stage]
}

// Each stage is told as often as it happens, and takes as long as the network and the
// programs take.
func TestMeter(t *testing.T) {
	m := modemtest.ModemOptions{Profile: modemtest.Generic, SubmitTime: 2 * time.Second}
	inRigOf(t, m, modemtest.AirOptions{}, nil, func(r *rig) {
		r.settle(time.Minute)
		meter := &meterLog{}
		r.Bridge.meter = meter // nothing moves
		handset := r.air.NewHandset(phone, nil)
		c := r.client()
		defer c.nc.Close()

		// Three segments: each is submitted once, one message is begun and reported.
		r.accept(Request{Payload: make([]byte, 300), Report: true})
		r.settle(10 * time.Minute)
		if got := meter.of(AcceptToSubmit); len(got) != 1 || got[0] < 0 || got[0] > time.Second {
			t.Errorf("OK to AT+CMGS: %v", got)
		}
		if got := meter.of(SubmitToFinal); len(got) != 3 || got[0] < 2*time.Second || got[0] > 5*time.Second {
			t.Errorf("AT+CMGS to its final: %v", got)
		}
		if got := meter.of(AcceptToReport); len(got) != 1 || got[0] < 6*time.Second {
			t.Errorf("OK to the last report: %v", got)
		}
		if got := meter.of(ArriveToCommit); len(got) != 3 { // the reports
			t.Errorf("arrival to commit: %v", got)
		}

		// A message waits for its consumer for an hour, and is written twice.
		handset.Send(ownNumber, datagram("hello"))
		r.settle(time.Hour)
		c.say("RECV ack-wait=60s")
		c.settle("OK", "MSG")
		r.settle(90 * time.Second)
		c.settle("MSG")
		if got := meter.of(CommitToConsumer); len(got) != 1 || got[0] < time.Hour-time.Minute || got[0] > time.Hour {
			t.Errorf("receipt to consumer: %v", got)
		}
		if got := meter.of(ArriveToCommit); len(got) != 4 || got[3] > 10*time.Second {
			t.Errorf("arrival to commit: %v", got)
		}
	})
}
