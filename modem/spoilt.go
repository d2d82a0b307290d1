package modem

// maxSpoilt messages handed on damaged, in a row, are left for the network to
// send again. The next one is taken as it is: a modem that damages all it hands
// on must not hang on that.
const maxSpoilt = 2

// spoilt tells what the line did to the PDUs of messages handed on from what
// the modem means.
type spoilt struct {
	row  int    // damaged ones since the last whole one
	last string // PDU line of the last damaged one
	odd  bool   // the modem counts lengths its own way
}

// again reports whether the PDU of u came damaged, or not at all, and is worth
// waiting for once more. acks: what is not acknowledged comes again.
func (s *spoilt) again(u urc, acks bool) bool {
	if !s.damaged(u) {
		s.row, s.last = 0, ""
		return false
	}
	// Noise does not come twice alike.
	s.odd = s.odd || wholeHex(u.text) && u.text == s.last
	s.last = u.text
	if s.row++; s.row > maxSpoilt || s.odd && wholeHex(u.text) || !acks && u.text != "" {
		s.row, s.last = 0, ""
		return false
	}
	return true
}

func (s *spoilt) damaged(u urc) bool {
	switch length := pduLength(u.args); {
	case fits(u.text, length):
		s.odd = false
		return false
	case s.odd || length < 0: // there is nothing to hold it against
		return !wholeHex(u.text)
	}
	return true
}
