package csp

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrTooManyParts: a message needs more parts than there are letters to name them.
var ErrTooManyParts = fmt.Errorf("a message in plain text syntax is cut into %d parts at most", maxParts)

// Split cuts a message in plain text syntax into parts of at most size octets, each with
// its preamble, the two letters that name the part, a space and a slice of the parameters.
// Slices are cut between octets, wherever that is: in a character, a quoted string or a
// doubled quote. A message stays whole only where it is shorter than size: the known
// client cuts one of just that size, and its parts are what is compared with.
func Split(message []byte, size int) ([][]byte, error) {
	p, params, err := ParsePreamble(message)
	if err != nil {
		return nil, err
	}
	if p.Identifier != "" {
		return nil, errors.New("split a message in plain text syntax: it is a part already")
	}
	if len(message) < size {
		return [][]byte{message}, nil
	}
	head, err := p.AppendText(nil)
	if err != nil {
		return nil, err
	}
	slice := size - len(head) - len("ab ")
	if slice < 1 {
		return nil, fmt.Errorf("split a message in plain text syntax: %d octets have no room for its preamble", size)
	}
	total := (len(params) + slice - 1) / slice
	if total > maxParts {
		return nil, fmt.Errorf("split %d octets: %w", len(message), ErrTooManyParts)
	}
	parts := make([][]byte, total)
	for i := range parts {
		part := append(bytes.Clone(head), 'a'+byte(i), 'a'+byte(total-1), ' ')
		parts[i] = append(part, params[i*slice:min((i+1)*slice, len(params))]...)
	}
	return parts, nil
}

// Join puts the parts of one message together again, given in their order. They must
// belong together by their preambles, in any case of letters, and be all there are.
func Join(parts [][]byte) ([]byte, error) {
	if len(parts) == 0 {
		return nil, errors.New("join a message in plain text syntax: there are no parts")
	}
	var first Preamble
	var params []byte
	for i, part := range parts {
		p, slice, err := ParsePreamble(part)
		if err != nil {
			return nil, fmt.Errorf("join part %d of %d: %w", i+1, len(parts), err)
		}
		if n, total := p.Part(); n != i+1 || total != len(parts) {
			return nil, fmt.Errorf("join part %d of %d: it is named %q", i+1, len(parts), p.Identifier)
		}
		if i == 0 {
			first = p
		}
		if !p.sameMessage(first) {
			return nil, fmt.Errorf("join part %d of %d: it belongs to another message than the first", i+1, len(parts))
		}
		if params = append(params, slice...); len(params) > maxMessage {
			return nil, fmt.Errorf("join part %d of %d: the whole has more octets than the largest datagram, %d", i+1, len(parts), maxMessage)
		}
	}
	first.Identifier = ""
	whole, err := first.AppendText(nil)
	if err != nil || len(params) == 0 {
		return whole, err
	}
	whole = append(whole, ' ')
	return append(whole, params...), nil
}

// sameMessage reports whether two parts are of one message, as far as preambles tell.
func (p Preamble) sameMessage(other Preamble) bool {
	return upper(p.Version) == upper(other.Version) && upper(p.Code) == upper(other.Code) &&
		p.TransactionID() == other.TransactionID()
}
