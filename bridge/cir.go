package bridge

import (
	"bytes"

	"wvsms/csp"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// portCIR is wv-csp-sms-cir: "poll me", and where a client is.
const portCIR = 3716

// Carried returns what of a datagram is for its consumer, and in which alphabet. Of a
// message of the CIR channel that is its text, in whichever of these forms it came:
//
//	3716, GSM 7-bit    W V C I …
//	3716, 8-bit        57 56 43 49 …, as ASCII
//	3716, 8-bit        08 C8 22 F3 …: how many septets, and these packed (Android's HELO)
//	2948, WAP push     TID 06 HeadersLen headers 57 56 43 49 …
//
// Whatever is none is handed on as it is.
func Carried(d wdp.Datagram, dcs pdu.DCS) (payload []byte, alphabet string) {
	if dcs.Alphabet() == pdu.Octet {
		if text := cirText(d); text != nil {
			return text, alphabetName(pdu.DCSGSM7)
		}
	}
	return d.Data, alphabetName(dcs)
}

// cirText is the text of a message of the CIR channel that came as octets; nil if these
// are none.
func cirText(d wdp.Datagram) []byte {
	switch d.Dst {
	case portCIR:
		if isCIR(d.Data) {
			return d.Data
		}
		return countedCIR(d.Data)
	case portPush:
		if body, ours := pushedIM(d.Data); ours && isCIR(body) {
			return body
		}
	}
	return nil
}

// isCIR takes the ASCII form. Other octets than printable ones are a form that is not
// known, whatever they may be read as.
func isCIR(b []byte) bool {
	_, ok := csp.ParseCIR(b)
	return ok && !bytes.ContainsFunc(bytes.TrimRight(b, "\r\n"), func(r rune) bool { return r < ' ' || r > '~' })
}

// countedCIR reads packed septets behind their number, which must be just those that
// the octets hold.
func countedCIR(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	ud := pdu.UserData{Data: b[1:], Septets: int(b[0])}
	if least, most := ud.SeptetRange(); ud.Septets < least || ud.Septets > most {
		return nil
	}
	text, _ := ud.Text(pdu.DCSGSM7)
	if _, ok := csp.ParseCIR([]byte(text)); !ok {
		return nil
	}
	return []byte(text)
}
