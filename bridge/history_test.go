package bridge

import (
	"context"
	"fmt"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// More than spool.history_rows messages each way are not kept, however young the history is; those of the last day are,
// whatever their number. What went is gone for SHOW and LIST, not unknown.
func TestHistoryRows(t *testing.T) {
	t.Parallel()
	const sent, kept = 12, 5
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Spool.HistoryRows = kept }, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		var ids []string
		for i := range sent {
			ids = append(ids, r.accept(Request{Payload: fmt.Append(nil, i)}))
			if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: fmt.Append(nil, i)}); err != nil {
				t.Fatal(err)
			}
			r.settle(time.Minute)
		}
		for _, m := range r.messages() {
			ids = append(ids, m.ID)
			r.acknowledge(m.ID)
			r.settle(time.Second)
		}
		count := func() (out, in, events int) {
			r.view(func(tx *spool.Tx) error {
				sent, err := tx.Outbounds("", 0, 1000)
				if err != nil {
					return err
				}
				acked, err := tx.Messages(spool.MsgAcked, 0, 1000)
				if err != nil {
					return err
				}
				told, err := tx.Events(0, 1000)
				out, in, events = len(sent), len(acked), len(told)
				return err
			})
			return out, in, events
		}
		r.settle(23 * time.Hour)
		if out, in, events := count(); out != sent || in != sent || events < sent {
			t.Errorf("within a day %d sent, %d acknowledged, %d events are left of %d", out, in, events, sent)
		}
		r.settle(4 * time.Hour)
		if out, in, events := count(); out != kept || in != kept || events > eventsEach*kept {
			t.Errorf("later %d sent, %d acknowledged, %d events are left, want %d, %d and at most %d", out, in, events, kept, kept, eventsEach*kept)
		}
		for i, id := range ids {
			_, err := r.Show(context.Background(), id)
			if old := i%sent < sent-kept; old && code(err) != "gone" || !old && err != nil {
				t.Errorf("SHOW of message %d: %v", i, err)
			}
		}
	})
}
