package bridge

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// A program that goes on though its datagrams are refused is told of once; each of them is
// counted. What is refused for another reason, or after one that was not, is news.
func TestRefusedDatagramsAreTold(t *testing.T) {
	var log bytes.Buffer
	d := newDesk(t)
	u := udpLink{cfg: UDPConfig{Port: 3590}, b: d, log: zerolog.New(&log).Level(zerolog.InfoLevel), refused: &refusals{last: map[string]string{}}}
	for _, step := range []struct {
		peer, datagram string
		lines          int
	}{
		{"+491", "refused", 1}, {"+491", "refused", 1}, {"+491", "refused", 1}, {"+492", "refused", 2},
		{"+491", "fine", 2}, {"+491", "refused", 3}, {"+492", "refused", 3},
	} {
		if step.datagram == "refused" {
			d.refuse = &Refusal{"budget", "no"}
		}
		u.accept(t.Context(), step.peer, []byte(step.datagram))
		if n := strings.Count(log.String(), "a datagram is refused"); n != step.lines {
			t.Errorf("after %q of %s there are %d lines, want %d", step.datagram, step.peer, n, step.lines)
		}
	}
	if n := d.counted["udp.refused.budget"]; n != 6 {
		t.Errorf("%d are counted", n)
	}
}
