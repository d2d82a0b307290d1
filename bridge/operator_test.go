package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

// show is what a client reads of SHOW.
func (r *rig) show(id string) (v map[string]any) {
	r.t.Helper()
	view, err := r.Show(context.Background(), id)
	r.decode(view, err, &v)
	return v
}

func (r *rig) list(what string, opts map[string]string) (rows []map[string]any) {
	r.t.Helper()
	view, err := r.List(context.Background(), what, opts)
	r.decode(view, err, &rows)
	return rows
}

func (r *rig) decode(view any, err error, into any) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	text, err := json.Marshal(view)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		r.t.Fatal(err)
	}
}

// can lists the commands that SHOW offers.
func can(v map[string]any) (list []string) {
	for _, a := range v["can"].([]any) {
		list = append(list, a.(map[string]any)["command"].(string))
	}
	return list
}

// Each attempt is told with its outcome, its modem and its reason.
func TestShowTellsAttempts(t *testing.T) {
	tests := []struct {
		name   string
		faults []modemtest.Fault
		octets int
		want   string
	}{
		{"at once", nil, 200, "1 accepted, 2 accepted"},
		{"congestion", []modemtest.Fault{{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42", Times: 2}}, 10,
			"1 refused: +CMS ERROR: 42 (congestion), 1 refused: +CMS ERROR: 42 (congestion), 1 accepted"},
		{"no prompt", []modemtest.Fault{{On: "+CMGS", Kind: modemtest.Deaf}}, 10, "1 not-sent: *, 1 accepted"},
		{"silence", []modemtest.Fault{{On: "+CMGS", Kind: modemtest.Cut}}, 200, "1 unknown: *, 2 accepted, 1 accepted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.collect(phone)
				r.sims["m0"].Fault(test.faults...)
				id := r.accept(Request{Payload: make([]byte, test.octets)})
				r.settle(20 * time.Minute)
				v := r.show(id)
				var got []string
				last := 0.0
				for _, one := range v["attempts"].([]any) {
					a := one.(map[string]any)
					line := fmt.Sprintf("%v %v", a["segment"], a["outcome"])
					if why, ok := a["why"].(string); ok {
						if strings.Contains(test.want, "*") {
							why = "*"
						}
						line += ": " + why
					}
					got = append(got, line)
					if a["modem"] != "m0" || a["sim"] == "" || a["after_ms"].(float64) < last {
						t.Errorf("attempt %v", a)
					}
					last = a["after_ms"].(float64)
				}
				if got := strings.Join(got, ", "); got != test.want {
					t.Errorf("\n got %s\nwant %s", got, test.want)
				}
				if v["state"] != "sent" || v["segments_accepted"] != v["segments_total"] {
					t.Errorf("%v", v)
				}
			})
		})
	}
}

// What SHOW says that comes next, and what it offers the operator, is what then is so.
func TestOutlook(t *testing.T) {
	lost := modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500"}
	lostTwice := lost
	lostTwice.Times = 2
	barred := modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 1"}
	busy := modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"}
	hanging := modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: time.Minute}
	tests := []struct {
		name    string
		fault   *modemtest.Fault
		offline bool
		request Request
		state   string
		next    string // is in it
		never   string
		can     string
	}{
		{"no network", nil, true, Request{}, "queued", "It goes as soon as it can, by any modem. Modem m0 now: ", "", "cancel"},
		{"on its way", &hanging, false, Request{}, "queued", "It has been with modem m0 for 5s.", "", "cancel"},
		{"congestion", &busy, false, Request{}, "queued", "It goes again in ", "", "retry cancel"},
		{"held", &lost, false, Request{Unknown: "hold"}, "queued",
			"It waits for a late answer of the modem, for a report from the network, or for you. Its time to live ends in 23h59m55s (", "unknown=hold leaves that to you", "retry cancel"},
		{"unknown", &lost, false, Request{}, "unknown", "Nothing by itself", "could not tell a copy", "retry"},
		{"unknown, resend", &lost, false, Request{Unknown: "resend"}, "queued", "It goes again in 25s (", "", "retry cancel"},
		{"unknown, several", &lostTwice, false, Request{Payload: make([]byte, 200)}, "queued",
			"Segment 1 of 2 goes again in 25s (", "", "retry cancel"},
		{"the last one refused", &busy, false, Request{Payload: make([]byte, 200)}, "queued", "Segment 1 of 2 goes again in ", "", "retry cancel"},
		{"failed", &barred, false, Request{}, "failed", "Nothing by itself", "not sent again by itself", "retry"},
		{"sent", nil, false, Request{}, "sent", "no report was asked for", "not sent again", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
				r.collect(phone)
				r.offline(test.offline)
				if test.fault != nil {
					r.sims["m0"].Fault(*test.fault)
				}
				id := r.accept(test.request)
				r.settle(5 * time.Second)
				v := r.show(id)
				next, _ := v["next"].(string)
				never, _ := v["never"].(string)
				if v["state"] != test.state || !strings.Contains(next, test.next) || !strings.Contains(never, test.never) {
					t.Errorf("%v\nnext %s\nnever %s", v["state"], next, never)
				}
				if got := strings.Join(can(v), " "); got != test.can {
					t.Errorf("can %s, want %s", got, test.can)
				}
				for _, command := range []struct {
					name string
					do   func(context.Context, string) error
				}{{"cancel", r.Cancel}, {"retry", r.Retry}} { // which sets it going: the last one
					offered := slices.Contains(can(r.show(id)), command.name)
					if err := command.do(context.Background(), id); offered && err != nil {
						t.Errorf("%s is offered, and refused: %v", command.name, err)
					}
				}
			})
		})
	}
}

// Policy hold waits for the operator: one message is sent again on his word, another is
// ended, and both say so.
func TestHeldMessageObeysTheOperator(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		got := r.collect(phone)
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 332", Times: 2})
		again := r.accept(Request{Payload: []byte("again"), Unknown: "hold"})
		ended := r.accept(Request{Payload: []byte("ended"), Unknown: "hold"})
		r.settle(time.Hour)
		for _, id := range []string{again, ended} {
			if v := r.show(id); v["state"] != "queued" || !strings.HasSuffix(v["why"].(string), "held for a late answer, a report or the operator") {
				t.Fatalf("%v: %v", v["state"], v["why"])
			}
		}
		if len(*got) != 0 {
			t.Fatal("something was sent although it is held")
		}
		if err := r.Retry(context.Background(), again); err != nil {
			t.Fatal(err)
		}
		if err := r.Cancel(context.Background(), ended); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Hour)
		if len(*got) != 1 || string((*got)[0].Data) != "again" {
			t.Errorf("the phone has %v", *got)
		}
		if words := r.words(again); !slices.Equal(words, []string{"note", "note", "sent"}) {
			t.Errorf("the one sent again: %v", words)
		}
		if words := r.words(ended); !slices.Equal(words, []string{"note", "cancelled"}) {
			t.Errorf("the one that was ended: %v", words)
		}
	})
}

// An inbound message's life: not wanted by anybody, offered, put off, acknowledged.
func TestShowInbound(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		if err := h.Send(ownNumber, datagram("WV12PO0")); err != nil {
			t.Fatal(err)
		}
		r.settle(time.Minute)
		id := r.messages()[0].ID
		expect := func(offers int, state, next string) {
			t.Helper()
			v := r.show(id)
			if v["offers"] != float64(offers) || v["state"] != state || !strings.Contains(v["next"].(string), next) {
				t.Errorf("offered %v times, %v, next %v; want %d, %s, %s", v["offers"], v["state"], v["next"], offers, state, next)
			}
		}
		expect(0, "ready", "None is there.")
		c := r.client()
		c.say("RECV ack-wait=1m")
		c.settle("OK", "MSG "+id)
		expect(1, "ready", "offered again in 1m0s (")
		c.say("NAK " + id + " delay=10m")
		c.settle("OK")
		expect(1, "ready", "put it off. It is offered again in 10m0s (")
		r.settle(10*time.Minute + 30*time.Second)
		c.settle("MSG " + id)
		expect(2, "ready", "has not acknowledged it")
		c.say("ACK " + id)
		c.settle("OK")
		expect(2, "acked", "it is done")
		if v := r.show(id); v["acked"] == nil || v["naks"] != 1.0 {
			t.Errorf("%v", v)
		}
		// It is on disk, not in the hub's memory.
		c.close()
		r.stop()
		r.start()
		expect(2, "acked", "it is done")
	})
}

// LIST goes through everything in pages, also while what was seen last goes away.
func TestListPages(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.offline(true)
		var ids []string
		for range 7 {
			ids = append(ids, r.accept(Request{}))
		}
		var got []string
		after := "0"
		for {
			page := r.list("queue", map[string]string{"state": "queued", "limit": "3", "after": after})
			for _, row := range page {
				got = append(got, row["id"].(string))
				after = fmt.Sprint(row["n"])
			}
			if len(page) < 3 {
				break
			}
			if err := r.Cancel(context.Background(), got[len(got)-1]); err != nil {
				t.Fatal(err)
			}
			r.purgeAll()
		}
		if !slices.Equal(got, ids) {
			t.Errorf("got %v\nwant %v", got, ids)
		}
		var back []string
		for before := "0"; ; {
			page := r.list("queue", map[string]string{"limit": "2", "before": before})
			for _, row := range page {
				back = append(back, row["id"].(string))
				before = fmt.Sprint(row["n"])
			}
			if len(page) < 2 {
				break
			}
		}
		slices.Reverse(back)
		// What was cancelled and cleared is gone.
		if want := slices.Concat(ids[:2], ids[3:5], ids[6:]); !slices.Equal(back, want) {
			t.Errorf("backwards %v\nwant %v", back, want)
		}
		for _, what := range []string{"inbox", "quarantine"} {
			if rows := r.list(what, map[string]string{"before": "0"}); len(rows) != 0 {
				t.Errorf("%s: %v", what, rows)
			}
		}
		if _, err := r.List(context.Background(), "queue", map[string]string{"before": "1", "after": "1"}); code(err) != "syntax" {
			t.Errorf("both ways at once: %v", err)
		}
		for _, bad := range []struct{ what, key, value string }{
			{"partials", "before", "0"}, {"queue", "before", "-1"},
			{"queue", "state", "sending"}, {"inbox", "state", "sent"}, {"partials", "state", "open"}, {"quarantine", "state", "x"},
			{"queue", "after", ids[0]}, {"inbox", "after", "-1"}, {"queue", "limit", "0"}, {"queue", "limit", "1001"}, {"outbox", "limit", "1"},
		} {
			if _, err := r.List(context.Background(), bad.what, map[string]string{bad.key: bad.value}); code(err) != "syntax" {
				t.Errorf("LIST %s %s=%s: %v", bad.what, bad.key, bad.value, err)
			}
		}
	})
}

// What misses segments is listed with those that are there, before its deadline and after.
func TestListPartials(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		phones := map[string]*modemtest.Handset{}
		for i, from := range []string{phone, "4711"} {
			list := segmentsOf(t, from, make([]byte, 400), wdp.Ref{Value: uint16(0x1200 + i), Wide: true}, nil)
			send(t, r, phones, list[3])
			send(t, r, phones, list[1])
		}
		r.settle(time.Hour)
		rows := r.list("partials", map[string]string{"state": "waiting"})
		if len(rows) != 2 {
			t.Fatalf("%v", rows)
		}
		v := rows[0]
		for key, want := range map[string]any{
			"from": phone, "port": 3590.0, "ref": float64(0x1200), "ref_bits": 16.0, "segments_total": 4.0,
			"have": []any{2.0, 4.0}, "age": "1h0m0s", "deadline_in": "23h0m0s", "modem": "m0",
		} {
			if fmt.Sprint(v[key]) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", key, v[key], want)
			}
		}
		if rows := r.list("partials", map[string]string{"after": fmt.Sprint(v["n"]), "limit": "1"}); len(rows) != 1 || rows[0]["from"] != "4711" {
			t.Errorf("the next page: %v", rows)
		}
		r.settle(24 * time.Hour)
		if rows := r.list("partials", map[string]string{"state": "waiting"}); len(rows) != 0 {
			t.Errorf("past the deadline %v wait", rows)
		}
		rows = r.list("partials", map[string]string{"state": "parked", "limit": "1"})
		if len(rows) != 1 || rows[0]["state"] != "parked" || rows[0]["deadline_in"] != nil {
			t.Errorf("parked: %v", rows)
		}
	})
}

// purgeAll lets go of whatever has ended.
func (r *rig) purgeAll() {
	r.t.Helper()
	later := r.Now().Add(time.Second)
	err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
		_, err := tx.Purge(spool.Horizon{Outbound: later, Messages: later, Events: later, InSegments: later, Spend: later}, 1000)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}
