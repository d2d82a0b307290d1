package main

import (
	"slices"

	"wvsms/bridge"
	"wvsms/csp"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// csp names the CSP message that user data carries on one of the bridge's ports, if it
// was read and is one. Of a datagram of several segments it stands in the first; what
// that has of it suffices.
func (r *reading) csp(u pdu.UserData, d pdu.DCS) {
	if r.Data == nil || r.Ports == nil || r.Concat != nil && r.Concat.Seq != 1 || d.Compressed() {
		return
	}
	if !slices.Contains(bridge.Defaults().Socket.Ports, r.Ports.Dst) {
		return
	}
	payload, _ := bridge.Carried(wdp.Join([]*pdu.Deliver{{DCS: d, UD: u}}), d)
	m := csp.Inspect(payload)
	if m.Syntax == csp.Opaque {
		return
	}
	r.CSP = newCSPObject(m)
	r.CSP.Begins = r.Concat != nil && r.Concat.Total > 1
}
