package bridge

import (
	"context"

	"wvsms/csp"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// partSize is how many octets a part of CSP's own has at most. Android's client cuts its
// own at 133, which fill a short message, but counts one off.
const partSize = 132

// A shape is how a request goes on air, which stays the same at every attempt.
type shape struct {
	payload  []byte
	form     spool.OutForm
	segments int
}

// shape gives a request the form that its port and its receiver ask for. Errors are
// *Refusal, or the spool's.
func (b *Bridge) shape(ctx context.Context, r Request) (shape, error) {
	payload, err := b.toBinary(ctx, r.To, r.Payload)
	if err != nil {
		return shape{}, err
	}
	plan, err := wdp.PlanFor(len(payload))
	if err != nil {
		return shape{}, &Refusal{"too-large", err.Error()}
	}
	if plan.Total > 1 && b.settings().bucket(r.To).slow(plan.Total) {
		if wide, err := wdp.PlanWide(len(payload)); err == nil {
			plan = wide // its reference lasts
		}
	}
	s := shape{payload: payload, segments: plan.Total}
	if textForm(r.Port, s.payload) {
		s.form, s.segments = spool.FormText, 1
		return s, nil
	}
	if s.segments > 1 && b.settings().choice(r.To).Long == "dd" {
		// What needs more parts than there are letters goes concatenated: the handset's
		// own stack joins that before its client sees it.
		if parts, err := csp.Split(s.payload, partSize); err == nil {
			s.form, s.segments = spool.FormDD, len(parts)
		}
	}
	return s, nil
}

// cut returns the TP-UD of each segment.
func (o *outbound) cut() ([]pdu.UserData, error) {
	switch o.Form {
	case spool.FormText:
		ud, err := textData(o.Port, o.FromPort, o.Payload)
		return []pdu.UserData{ud}, err
	case spool.FormData:
		datagram := wdp.Datagram{Dst: o.Port, Src: o.FromPort, Data: o.Payload}
		return datagram.Segment(wdp.Ref{Value: o.Ref, Wide: o.RefBits == 16})
	}
	parts, err := csp.Split(o.Payload, partSize)
	if err != nil {
		return nil, err
	}
	segments := make([]pdu.UserData, len(parts))
	for i, part := range parts {
		segments[i] = pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(o.Port, o.FromPort)}, Data: part}
	}
	return segments, nil
}
