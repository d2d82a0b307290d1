package modemtest

import (
	"fmt"
	"sync"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// A Handset is a phone whose owner is the test: it has no AT, takes what comes,
// puts datagrams together and sends what it is told to.
type Handset struct {
	air      *Air
	number   string
	datagram func(h *Handset, from string, d wdp.Datagram)

	mu      sync.Mutex
	r       *wdp.Reassembler
	state   outcome // answers what comes in
	mr      byte
	ref     uint16
	android bool
	message func(h *Handset, d *pdu.Deliver)
	report  func(h *Handset, r *pdu.StatusReport)
}

// NewHandset adds a phone to the air. datagram, which may be nil, is called
// from Air.Run with every datagram that is complete, and may send.
func (a *Air) NewHandset(number string, datagram func(h *Handset, from string, d wdp.Datagram)) *Handset {
	h := &Handset{air: a, number: number, datagram: datagram, r: wdp.NewReassembler()}
	h.ref = uint16(a.newRand(number).Uint32())
	a.join(number, h)
	return h
}

// Number is the phone's.
func (h *Handset) Number() string { return h.number }

// Android has the phone send as SmsManager.sendDataMessage does: source port 0,
// DCS 04.
func (h *Handset) Android(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.android = on
}

// OnMessage has f called with every single short message, datagram or not.
func (h *Handset) OnMessage(f func(h *Handset, d *pdu.Deliver)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.message = f
}

// OnReport has f called with every status report.
func (h *Handset) OnReport(f func(h *Handset, r *pdu.StatusReport)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.report = f
}

// SwitchOff makes the phone unreachable, Fill leaves it no room for messages,
// and SwitchOn ends both: the service centre keeps what comes meanwhile.
func (h *Handset) SwitchOff() { h.set(unreachable) }
func (h *Handset) Fill()      { h.set(noRoom) }
func (h *Handset) SwitchOn() {
	h.set(delivered)
	h.air.alert(h.number)
}

func (h *Handset) set(o outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = o
}

// receive implements phone.
func (h *Handset) receive(tpdu []byte, _ pdu.Address, done func(outcome)) {
	h.mu.Lock()
	state, datagram, message, report := h.state, h.datagram, h.message, h.report
	h.mu.Unlock()
	done(state)
	if state != delivered {
		return
	}
	parsed, _, err := pdu.ParseMT(tpdu)
	if err != nil {
		return
	}
	switch t := parsed.(type) {
	case *pdu.StatusReport:
		if report != nil {
			report(h, t)
		}
	case *pdu.Deliver:
		if message != nil {
			message(h, t)
		}
		h.mu.Lock()
		d, complete, _ := h.r.Push(h.air.now(), h.number, t)
		h.mu.Unlock()
		if complete && datagram != nil {
			datagram(h, t.OA.String(), d)
		}
	}
}

// Send sends a datagram in as few segments as it takes. The error is that of
// the first segment which the network refuses.
func (h *Handset) Send(to string, d wdp.Datagram) error {
	plan, err := wdp.PlanFor(len(d.Data))
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.ref++
	ref := wdp.Ref{Value: h.ref, Wide: plan.Bits == 16}
	if h.android {
		d.Src = 0
	}
	h.mu.Unlock()
	segments, err := d.Segment(ref)
	if err != nil {
		return err
	}
	for i, ud := range segments {
		if err := h.SendUserData(to, pdu.DCSOctet, ud); err != nil {
			return fmt.Errorf("segment %d/%d: %w", i+1, len(segments), err)
		}
	}
	return nil
}

// SendText sends one short message of text, GSM 7-bit where that suffices.
func (h *Handset) SendText(to, text string) error {
	ud, err := pdu.GSM7UserData(text)
	if err != nil {
		return h.SendUserData(to, pdu.DCSUCS2, pdu.UCS2UserData(text))
	}
	return h.SendUserData(to, pdu.DCSGSM7, ud)
}

// SendUserData sends one short message as it is.
func (h *Handset) SendUserData(to string, dcs pdu.DCS, ud pdu.UserData) error {
	return h.Submit(&pdu.Submit{DCS: dcs, UD: ud}, to)
}

// Submit sends s, of which TP-MR and TP-DA are set here.
func (h *Handset) Submit(s *pdu.Submit, to string) error {
	da, err := pdu.ParseNumber(to)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.mr++
	mr := h.mr
	h.mu.Unlock()
	sent := *s
	sent.DA, sent.MR = da, mr
	if cause := h.air.submit(h.number, &sent); cause != 0 {
		return fmt.Errorf("send to %s: refused with cause %d", to, cause)
	}
	return nil
}
