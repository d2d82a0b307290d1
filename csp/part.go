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
// doubled quote. A message shorter than size stays whole.
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
	head, _ := p.AppendText(nil)
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

// Join puts the parts of one message together again, given in their order.
func Join(parts [][]byte) ([]byte, error) {
	var whole []byte
	for i, part := range parts {
		p, slice, err := ParsePreamble(part)
		if err != nil {
			return nil, fmt.Errorf("join part %d of %d: %w", i+1, len(parts), err)
		}
		if n, total := p.Part(); n != i+1 || total != len(parts) {
			return nil, fmt.Errorf("join part %d of %d: it is named %q", i+1, len(parts), p.Identifier)
		}
		if i == 0 {
			p.Identifier = ""
			whole, _ = p.AppendText(whole)
			whole = append(whole, ' ')
		}
		whole = append(whole, slice...)
	}
	return whole, nil
}
