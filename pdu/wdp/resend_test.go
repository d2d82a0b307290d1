package wdp

import (
	"bytes"
	"testing"
	"time"
)

// A bridge that hears nothing after two of its segments sends both again, minutes
// later; the first had arrived all the same. That is one datagram.
func TestResentTwice(t *testing.T) {
	for _, wide := range []bool{true, false} {
		data := bytes.Repeat([]byte("0123456789"), 30)
		segments, err := Datagram{Dst: 3590, Data: data}.Segment(Ref{Value: 7, Wide: wide})
		if err != nil {
			t.Fatal(err)
		}
		r := NewReassembler()
		complete := 0
		push := func(seq int, after time.Duration) {
			t.Helper()
			d, ok, err := r.Push(start.Add(after), "sim", deliver(number(t, "+49"), start.Add(after), segments[seq-1]))
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				complete++
				if !bytes.Equal(d.Data, data) {
					t.Error("it is another datagram")
				}
			}
		}
		push(1, 0) // the answer is lost
		push(2, 181*time.Second)
		// 3 is lost, and its answer too
		push(1, 363*time.Second)
		push(3, 366*time.Second)
		if complete != 1 {
			t.Errorf("wide %v: %d datagrams", wide, complete)
		}
	}
}
