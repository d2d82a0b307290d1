package main

import (
	"wvsms/csp"
	"wvsms/pdu"
)

// Specification: the ports on which CSP travels (IANA).
const (
	portCSP = 3590
	portCIR = 3716
)

// csp names the CSP message that user data carries, if it was read and is one. Of a
// datagram of several segments it stands in the first; what that has of it suffices.
func (r *reading) csp(u pdu.UserData, d pdu.DCS) {
	if r.Data == nil || r.Ports == nil || r.Concat != nil && r.Concat.Seq != 1 || d.Compressed() {
		return
	}
	payload := u.Data
	if r.Text != nil {
		payload = []byte(*r.Text)
	}
	if r.Ports.Dst != portCSP && r.Ports.Dst != portCIR {
		return
	}
	m := csp.Inspect(payload)
	if m.Syntax == csp.Opaque {
		return
	}
	r.CSP = newCSPObject(m)
	r.CSP.Begins = r.Concat != nil && r.Concat.Total > 1
}
