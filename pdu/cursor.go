package pdu

import "fmt"

// A cursor reads fields from octets between two bounds. It is sticky: after the first
// fault it hands out zeros and nothing moves, so that a parser reads like the layout
// it parses and looks for the fault once, at its end. A field that holds fields of its own gets a
// cursor with a bound of its own (see upTo) and cannot read into its neighbour.
type cursor struct {
	b        []byte // the whole; offsets in faults count from its start
	pos, end int    // what this cursor may read: b[pos:end]
	*findings
}

// findings are shared by a cursor and those nested in it.
type findings struct {
	fault    *Fault
	warnings []Fault
}

func newCursor(b []byte) *cursor {
	return &cursor{b: b, end: len(b), findings: &findings{}}
}

// rest returns how many octets are left before the bound.
func (c *cursor) rest() int { return c.end - c.pos }

// octet reads one octet of the field.
func (c *cursor) octet(field string) byte {
	if c.fault != nil {
		return 0
	}
	if c.rest() < 1 {
		c.failAt(field, c.pos, "the octets end here")
		return 0
	}
	c.pos++
	return c.b[c.pos-1]
}

// octets reads n octets of the field; they alias what is parsed, and are nil after a fault.
func (c *cursor) octets(field string, n int) []byte {
	if c.fault != nil {
		return nil
	}
	if c.rest() < n {
		c.failAt(field, c.end, "the octets end here, %d of %d are missing", n-c.rest(), n)
		return nil
	}
	c.pos += n
	return c.b[c.pos-n : c.pos : c.pos]
}

// upTo returns a cursor over the next n octets, or over what is left of them, and
// passes over these.
func (c *cursor) upTo(n int) cursor {
	n = min(n, c.rest())
	nested := *c
	nested.end = c.pos + n
	c.pos += n
	return nested
}

// failAt ends the parsing. The first fault stays.
func (c *cursor) failAt(field string, octet int, format string, a ...any) {
	if c.fault == nil {
		c.fault = &Fault{Field: field, Octet: octet, Reason: fmt.Sprintf(format, a...)}
	}
}

// warnAt notes something that is readable though not as it should be.
func (c *cursor) warnAt(field string, octet int, format string, a ...any) {
	if c.fault == nil {
		c.warnings = append(c.warnings, Fault{Field: field, Octet: octet, Reason: fmt.Sprintf(format, a...)})
	}
}

// unused warns of bits in the octet just read that the standard leaves unused.
func (c *cursor) unused(field string, octet, mask byte) {
	if octet&mask != 0 {
		c.warnAt(field, c.pos-1, "unused bits are set (0x%02x)", octet&mask)
	}
}
