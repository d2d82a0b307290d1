package csp

import (
	"bytes"
	"errors"
	"fmt"
)

// A cursor goes through octets and never beyond them: after the first fault it gives
// zeros, and the fault is in err.
type cursor struct {
	b   []byte
	at  int
	err error
}

var (
	errShort  = errors.New("it ends too early")
	errMB     = errors.New("a number (mb_u_int32) has more than 32 bits")
	errString = errors.New("a string has no end")
)

func (c *cursor) octet() byte {
	if b := c.octets(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (c *cursor) octets(n uint32) []byte {
	if c.err == nil && uint64(n) > uint64(len(c.b)-c.at) {
		c.err = errShort
	}
	if c.err != nil {
		return nil
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at]
}

// mb reads a mb_u_int32. Octets of zeros before it are as good as none.
func (c *cursor) mb() uint32 {
	var n uint64
	for range 5 {
		o := c.octet()
		if n = n<<7 | uint64(o&0x7F); n > 1<<32-1 {
			break
		}
		if o&0x80 == 0 {
			return uint32(n)
		}
	}
	if c.err == nil {
		c.err = errMB
	}
	return 0
}

// string reads up to a NUL.
func (c *cursor) string() string {
	n := bytes.IndexByte(c.b[c.at:], 0)
	if n < 0 && c.err == nil {
		c.err = errString
	}
	s := string(c.octets(uint32(max(n, 0))))
	c.octet()
	return s
}

// tableString is the string of the string table that begins at an offset.
func (r *wbxmlReader) tableString(offset uint32) (string, error) {
	if uint64(offset) >= uint64(len(r.table)) {
		return "", fmt.Errorf("offset %d is outside of the string table, which has %d octets", offset, len(r.table))
	}
	s, _, ended := bytes.Cut(r.table[offset:], []byte{0})
	if !ended {
		return "", fmt.Errorf("the string at offset %d of the string table has no end", offset)
	}
	return string(s), nil
}
