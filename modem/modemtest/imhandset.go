package modemtest

import (
	"sync"
	"time"

	"wvsms/pdu/wdp"
)

// IMPort is the destination port of CSP by short messages.
const IMPort = 3590

// An IMHandset is a phone on which an actor of the scripts runs. It sends as
// SmsManager.sendDataMessage does.
type IMHandset struct {
	*Handset
	air   *Air
	actor IMActor

	mu    sync.Mutex
	armed time.Time // of the next look at the clock
}

// NewIMHandset adds a phone with an actor to the air. While the air runs, it takes what
// comes for the port of CSP and looks at the clock. What the network refuses is not sent
// again: the actor hears nothing, and that is all it learns.
func (a *Air) NewIMHandset(number string, actor IMActor) *IMHandset {
	h := &IMHandset{air: a, actor: actor}
	h.Handset = a.NewHandset(number, func(_ *Handset, from string, d wdp.Datagram) {
		if d.Dst == IMPort {
			h.Act(func(now time.Time) []IMDatagram { return actor.Push(now, from, d.Data) })
		}
	})
	h.Android(true)
	return h
}

// Act has the actor do something: begin, for instance. It runs alone.
func (h *IMHandset) Act(do func(now time.Time) []IMDatagram) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range do(h.air.now()) {
		_ = h.Send(d.To, wdp.Datagram{Dst: IMPort, Data: d.Data})
	}
	due, some := h.actor.Deadline()
	if !some || due.Equal(h.armed) {
		return
	}
	h.armed = due
	h.air.plan.after(due.Sub(h.air.now()), func() {
		h.Act(func(now time.Time) []IMDatagram { h.armed = time.Time{}; return h.actor.Expire(now) })
	})
}
