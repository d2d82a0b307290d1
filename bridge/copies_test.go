package bridge

import (
	"bytes"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// tpdus are the SMS-DELIVERs of a datagram, stamped now and every 3 s after.
func tpdus(t *testing.T, from string, list []odd) (tpdus [][]byte) {
	t.Helper()
	oa, err := pdu.ParseNumber(from)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range list {
		at := pdu.NewTimestamp(time.Now().Add(time.Duration(3*i) * time.Second))
		tpdu, err := (&pdu.Deliver{OA: oa, DCS: o.dcs, SCTS: at, UD: o.ud}).AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		tpdus = append(tpdus, tpdu)
	}
	return tpdus
}

// Firmware that delivers each short message up to eight times, a +CMTI beside each +CMT
// too, and delivers them all again after a restart: each datagram arrives once, and
// nothing stays in the modem or the network.
func TestFirmwareCopies(t *testing.T) {
	t.Parallel()
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		for _, twice := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/CMTI beside CMT %v", mode, twice), func(t *testing.T) {
				profile := modemtest.Generic
				profile.Twice = twice
				change := func(c *Config) { c.Modems[0].Receive = mode }
				inRigOf(t, modemtest.ModemOptions{Profile: profile}, modemtest.AirOptions{}, change, func(r *rig) {
					one := tpdus(t, phone, segmentsOf(t, phone, []byte("one"), wdp.Ref{}, nil))
					three := tpdus(t, phone, segmentsOf(t, phone, bytes.Repeat([]byte("3"), 300), wdp.Ref{Value: 7}, nil))
					copies := func(least int) {
						for i, tpdu := range slices.Concat(three[:2], one, three[2:]) {
							for range least + i {
								r.air.Inject(ownNumber, tpdu)
								r.settle(time.Second)
							}
						}
						r.settle(2 * time.Minute)
					}
					check := func(when string) {
						t.Helper()
						if got := r.payloads(); len(got) != 2 || got[0] != "oe" || got[1] != "33" {
							t.Errorf("%s: %v", when, got)
						}
						if stored, c := r.sims["m0"].Stored("MT"), r.air.Counts(); stored != 0 || c.Pending != 0 {
							t.Errorf("%s: %d are in the modem's store, the network: %v", when, stored, c)
						}
					}
					copies(2)
					check("delivered two to five times")
					r.stop()
					r.start()
					copies(5)
					check("and five to eight times after a restart")
				})
			})
		}
	}
}

// Two equal short messages that were sent on purpose, a second apart, both arrive,
// though each is delivered three times.
func TestEqualOnPurpose(t *testing.T) {
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems[0].Receive = mode }, func(r *rig) {
			for range 2 {
				tpdu := tpdus(t, phone, segmentsOf(t, phone, []byte("WV12PO0"), wdp.Ref{}, nil))[0]
				for range 3 {
					r.air.Inject(ownNumber, tpdu)
				}
				r.settle(time.Second)
			}
			r.settle(time.Minute)
			if got := r.payloads(); len(got) != 2 || r.counters()["duplicate"] != 4 {
				t.Errorf("%v: %v arrived, %v", mode, got, r.counters())
			}
		})
	}
}

// A SIM that moves to another modem brings what is on it along; the same octets to
// another SIM are another message.
func TestOneSIMTwoModems(t *testing.T) {
	two := func(c *Config) { c.Modems = []ModemConfig{{Name: "m0"}, {Name: "m1"}} }
	deliver := func(r *rig) {
		one := tpdus(t, phone, segmentsOf(t, phone, []byte("one"), wdp.Ref{}, nil))
		three := tpdus(t, phone, segmentsOf(t, phone, bytes.Repeat([]byte("3"), 300), wdp.Ref{Value: 7}, nil))
		for _, m := range []struct {
			name string
			list [][]byte
		}{{"m0", slices.Concat(one, three[:2])}, {"m1", slices.Concat(one, three[1:])}} {
			for _, tpdu := range m.list {
				r.air.Inject(r.sims[m.name].Number(), tpdu)
				r.settle(3 * time.Second)
			}
		}
		r.settle(time.Minute)
	}
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, IMSI: "262019999999999"}, modemtest.AirOptions{}, two, func(r *rig) {
		deliver(r)
		if got := r.payloads(); len(got) != 2 || r.counters()["duplicate"] != 2 {
			t.Errorf("one SIM: %v arrived, %v", got, r.counters())
		}
	})
	inRig(t, modemtest.AirOptions{}, two, func(r *rig) {
		deliver(r)
		if got := r.payloads(); len(got) != 2 || got[0] != "oe" || got[1] != "oe" || r.counters()["duplicate"] != 0 {
			t.Errorf("two SIMs: %v arrived, %v", got, r.counters())
		}
	})
}

// What cannot be made durable is not acknowledged, nor is its copy: both stay in the
// modem or the network until the disk takes them.
func TestNoAcknowledgementBeforeCommit(t *testing.T) {
	for _, mode := range []modem.ReceiveMode{modem.ReceiveStore, modem.ReceiveDirect} {
		inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems[0].Receive = mode }, func(r *rig) {
			db, err := sql.Open("sqlite", r.cfg.Spool.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			script := func(q string) {
				t.Helper()
				if _, err := db.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			waiting := func() int { return r.sims["m0"].Stored("MT") + r.air.Counts().Pending }

			script("CREATE TRIGGER broken BEFORE INSERT ON in_segment BEGIN SELECT RAISE(FAIL, 'broken'); END")
			for _, tpdu := range tpdus(t, phone, segmentsOf(t, phone, bytes.Repeat([]byte("2"), 200), wdp.Ref{Value: 7}, nil)) {
				for range 2 {
					r.air.Inject(ownNumber, tpdu)
				}
			}
			r.settle(20 * time.Minute)
			if n := waiting(); n != 4 || len(r.messages()) != 0 {
				t.Errorf("%v: %d of 4 wait in the modem and the network, %d arrived", mode, n, len(r.messages()))
			}
			script("DROP TRIGGER broken")
			r.settle(20 * time.Minute)
			if n := waiting(); n != 0 || len(r.messages()) != 1 || r.counters()["duplicate"] != 2 {
				t.Errorf("%v: %d wait, %v arrived, %v", mode, n, r.payloads(), r.counters())
			}
		})
	}
}

// Over restarts: a datagram goes on, a finished one is known again, and the next one
// under its reference is another.
func TestGenerationsOverRestarts(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		put := func(list ...[]byte) {
			for _, tpdu := range list {
				r.air.Inject(ownNumber, tpdu)
				r.settle(3 * time.Second)
			}
			r.stop()
			r.start()
			r.settle(time.Minute)
		}
		expect := func(what string, want ...string) {
			t.Helper()
			if got := r.payloads(); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		first := tpdus(t, phone, alike(t, "h", "1"))
		put(first[0])
		expect("half of it")
		put(first[1])
		expect("the rest", "h1")
		put(first...)
		expect("delivered again", "h1")
		put(tpdus(t, phone, alike(t, "h", "1"))...)
		expect("sent again", "h1")
		second := tpdus(t, phone, alike(t, "h", "2"))
		put(second[0])
		expect("half of the next, which begins alike", "h1")
		put(second[1])
		expect("the rest of that", "h1", "h2")
	})
}

// A datagram that goes on after two hours: under a 16-bit reference it becomes whole;
// under an 8-bit one it may be another by then, and nothing is made up.
func TestResumedAfterTwoHours(t *testing.T) {
	t.Parallel()
	for _, wide := range []bool{true, false} {
		inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
			data := bytes.Repeat([]byte("ab"), 150)
			list := segmentsOf(t, phone, data, wdp.Ref{Value: 7, Wide: wide}, nil)
			phones := map[string]*modemtest.Handset{}
			for i, pause := range []time.Duration{time.Minute, 2 * time.Hour, time.Minute} {
				send(t, r, phones, list[i])
				r.settle(pause)
			}
			want := 0
			if wide {
				want = 1
			}
			if got := r.messages(); len(got) != want || want == 1 && !bytes.Equal(got[0].Payload, data) {
				t.Errorf("16 bits %v: %d arrived", wide, len(got))
			}
			r.settle(25 * time.Hour)
			if n := r.counters()["parked"]; n != int64(2-2*want) {
				t.Errorf("16 bits %v: %d were set aside", wide, n)
			}
		})
	}
}
