package bridge

import (
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// Timers stand still while the machine is suspended, and bridge time goes on. What came
// due meanwhile is done soon after, and not as much later as the suspend took.
func TestDueInSuspend(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		r.settle(time.Minute)
		c := r.client()
		defer c.close()
		c.say("RECV ack-wait=10m")
		c.settle("OK")
		if err := h.Send(ownNumber, wdp.Datagram{Dst: 3590, Data: []byte("hello")}); err != nil {
			t.Fatal(err)
		}
		r.settle(20 * time.Second)
		c.mu.Lock()
		if len(c.lines) != 1 || !strings.HasPrefix(c.lines[0], "MSG ") {
			t.Fatalf("%q came", c.lines)
		}
		id := strings.Fields(c.lines[0])[1]
		c.lines = nil
		c.mu.Unlock()
		c.say("NAK " + id + " delay=1h")
		c.settle("OK")
		sent := r.accept(Request{Payload: []byte("to nobody"), TTL: 2 * time.Hour, Report: true, To: "+491799999999"})
		r.settle(time.Second)
		r.slept.Add(int64(3 * time.Hour))
		r.settle(3 * time.Minute)
		c.settle("MSG " + id)
		if m := r.outbound(sent); m.State.Open() || m.State == "sent" {
			t.Errorf("it is %s still", m.State)
		}
	})
}
