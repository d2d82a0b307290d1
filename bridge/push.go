package bridge

// Specification: WAP push over WDP (WAP-259-WDP, WAP-230-WSP 8.2.4). Only what
// is for the IMPS client, application id 0x0A (x-wap-application:wv.ua), is ours.
const (
	portPush = 2948

	wspPush             = 0x06
	wspApplicationID    = 0x80 | 0x2F // X-Wap-Application-Id as a short header name
	wspApplicationIDIMP = 0x80 | 0x0A
)

// pushedIM reads user data on the push port, of a datagram's first segment at least. It
// tells whether that is a push for the IMPS client, and what is pushed:
//
//	| TID | 06 | HeadersLen (uintvar) | content type … AF 8A … | body
func pushedIM(b []byte) (body []byte, ours bool) {
	if len(b) < 3 || b[1] != wspPush {
		return nil, false
	}
	b = b[2:]
	length := 0
	for {
		if len(b) == 0 || length > 1<<14 {
			return nil, false
		}
		octet := b[0]
		b = b[1:]
		length = length<<7 | int(octet&0x7F)
		if octet&0x80 == 0 {
			break
		}
	}
	headers := b[:min(length, len(b))]
	for i := 0; i+1 < len(headers); i++ {
		if headers[i] == wspApplicationID && headers[i+1] == wspApplicationIDIMP {
			return b[len(headers):], true
		}
	}
	return nil, false
}

// forIM tells whether what is pushed is for the IMPS client.
func forIM(b []byte) bool {
	_, ours := pushedIM(b)
	return ours
}
