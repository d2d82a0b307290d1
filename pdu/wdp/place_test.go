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
	finished := func(bodies string) (list []Part) { // generation 1
		for i, body := range bodies {
			list = append(list, done(part(1, i+1, string(body), 0)))
		}
		return list
	}
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
		{"the network's copy", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "a", 0), Placement{Generation: 1, Duplicate: true}},
		{"the sender's copy", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "a", time.Minute), Placement{Generation: 1, Replaces: true}},
		{"the sender's copy overtook it", narrow, []Part{part(1, 1, "a", time.Minute)}, part(0, 1, "a", 0), Placement{Generation: 1, Duplicate: true}},
		{"the sender's copy, after the second", narrow, []Part{part(1, 1, "a", 0), part(1, 2, "b", 0)},
			part(0, 1, "a", 3*time.Minute), Placement{Generation: 1, Replaces: true}},
		{"another body for the same number", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "A", time.Minute), Placement{}},
		{"8-bit: ten minutes apart", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 10*time.Minute), Placement{Generation: 1}},
		{"8-bit: more than ten minutes apart", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 10*time.Minute+time.Second), Placement{}},
		{"8-bit: more than ten minutes before", narrow, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", -10*time.Minute-time.Second), Placement{}},
		{"8-bit: the spread is over all", narrow, []Part{part(1, 1, "a", 0), part(1, 2, "b", 6*time.Minute)}, part(0, 3, "c", -5*time.Minute), Placement{}},
		{"8-bit: long datagrams take longer", Key{Bits: 8, Total: 200}, []Part{part(1, 1, "a", 0)}, part(0, 200, "b", 20*time.Minute), Placement{Generation: 1}},
		{"8-bit: but not between neighbours", Key{Bits: 8, Total: 200}, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 10*time.Minute+7*time.Second), Placement{}},
		{"8-bit: the reference was used again before", narrow,
			[]Part{part(1, 1, "a", 0), part(1, 3, "c", 5*time.Second), part(2, 1, "A", 8*time.Second), part(2, 2, "B", 11*time.Second)},
			part(0, 2, "?", 17*time.Second), Placement{}},
		{"8-bit: by one that is finished", narrow,
			append(finished("abc"), part(2, 1, "A", -8*time.Second), part(2, 3, "C", -3*time.Second)), part(0, 2, "?", 4*time.Second), Placement{}},
		{"8-bit: the same segment after the window is a new one", narrow, []Part{part(1, 1, "a", 0)}, part(0, 1, "a", 11*time.Minute), Placement{}},
		{"16-bit: up to the deadline", wide, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 24*time.Hour), Placement{Generation: 1}},
		{"16-bit: after the deadline", wide, []Part{part(1, 1, "a", 0)}, part(0, 2, "b", 24*time.Hour+time.Second), Placement{}},
		{"the nearest of two that could take it", narrow, []Part{part(1, 1, "a", 0), part(2, 1, "A", 5*time.Minute)},
			part(0, 2, "B", 4*time.Minute), Placement{Generation: 1}}, // sent before the other's first
		{"the nearest of two in order", narrow, []Part{part(1, 1, "a", 0), part(2, 1, "A", 5*time.Minute)},
			part(0, 2, "B", 6*time.Minute), Placement{Generation: 2}},
		{"a place is free in one, a later copy is in the other", narrow, []Part{part(1, 1, "a", 0), part(2, 1, "A", time.Minute), part(2, 2, "B", time.Minute)},
			part(0, 2, "B", 0), Placement{Generation: 1}},
		{"what was replaced takes nothing", narrow, []Part{part(0, 1, "a", 0), part(1, 1, "a", time.Minute)},
			part(0, 1, "a", 0), Placement{Duplicate: true}},

		{"finished: the network's copy", narrow, finished("abc"), part(0, 2, "b", 0), Placement{Generation: 1, Duplicate: true}},
		{"finished: the sender's copy", narrow, finished("abc"), part(0, 2, "b", time.Minute), Placement{Copy: true}},
		{"finished: another body", narrow, finished("abc"), part(0, 2, "B", time.Minute), Placement{}},
		{"finished: copies wait together", narrow, append(finished("abc"), part(2, 1, "a", time.Minute)),
			part(0, 2, "b", time.Minute+4*time.Second), Placement{Generation: 2, Copy: true}},
		{"finished: all of it again", narrow, append(finished("abc"), part(2, 1, "a", time.Minute), part(2, 2, "b", time.Minute)),
			part(0, 3, "c", time.Minute+4*time.Second), Placement{Generation: 2, Complete: true, Duplicate: true}},
		{"finished: the same after another", narrow,
			append(finished("abc"), done(part(2, 1, "A", time.Minute)), done(part(2, 2, "B", time.Minute)), done(part(2, 3, "C", time.Minute)),
				part(3, 1, "a", 2*time.Minute), part(3, 2, "b", 2*time.Minute)),
			part(0, 3, "c", 2*time.Minute), Placement{Generation: 3, Complete: true}},
		{"finished: the next begins alike", narrow, append(finished("abc"), part(2, 1, "a", time.Minute)),
			part(0, 2, "B", time.Minute+4*time.Second), Placement{Generation: 2}},
		{"finished: the next ends alike", narrow, append(finished("abc"), part(2, 1, "A", time.Minute), part(2, 2, "B", time.Minute)),
			part(0, 3, "c", time.Minute+4*time.Second), Placement{Generation: 2, Complete: true}},
		{"finished: the next ends alike, and its end came first", narrow, append(finished("abc"), part(2, 3, "c", time.Minute)),
			part(0, 1, "A", time.Minute-8*time.Second), Placement{Generation: 2}},
		{"finished: a copy sent before is none of the next", narrow, append(finished("abc"), part(2, 2, "b", time.Minute)),
			part(0, 1, "A", time.Minute+4*time.Second), Placement{}},
		{"finished: a copy much nearer to it is none of the next", narrow, append(finished("abc"), part(2, 1, "a", time.Minute)),
			part(0, 2, "B", 4*time.Minute), Placement{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.key.Place(test.have, test.new); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// An unfinished datagram of which all came in a finished one misses nothing.
func TestKnown(t *testing.T) {
	key := Key{Bits: 16, Total: 2}
	hash := func(body string) [sha256.Size]byte { return sha256.Sum256([]byte(body)) }
	have := []Part{
		{Generation: 1, Seq: 1, Hash: hash("a"), SCTS: start, Done: true},
		{Generation: 1, Seq: 2, Hash: hash("b"), SCTS: start, Done: true},
		{Generation: 2, Seq: 2, Hash: hash("b"), SCTS: start.Add(time.Minute)},
		{Generation: 3, Seq: 2, Hash: hash("B"), SCTS: start.Add(time.Minute)},
		{Generation: 4, Seq: 2, Hash: hash("b"), SCTS: start.Add(25 * time.Hour)},
	}
	for id, want := range map[int64]bool{1: false, 2: true, 3: false, 4: false, 5: false} {
		if got := key.Known(have, id); got != want {
			t.Errorf("generation %d: %v", id, got)
		}
	}
}
