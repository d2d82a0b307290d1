package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/modem/modemtest"
)

// Each line is a message, at a second, from the peer (<) or to it (>), in so many
// segments; below it stands what ends with it.
func TestTransactions(t *testing.T) {
	for _, c := range []struct{ name, story string }{
		{"a login of the handset's", `
			0 < 3 WV12LR1 SH=MD5
			11 > 1 WV12RL1 ST=(401,"Further authorization required") NO=x
			LR → RL 401 in 11.0 s, 3+1 segments
			20 < 1 WV12LR2 DB=x
			22 > 1 WV12RL2 SI=S42 ST=200
			LR → RL 200 in 2.0 s, 1+1 segments`},
		{"a notification of the server's", `
			0 > 2 WV12PN7 PR=(wv:bob@example.com)
			4 < 1 WV12ST7 ST=200
			PN → ST 200 in 4.0 s, 2+1 segments`},
		{"the same id both ways", `
			0 < 1 WV12GL5 SI=S42
			1 > 1 WV12PN5 SI=S42
			2 > 1 WV12LG5 SI=S42
			GL → LG in 2.0 s, 1+1 segments
			3 < 1 WV12ST5 ST=200
			PN → ST 200 in 2.0 s, 1+1 segments`},
		{"codes nobody knows", `
			0 < 1 WV12XY9 A=1
			3 > 1 WV12YX9 A=2
			XY → YX in 3.0 s, 1+1 segments`},
		{"a code nobody knows answers a known one only if it is that turned round", `
			0 > 1 WV12PN5 SI=S42
			1 < 2 WV12SM5 SI=S42
			2 < 1 WV12ST5 ST=200
			PN → ST 200 in 2.0 s, 1+1 segments
			3 > 1 WV12MS5 ST=200
			SM → MS 200 in 2.0 s, 2+1 segments
			4 < 1 WV12GB6 SI=S42
			5 > 2 WV12BG6 SI=S42
			GB → BG in 1.0 s, 1+2 segments`},
		{"an answer to nothing, a second answer", `
			0 > 1 WV12ST1 ST=200
			1 < 1 WV12CL2
			2 > 1 WV12ST2 ST=200
			CL → ST 200 in 1.0 s, 1+1 segments
			3 > 1 WV12ST2 ST=200`},
		{"an id that begins anew", `
			0 < 1 WV12LR1
			60 < 2 WV12LR1
			LR: no answer in 1m0s
			61 > 1 WV12RL1 ST=200
			LR → RL 200 in 1.0 s, 2+1 segments`},
		{"no answer", `
			0 < 1 WV12LR1
			599
			600
			LR: no answer in 10m0s
			601 > 1 WV12RL1 ST=200`},
		{"polls, parts and what is no transaction", `
			0 < 1 WV12PO0 SI=S42
			1 > 1 WVCI 1.2 cookie
			2 < 1 hello
			3 < 1 WV12LR3ab CI=
			4 < 1 WV12LR3bb x
			6 > 1 WV12RL3 ST=200
			LR → RL 200 in 3.0 s, 1+1 segments
			700`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var watched transactions
			var got, want []string
			begin := time.Unix(1e9, 0)
			for line := range strings.Lines(strings.TrimSpace(c.story)) {
				line = strings.TrimSpace(line)
				var second, segments int
				var way string
				if n, _ := fmt.Sscanf(line, "%d %1s %d", &second, &way, &segments); n == 0 {
					want = append(want, line)
					continue
				}
				now := begin.Add(time.Duration(second) * time.Second)
				var ended []outcome
				if way == "" {
					ended = watched.overdue(now)
				} else {
					text := strings.SplitN(line, " ", 4)[3]
					ended = watched.saw(sighting{peer: phone, inbound: way == "<", message: csp.Inspect([]byte(text)), segments: segments, at: now})
				}
				for _, o := range ended {
					if o.peer != phone {
						t.Errorf("%s: the peer is %s, want %s", o, o.peer, phone)
					}
					got = append(got, o.String())
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

// Who asks and asks is no burden.
func TestTransactionsAreBounded(t *testing.T) {
	var watched transactions
	ended := 0
	for i := range mostTransactions + 500 {
		m := csp.Inspect(fmt.Appendf(nil, "WV12LR%d", i%1000))
		ended += len(watched.saw(sighting{peer: fmt.Sprint(i), inbound: true, message: m, segments: 1}))
	}
	if ended != 500 || len(watched.open) != mostTransactions || watched.age.Len() != mostTransactions {
		t.Errorf("%d ended, %d open, %d in their order", ended, len(watched.open), watched.age.Len())
	}
}

// Over a bridge: what is told, what is counted; a message that is accepted or delivered
// twice is one.
func TestTransactionsAreTold(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		ask := func(text string) {
			t.Helper()
			if err := h.Send(ownNumber, datagram(text)); err != nil {
				t.Fatal(err)
			}
			r.settle(11 * time.Second)
		}
		ask("WV12LR1 CI=alice")
		answer := Request{Payload: []byte("WV12RL1 SI=S42 ST=200"), Key: "rl-1"}
		r.accept(answer)
		r.accept(answer)
		ask("WV12GL2 SI=S42")
		r.settle(answerWindow + time.Minute)
		said := r.said.String()
		for _, want := range []string{"LR → RL 200 in 11.", "1+1 segments", "GL: no answer in 10m", `"csp":"PTS 1.2 Login-Request, transaction 1"`} {
			if !strings.Contains(said, want) {
				t.Errorf("the log does not say %s:\n%s", want, said)
			}
		}
		if n := r.counters(); n["csp.answered"] != 1 || n["csp.unanswered"] != 1 {
			t.Errorf("answered %d, unanswered %d, want 1 and 1", n["csp.answered"], n["csp.unanswered"])
		}
	})
}

// A commit is dear, and nothing hangs on the counts: there is one a minute at most.
func TestTransactionsAreCountedNowAndThen(t *testing.T) {
	t.Parallel()
	commits := 0
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.stop()
		r.probe = func(point string) {
			if point == "committed transactions" {
				commits++
			}
		}
		r.start()
		h := r.air.NewHandset(phone, nil)
		const each, minutes = 30, 3
		for id := range each * minutes {
			if err := h.Send(ownNumber, datagram(fmt.Sprintf("WV12GL%d SI=S42", id))); err != nil {
				t.Fatal(err)
			}
			r.settle(time.Minute / each)
			r.accept(Request{Payload: fmt.Appendf(nil, "WV12LG%d ST=200", id)})
		}
		r.settle(2 * time.Minute)
		if n := r.counters()["csp.answered"]; n != each*minutes {
			t.Errorf("%d answered, want %d", n, each*minutes)
		}
		if commits > minutes+2 {
			t.Errorf("%d commits in %d minutes", commits, minutes+2)
		}
	})
}
