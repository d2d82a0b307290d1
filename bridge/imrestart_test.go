package bridge

import (
	"testing"
	"time"

	"wvsms/modem/modemtest"
)

// Both bridges are stopped and started again every few seconds, while parts are joined,
// messages wait and answers are on their way. The programs say again what they have no OK
// for, and the session goes through.
func TestIMOverRestarts(t *testing.T) {
	forms := []string{"dd", "concat"}
	if brief() {
		forms = forms[:1]
	}
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			const tries = 5
			change := func(c *Config) { c.CSP.Long, c.Limits.SegmentsPerDay = form, 0 }
			air := modemtest.AirOptions{Delay: time.Second, Jitter: 3 * time.Second, Reorder: 0.3, Duplicate: 0.3}
			inRigs(t, air, change, func(a, b *rig) {
				c, s := newIMClient(modemtest.IMClientOptions{Server: farNumber, Tries: tries}), newIMService(tries)
				client, service := a.program(c), b.program(s)
				a.settle(time.Minute)
				client.act(c.Begin)
				done, restarts := false, 0
				for ; !done && restarts < 100; restarts++ {
					a.settle(2*time.Second + time.Duration(restarts%5)*time.Second)
					r, p := a, client
					if restarts%2 == 1 {
						r, p = b, service
					}
					p.leave()
					r.stop()
					r.start()
					p.connect(r)
					client.act(func(time.Time) []modemtest.IMDatagram { done, _ = c.Done(); return nil })
				}
				a.settle(2 * time.Minute)
				checkIM(t, c, s, service, tries)
				if restarts < 10 {
					t.Errorf("after %d restarts it was over", restarts)
				}
				client.close()
				service.close()
			})
		})
	}
}
