package bridge

import (
	"unicode/utf8"

	"wvsms/pdu"
	"wvsms/spool"
)

// textForm tells whether a payload goes as GSM 7-bit text: clients read nothing else on
// the port of CIR. It must fit one short message, and come back as it is.
func textForm(port uint16, payload []byte) bool {
	if port != portCIR || len(payload) == 0 || !utf8.Valid(payload) {
		return false
	}
	ud, err := textData(port, port, payload)
	if err != nil || ud.Length(pdu.DCSGSM7) > maxSeptets {
		return false
	}
	back, _ := ud.Text(pdu.DCSGSM7)
	return back == string(payload)
}

// Specification: 140 octets hold 160 septets (TS 23.040 9.2.3.16).
const maxSeptets = 160

// textData is TP-UD with text. The header takes 7 octets, which are 8 septets: there are
// no fill bits, of which clients know nothing.
func textData(dst, src uint16, payload []byte) (pdu.UserData, error) {
	return pdu.GSM7UserData(string(payload), pdu.PortIE(dst, src))
}

// dcs is TP-DCS of the message's form.
func (o *outbound) dcs() pdu.DCS {
	if o.Form == spool.FormText {
		return pdu.DCSGSM7
	}
	return dcsData
}
