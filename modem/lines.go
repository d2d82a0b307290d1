package modem

// maxLine bounds a line from the modem in octets. The longest real one is a
// PDU in hex: 12 octets of service centre and 164 of TPDU, 352 characters.
const maxLine = 4096

// splitter cuts what a modem says into lines. CR and LF both end a line, so
// that CRLF, LF, CR, CRCRLF and LFCR all work and give empty lines at worst.
// NULs, which modems emit at power-up, are dropped.
type splitter struct {
	line []byte
	over bool // the line has outgrown maxLine: its rest is dropped too
}

// add takes one octet and returns the line that it ends, blanks around it cut.
// Empty lines and overlong ones (noise) are not returned.
func (s *splitter) add(c byte) (line string, ok bool) {
	switch {
	case c == '\r' || c == '\n':
		b, over := s.line, s.over
		s.line, s.over = s.line[:0], false
		b = trimBlanks(b)
		return string(b), len(b) > 0 && !over
	case c == 0 || s.over:
	case len(s.line) == maxLine:
		s.line, s.over = s.line[:0], true
	default:
		s.line = append(s.line, c)
	}
	return "", false
}

// prompt reports whether the unfinished line is a lone ">", which is how a
// modem asks for a PDU (TS 27.005 3.5.1: CR LF > blank, no line end after it),
// and takes it out if so.
func (s *splitter) prompt() bool {
	if s.over || string(trimBlanks(s.line)) != ">" {
		return false
	}
	s.line = s.line[:0]
	return true
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
