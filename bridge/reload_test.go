package bridge

import (
	"context"
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// What a reload changes, what waits for a restart, and that both are told by their keys.
func TestReloadNamesWhatChanged(t *testing.T) {
	read := func(text string) Config {
		t.Helper()
		c, err := ParseConfig(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := read(oneModem + "[limits]\nsegments_per_day = 5\n")
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.Bridge.cfg, r.Bridge.applied = first, first
		for _, test := range []struct {
			text             string
			changed, restart string
		}{
			{oneModem + "[limits]\nsegments_per_day = 5\nallow_from = [\"*\"]\n", "", ""}, // a default that is written out
			{oneModem + "segments_per_day = 3\nsegments_per_30d = 4\n[limits]\nsegments_per_day = 5\n", "modem[0].segments_per_day modem[0].segments_per_30d", ""},
			{oneModem + "segments_per_day = 3\nsegments_per_30d = 4\n[limits]\nsegments_per_day = 5\n", "", ""},
			{oneModem + "baud = 9600\ndrafts = \"archive\"\npin_file = \"/x\"\n[limits]\nsegments_per_day = 6\nprice = \"1 EUR\"\npeer_every = \"1s\"\n",
				"limits.peer_every limits.price limits.segments_per_day modem[0].segments_per_30d modem[0].segments_per_day", "modem[0].baud modem[0].drafts modem[0].pin_file"},
			{oneModem + "[spool]\nhistory = \"90d\"\nmax_queued = 7\n[socket]\nunix = \"/x\"\n[limits]\nsegments_per_day = 6\nprice = \"1 EUR\"\npeer_every = \"1s\"\n[log]\nlevel = \"debug\"\nformat = \"json\"\n",
				"log.level", "log.format socket.unix spool.history spool.max_queued"},
			{oneModem + "[[modem]]\ndevice = \"/dev/y\"\n[limits]\nsegments_per_day = 6\nprice = \"1 EUR\"\npeer_every = \"1s\"\n[csp]\nlong = \"dd\"\n[[peer]]\nnumber = \"+49*\"\npeer_burst = 2\n[[udp]]\nforward = \"127.0.0.1:2\"\n[http]\nlisten = \"127.0.0.1:9590\"\n[log]\nlevel = \"debug\"\n",
				"csp.long peer", "http.listen modem udp"},
			{oneModem + "[limits]\nsegments_per_day = 6\nprice = \"1 EUR\"\npeer_every = \"1s\"\n[csp]\nlong = \"dd\"\n[[peer]]\nnumber = \"+49*\"\npeer_burst = 3\nparts = \"pass\"\n",
				"log.level peer[0].parts peer[0].peer_burst", ""},
		} {
			changed, restart, err := r.Reload(context.Background(), read(test.text))
			if err != nil {
				t.Fatal(err)
			}
			sorted := func(keys []string) string { return strings.Join(slices.Sorted(slices.Values(keys)), " ") }
			want := sorted(strings.Fields(test.changed))
			if sorted(changed) != want || sorted(restart) != test.restart {
				t.Errorf("%s\nchanged %q, want %q\nafter a restart %q, want %q", test.text, sorted(changed), want, sorted(restart), test.restart)
			}
		}
	})
}

// What waits for a limit that has grown goes at once; what pauses for another reason
// does not.
func TestReloadWakesWhatWaits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ tight, wide func(*Config) }{
		"all":   {func(c *Config) { c.Limits.SegmentsPerDay = 3 }, func(c *Config) { c.Limits.SegmentsPerDay = 9 }},
		"modem": {func(c *Config) { c.Modems[0].PerDay = new(3) }, func(c *Config) { c.Modems[0].PerDay = new(0) }},
		"peer":  {func(c *Config) { c.Limits.PeerPerDay = 3 }, func(c *Config) { c.Limits.PeerPerDay = 0 }},
		"pace":  {func(c *Config) { c.Limits.PeerEvery, c.Limits.PeerBurst = 10*time.Minute, 1 }, func(c *Config) { c.Limits.PeerEvery = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, test.tight, func(r *rig) {
				r.collect(phone)
				r.settle(time.Minute)
				r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"})
				r.offline(true)
				refused := r.accept(request(phone, 1)) // costs an attempt, and pauses
				two, three := r.accept(request(phone, 1)), r.accept(request(phone, 1))
				r.sims["m0"].SetRegistration(1, 1)
				for r.outbound(refused).Attempts == 0 {
					r.settle(time.Second)
				}
				pausing := r.outbound(refused).Due
				r.settle(10 * time.Second)
				if name != "pace" {
					r.settle(10 * time.Minute)
				}
				waiting := 0
				for _, id := range []string{refused, two, three} {
					if r.outbound(id).State == spool.StateQueued {
						waiting++
					}
				}
				wide := r.cfg
				wide.Modems = slices.Clone(r.cfg.Modems)
				test.wide(&wide)
				changed, restart, err := r.Reload(context.Background(), wide)
				if err != nil {
					t.Fatal(err)
				}
				if waiting == 0 || len(changed) == 0 || len(restart) != 0 {
					t.Errorf("%d wait; changed %q, after a restart %q", waiting, changed, restart)
				}
				if name == "pace" {
					if m := r.outbound(refused); !m.Due.Equal(pausing) {
						t.Errorf("its pause is %v shorter", pausing.Sub(m.Due))
					}
				}
				r.settle(2 * time.Minute)
				for _, id := range []string{refused, two, three} {
					if m := r.outbound(id); m.State != spool.StateSent {
						t.Errorf("%s is %s: %s", id, m.State, m.Why)
					}
				}
			})
		})
	}
}

// A token that is replaced in its file is a change, though no key has changed.
func TestReloadNamesNewTokens(t *testing.T) {
	guarded(t, func(r *rig, _ *x509.CertPool) {
		writeFile(t, r.cfg.Tokens[1].File, "another-token-that-is-good")
		changed, restart, err := r.Reload(r.ctx, r.cfg)
		if err != nil || !slices.Equal(changed, []string{"token[1].file"}) || len(restart) > 0 {
			t.Errorf("changed %q, after a restart %q, %v", changed, restart, err)
		}
	})
}
