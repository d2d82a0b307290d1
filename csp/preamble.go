package csp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// A Preamble is how a message in plain text syntax begins:
//
//	WVaaBBcccDD <parameters>
//
// aa is the version, 11, 12 or 13, or XX where versions are asked for; BB the code of
// the primitive; ccc the transaction id, 0 to 999; DD, where the message is cut into
// parts, which part this is and which one is the last, a letter each: "ac", "bc", "cc".
// Codes and letters are read in any case and kept as they were written.
type Preamble struct {
	Version    string // two digits, or "XX"
	Code       string
	ID         string // digits as written
	Identifier string // DD; "" where the message is whole
}

// Specification: PTS. A code without parameters is whole at its end.
const (
	ptsMagic = "WV"
	maxParts = 26 // letters
)

// ParsePreamble reads how a message begins and returns what follows, without the
// space between. It takes any version of two digits and any code of two letters.
// Errors do not quote what stands there: it may be anybody's text.
func ParsePreamble(b []byte) (p Preamble, rest []byte, err error) {
	head, rest, _ := bytes.Cut(b, []byte{' '})
	digits := 0
	switch {
	case len(head) < len("WV12LR1") || string(head[:2]) != ptsMagic:
		return p, nil, errors.New("read PTS preamble: octet 0: it does not begin with WV, a version, a code and a transaction id")
	case !isVersion(head[2:4]):
		return p, nil, errors.New("read PTS preamble: octet 2: a version is two digits or XX")
	case !isLetters(head[4:6]):
		return p, nil, errors.New("read PTS preamble: octet 4: a code is two letters")
	}
	tail := head[6:]
	for digits < len(tail) && isDigit(tail[digits]) {
		digits++
	}
	if digits == 0 || digits > len("999") {
		return p, nil, fmt.Errorf("read PTS preamble: octet 6: a transaction id has 1 to 3 digits, and not %d", digits)
	}
	p = Preamble{Version: string(head[2:4]), Code: string(head[4:6]), ID: string(tail[:digits])}
	if tail = tail[digits:]; len(tail) > 0 {
		if len(tail) != 2 || !isLetters(tail) {
			return Preamble{}, nil, fmt.Errorf("read PTS preamble: octet %d: behind the transaction id comes a space, or two letters that name a part", 6+digits)
		}
		p.Identifier = string(tail)
	}
	return p, rest, nil
}

// AppendText writes the preamble as it was read; one built by hand must be readable.
func (p Preamble) AppendText(b []byte) ([]byte, error) {
	text := ptsMagic + p.Version + p.Code + p.ID + p.Identifier
	if read, _, err := ParsePreamble([]byte(text)); err != nil || read != p {
		return nil, errors.New("write PTS preamble: it has a version of two digits or XX, a code of two letters, a transaction id of 1 to 3 digits and, of a part, two letters")
	}
	return append(b, text...), nil
}

// TransactionID is the number that ID stands for.
func (p Preamble) TransactionID() int {
	n, _ := strconv.Atoi(p.ID)
	return n
}

// Part is which part of how many this is. A message that is whole is no part, and
// neither is one whose letters make no sense: 0, 0.
func (p Preamble) Part() (part, parts int) {
	if len(p.Identifier) != 2 {
		return 0, 0
	}
	part, parts = letter(p.Identifier[0]), letter(p.Identifier[1])
	if part > parts {
		return 0, 0
	}
	return part, parts
}

// letter is the place of a letter in the alphabet, from 1.
func letter(c byte) int { return int(c|0x20) - 'a' + 1 }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isVersion(b []byte) bool {
	return isDigit(b[0]) && isDigit(b[1]) || bytes.EqualFold(b, []byte("XX"))
}

func isLetters(b []byte) bool {
	for _, c := range b {
		if c |= 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
