package bridge

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// SHOW tells how the segments of a message came: in which order, stamped when, and with
// how many copies, of the network's and of the sender's.
func TestShowArrivals(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		begin := time.Now().UTC()
		long := segmentsOf(t, phone, bytes.Repeat([]byte("3"), 300), wdp.Ref{Value: 7}, nil)
		three := tpdus(t, phone, long)
		one := tpdus(t, phone, segmentsOf(t, phone, []byte("WV12PO0"), wdp.Ref{}, nil))[0]
		r.settle(time.Minute) // a stamp of its own for what is sent once more
		again := tpdus(t, phone, long)[1]
		for _, tpdu := range [][]byte{three[2], one, three[1], three[1], three[2], one, again, three[0], three[0]} {
			r.air.Inject(ownNumber, tpdu)
			r.settle(10 * time.Second)
		}
		want := map[string][]string{
			"7 octets":   {"1 copies 1, stamped after 0s, came after 1m10s by m0"},
			"300 octets": {"3 copies 1, stamped after 6s, came after 1m0s by m0", "2 copies 2, stamped after 1m3s, came after 2m0s by m0", "1 copies 1, stamped after 0s, came after 2m10s by m0"},
		}
		after := func(t time.Time) time.Duration { return t.Sub(begin).Truncate(time.Second) }
		for _, m := range r.messages() {
			view, err := r.Show(context.Background(), m.ID)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range view.(*inboundView).Arrivals {
				got = append(got, fmt.Sprintf("%d copies %d, stamped after %v, came after %v by %s", a.Segment, a.Copies, after(*a.SCTS), after(a.At), a.Modem))
			}
			if key := fmt.Sprintf("%d octets", m.Octets); !slices.Equal(got, want[key]) {
				t.Errorf("%s: %q, want %q", key, got, want[key])
			}
		}
	})
}
