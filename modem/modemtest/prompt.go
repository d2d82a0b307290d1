package modemtest

import "errors"

var errEscaped = errors.New("escape the prompt")

// data puts out the prompt and takes what the TE writes up to Ctrl-Z:
// TS 27.005 3.5.1. With ESC the error is errEscaped. In text mode a line end
// asks for the next line.
func (s *session) data(text bool) (string, error) {
	prompt := s.m.o.Profile.Prompt
	if prompt == "" {
		prompt = "\r\n> "
	}
	s.reserved = true
	defer s.release()
	if err := s.prompt(prompt); err != nil {
		return "", err
	}
	var got []byte
	for {
		b, err := s.octet()
		if err != nil {
			return "", err
		}
		switch {
		case b == ctrlZ:
			return string(got), nil
		case b == esc:
			return "", errEscaped
		case b == s.s5:
			if len(got) > 0 {
				got = got[:len(got)-1]
			}
			continue
		case b == cr && text:
			s.wire.put(prompt)
			got = append(got, '\n')
			continue
		case b == cr || b == lf:
			continue
		case len(got) < maxData:
			got = append(got, b)
		}
		if s.echo {
			s.wire.put(string([]byte{b}))
		}
	}
}

// release lets out what was held while the prompt was.
func (s *session) release() {
	s.reserved = false
	for _, octets := range s.held {
		s.wire.put(octets)
	}
	s.held = nil
	s.flush()
}
