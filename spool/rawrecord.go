package spool

import (
	"encoding/binary"
	"errors"
	"math"
	"unicode/utf8"
)

// varint reads a variable-length integer (1.6), n octets long; n 0: it does not end.
func varint(b []byte) (v uint64, n int) {
	for n = range min(len(b), 8) {
		v = v<<7 | uint64(b[n]&0x7f)
		if b[n] < 0x80 {
			return v, n + 1
		}
	}
	if len(b) < 9 {
		return 0, 0
	}
	return v<<8 | uint64(b[8]), 9
}

var errDamaged = errors.New("damaged")

// parseRecord reads the columns of a row (2.1): nil, int64, float64, string or []byte. The lengths must add up to all of
// it, which garbage hardly does.
func parseRecord(b []byte) (columns []any, err error) {
	size, n := varint(b)
	if n == 0 || size < uint64(n) || size > uint64(len(b)) {
		return nil, errDamaged
	}
	head, body := b[n:size], b[size:]
	for len(head) > 0 {
		kind, n := varint(head)
		if n == 0 {
			return nil, errDamaged
		}
		head = head[n:]
		length := serialLength(kind)
		if length > uint64(len(body)) {
			return nil, errDamaged
		}
		v, ok := serialValue(kind, body[:length])
		if !ok {
			return nil, errDamaged
		}
		columns = append(columns, v)
		body = body[length:]
	}
	if len(body) > 0 {
		return nil, errDamaged
	}
	return columns, nil
}

func serialLength(kind uint64) uint64 {
	switch {
	case kind >= 12:
		return (kind - 12) / 2
	case kind < 5:
		return kind
	case kind == 5:
		return 6
	case kind < 8:
		return 8
	}
	return 0
}

func serialValue(kind uint64, b []byte) (v any, ok bool) {
	switch {
	case kind == 0:
		return nil, true
	case kind < 7:
		var n int64
		if len(b) > 0 && b[0] >= 0x80 {
			n = -1
		}
		for _, o := range b {
			n = n<<8 | int64(o)
		}
		return n, true
	case kind == 7:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), true
	case kind < 10:
		return int64(kind - 8), true
	case kind < 12:
		return nil, false // reserved
	case kind%2 == 0:
		return append([]byte{}, b...), true
	}
	return string(b), utf8.Valid(b)
}
