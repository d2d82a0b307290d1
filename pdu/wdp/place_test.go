package wdp

import (
	"crypto/sha256"
	"testing"
	"time"
)

func TestPlace(t *testing.T) {
	base := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	part := func(generation int64, seq int, body string, after time.Duration) Part {
		return Part{Generation: generation, Seq: seq, Hash: sha256.Sum256([]byte(body)), SCTS: base.Add(after)}
	}
	done := func(p Part) Part { p.Done = true; return p }
	narrow := Key{SIM: "262", OA: "49", Bits: 8, Ref: 7, Total: 3, Port: 3590}
	wide := narrow
	wide.Bits = 16

	tests := []struct {
		name string
		key  Key
		have []Part
		new  Part
		want Placement
	}{
		{"first", narrow, nil, part(0, 1, "a", 0), Placement{}},
		{"second", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 0), Placement{Generation: 1}},
		{"last", narrow, []Part{part(1, 1, "a", 0), part(1, 3, "c", 0)}, part(0, 2, "b", 0), Placement{Generation: 1, Complete: true}},
		{"duplicate", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "a", time.Minute), Placement{Generation: 1, Duplicate: true}},
		{"another body for the same number", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "A", time.Minute), Placement{}},
		{"8-bit: ten minutes apart", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 10*time.Minute), Placement{Generation: 1}},
		{"8-bit: more than ten minutes apart", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 10*time.Minute+time.Second), Placement{}},
		{"8-bit: more than ten minutes before", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", -10*time.Minute-time.Second), Placement{}},
		{"8-bit: the spread is over all", narrow, []Part{part(1, 1, "a", 0), part(1, 2, "b", 6*time.Minute)}, part(0, 3, "c", -5*time.Minute), Placement{}},
		{"8-bit: long datagrams take longer", Key{Bits: 8, Total: 200}, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 20*time.Minute), Placement{Generation: 1}},
		{"8-bit: the same segment after the window is a new one", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "a", 11*time.Minute), Placement{}},
		{"16-bit: up to the deadline", wide, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 24*time.Hour), Placement{Generation: 1}},
		{"16-bit: after the deadline", wide, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 24*time.Hour+time.Second), Placement{}},
		{"a finished one recognises its own", narrow, []Part{done(part(1, 1, "a", 0)), done(part(1, 2, "b", 0)), done(part(1, 3, "c", 0))},
			part(0, 2, "b", time.Minute), Placement{Generation: 1, Duplicate: true}},
		{"a finished one compares content", narrow, []Part{done(part(1, 1, "a", 0)), done(part(1, 2, "b", 0)), done(part(1, 3, "c", 0))},
			part(0, 2, "B", time.Minute), Placement{}},
		{"the nearest of two that could take it", narrow, []Part{part(1, 1, "a", 0), part(2, 1, "A", 5*time.Minute)},
			part(0, 2, "B", 4*time.Minute), Placement{Generation: 2}},
		{"a duplicate is found behind one that could take it", narrow, []Part{part(1, 1, "a", 0), part(2, 1, "A", time.Minute), part(2, 2, "B", time.Minute)},
			part(0, 2, "B", 0), Placement{Generation: 2, Duplicate: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.key.Place(test.have, test.new); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
