package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wvsms/csp"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

// long is a message in plain text syntax of so many parts of an Android client's.
func long(t *testing.T, id, parts int) (message []byte, cut [][]byte) {
	t.Helper()
	message = fmt.Appendf(nil, "WV12CL%d SI=S42 UN=((", id)
	for i := 0; len(message) < parts*100; i++ {
		message = fmt.Appendf(message, "\"nick ü%d\",wv:user%d@example.com),(", i, id*1000+i)
	}
	message = append(message, "last,wv:last@example.com))"...)
	cut, err := csp.Split(message, 133)
	if err != nil {
		t.Fatal(err)
	}
	if len(cut) < 2 {
		t.Fatalf("%d octets are no message of several parts", len(message))
	}
	return message, cut
}

// sendParts has a handset send parts as they are, each as a short message of its own.
func sendParts(t *testing.T, h *modemtest.Handset, parts ...[]byte) {
	t.Helper()
	for _, part := range parts {
		ud := pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 0)}, Data: part}
		if err := h.SendUserData(ownNumber, pdu.DCSOctet, ud); err != nil {
			t.Fatal(err)
		}
	}
}

func payloads(list []*spool.Message) (all []string) {
	for _, m := range list {
		all = append(all, string(m.Payload))
	}
	return all
}

// Parts come in any order, some twice, in letters of any case, those of several messages
// among each other, and are one message each.
func TestPartsAreJoined(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		alice, bob := r.air.NewHandset(phone, nil), r.air.NewHandset("+491719999999", nil)
		want := map[string]int{}
		for i := range 8 {
			message, _ := long(t, 7, 2+i%3) // one id: the peer, the number of parts and the content tell them apart
			message = bytes.ReplaceAll(message, []byte("nick"), fmt.Appendf(nil, "n%03d", i))
			parts, err := csp.Split(message, 133)
			if err != nil {
				t.Fatal(err)
			}
			from := alice
			if i%2 == 1 {
				from = bob
			}
			rand.New(rand.NewPCG(1, uint64(i))).Shuffle(len(parts), func(a, b int) { parts[a], parts[b] = parts[b], parts[a] })
			parts[0] = bytes.Clone(parts[0])
			parts[0][7], parts[0][8] = parts[0][7]-32, parts[0][8]-32 // "AB"
			sendParts(t, from, parts[0])
			r.settle(2 * time.Second)
			sendParts(t, from, parts[0])
			sendParts(t, from, parts[1:]...)
			want[string(message)]++
			r.settle(3 * time.Minute)
		}
		got := map[string]int{}
		for _, text := range payloads(r.messages()) {
			got[text]++
		}
		for text := range want {
			if got[text] != 1 {
				t.Errorf("%d times: %.60s…", got[text], text)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d messages, want %d: %q", len(got), len(want), payloads(r.messages()))
		}
	})
}

// A part that is missing is waited for, over a restart; a late one revives what was given up.
func TestPartsWait(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		message, parts := long(t, 999, 3)
		sendParts(t, h, parts[1:]...)
		r.settle(time.Minute)
		r.stop()
		r.start()
		r.settle(time.Minute)
		list, err := r.List(context.Background(), "partials", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(list); err != nil || !strings.Contains(string(got), `"name":"CL999"`) {
			t.Errorf("partials: %s, %v", got, err)
		}
		if got := payloads(r.messages()); len(got) != 0 {
			t.Errorf("before the last part: %q", got)
		}
		sendParts(t, h, parts[0])
		r.settle(time.Minute)
		if got := payloads(r.messages()); len(got) != 1 || got[0] != string(message) {
			t.Errorf("messages %q, want %q", got, message)
		}
	})
}

// A program that begins anew gives the same ids and may say the same again, as soon as
// it has waited for an answer in vain; Android's client does so for 45 s. A sender's copy
// of what it sent a moment ago is none of that.
func TestPartsSentAgain(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		_, parts := long(t, 1, 2)
		for _, pause := range []time.Duration{30 * time.Second, 45 * time.Second, 45 * time.Second, 0} {
			sendParts(t, h, parts...)
			r.settle(5*time.Second + pause)
		}
		if got := len(r.messages()); got != 3 {
			t.Errorf("%d messages, want 3: all but the second, which came 35 s after the first", got)
		}
		if n := r.counters()["duplicate"]; n == 0 {
			t.Error("no duplicate was counted")
		}
	})
}

// What is said again minutes later counts in whichever order the network stamped it.
func TestPartsSentAgainInAnyOrder(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		_, parts := long(t, 1, 3)
		orders := [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}, {0, 2, 1}, {0, 1, 2}}
		for _, order := range orders {
			for _, i := range order {
				sendParts(t, h, parts[i])
				r.settle(2 * time.Second)
			}
			r.settle(5 * time.Minute)
		}
		if got := len(r.messages()); got != len(orders) {
			t.Errorf("%d messages, want %d", got, len(orders))
		}
	})
}

// Parts are joined in whichever alphabet they come, even if that is not the same in all.
func TestPartsAsText(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		text := func(s string) pdu.UserData {
			t.Helper()
			ud, err := pdu.GSM7UserData(s, pdu.PortIE(3590, 3590))
			if err != nil {
				t.Fatal(err)
			}
			return ud
		}
		wide := pdu.UCS2UserData("WV12CL7cc =\"€ 😀\"", pdu.PortIE(3590, 0))
		for _, part := range []struct {
			dcs pdu.DCS
			ud  pdu.UserData
		}{{pdu.DCSUCS2, wide}, {pdu.DCSGSM7, text("WV12CL7BC {ä},(\"€@")}, {pdu.DCSGSM7, text("WV12cl007ac DN=(a")}} {
			if err := h.SendUserData(ownNumber, part.dcs, part.ud); err != nil {
				t.Fatal(err)
			}
		}
		r.settle(time.Minute)
		want := []string{"WV12cl007 DN=(a{ä},(\"€@=\"€ 😀\""}
		if got := payloads(r.messages()); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// Parts that agree in all but the version are of different messages. None of them stops
// what comes behind it, and each message becomes whole with its own.
func TestPartsOfTwoVersions(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		for _, part := range []string{"WV12CL7ab SI=S42 UN=((a,", "wv13", "WV13CL7bb ,d))", "WVxxcl7ab UN=((e,", "WV12cl7BB b))", "WV13CL7ab SI=S43 UN=((c", "WV12ST8 ST=200"} {
			sendParts(t, h, []byte(part))
		}
		r.settle(10 * time.Minute)
		want := []string{"wv13", "WV12CL7 SI=S42 UN=((a,b))", "WV13CL7 SI=S43 UN=((c,d))", "WV12ST8 ST=200"}
		if got := payloads(r.messages()); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// What does not join is set aside and acknowledged: it must not come again for ever.
func TestPartsThatDoNotJoin(t *testing.T) {
	t.Parallel()
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		h := r.air.NewHandset(phone, nil)
		sendParts(t, h, []byte("WV12CL7ab SI=S42"))
		r.settle(time.Minute)
		err := r.Bridge.spool.Update(context.Background(), func(tx *spool.Tx) error {
			rows, err := tx.Generation(1)
			if err != nil || len(rows) != 1 {
				return fmt.Errorf("%d rows, %w", len(rows), err)
			}
			rows[0].Mode = bytes.Replace(rows[0].Mode, []byte("CL7"), []byte("OR9"), 1)
			return tx.PutInSegment(&rows[0])
		})
		if err != nil {
			t.Fatal(err)
		}
		sendParts(t, h, []byte("WV12CL7bb UN=(a,b)"), []byte("WV12ST8 ST=200"))
		r.settle(time.Minute)
		if got := payloads(r.messages()); len(got) != 1 || got[0] != "WV12ST8 ST=200" {
			t.Errorf("messages %q", got)
		}
		stored := r.sims["m0"].Stored("SM") + r.sims["m0"].Stored("ME")
		if n := r.counters()["foreign.parts"]; n != 2 || stored != 0 {
			t.Errorf("%d parts are set aside, %d messages are left in the modem", n, stored)
		}
	})
}

// With parts = "pass" they come as they are; letters that make no sense are no parts.
func TestPartsPassedOn(t *testing.T) {
	t.Parallel()
	pass := func(c *Config) { c.Peers = []PeerConfig{{Number: phone, Choice: Choice{Parts: "pass"}}} }
	for name, c := range map[string]struct {
		change func(*Config)
		send   []string
	}{
		"pass":          {pass, []string{"WV12CL7ab SI=S42 UN=((a,", "WV12CL7bb b))"}},
		"no such part":  {nil, []string{"WV12CL7cb SI=S42"}},
		"one of one":    {nil, []string{"WV12ST7aa ST=200"}},
		"no identifier": {nil, []string{"WV12ST7a ST=200", "WV12ST7abc ST=200"}},
	} {
		t.Run(name, func(t *testing.T) {
			inRig(t, modemtest.AirOptions{}, c.change, func(r *rig) {
				h := r.air.NewHandset(phone, nil)
				for _, text := range c.send {
					sendParts(t, h, []byte(text))
				}
				r.settle(time.Minute)
				if got := payloads(r.messages()); strings.Join(got, "|") != strings.Join(c.send, "|") {
					t.Errorf("got %q, want %q", got, c.send)
				}
			})
		})
	}
}

// With long = "dd" a message goes in parts that an Android client joins; each is a short
// message without a concatenation IE, and what is sent again is the same octet for octet.
func TestPartsOut(t *testing.T) {
	t.Parallel()
	dd := func(c *Config) { c.CSP.Long = "dd" }
	inRig(t, modemtest.AirOptions{}, dd, func(r *rig) {
		var parts [][]byte
		h := r.air.NewHandset(phone, nil)
		h.OnMessage(func(_ *modemtest.Handset, d *pdu.Deliver) {
			if _, several := d.UD.Concat(); several || len(d.UD.Data) > partSize {
				t.Errorf("a part of %d octets, concatenated: %v", len(d.UD.Data), several)
			}
			parts = append(parts, d.UD.Data)
		})
		message, _ := long(t, 12, 4)
		want, err := csp.Split(message, partSize)
		if err != nil {
			t.Fatal(err)
		}
		r.sims["m0"].Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "+CMS ERROR: 332"})
		id := r.accept(Request{Payload: message})
		if m := r.outbound(id); m.Form != spool.FormDD || len(m.Segments) != len(want) {
			t.Fatalf("form %q, %d segments, want %d", m.Form, len(m.Segments), len(want))
		}
		r.settle(10 * time.Minute)
		if state := r.outbound(id).State; state != spool.StateSent {
			t.Errorf("state %s", state)
		}
		seen := map[string]bool{}
		for _, p := range parts {
			seen[string(p)] = true
		}
		for _, p := range want {
			if !seen[string(p)] {
				t.Errorf("part %q did not come", p)
			}
			delete(seen, string(p))
		}
		if len(seen) != 0 {
			t.Errorf("besides the parts there came %v", seen)
		}
	})
}

// What is no plain text syntax, fits one segment, or needs more parts than there are
// letters goes as it did before.
func TestPartsOutAreNotForAll(t *testing.T) {
	t.Parallel()
	dd := func(c *Config) { c.Peers = []PeerConfig{{Number: "+49*", Choice: Choice{Long: "dd"}}} }
	inRig(t, modemtest.AirOptions{}, dd, func(r *rig) {
		for _, c := range []struct {
			payload string
			form    spool.OutForm
			total   int
		}{
			{"WV12CL7 " + strings.Repeat("x", 133-8), spool.FormData, 1},
			{"WV12CL7 " + strings.Repeat("x", 134-8), spool.FormDD, 2},
			{"WV12CL7ab " + strings.Repeat("x", 200), spool.FormData, 2},
			{"<?xml version='1.0'?>" + strings.Repeat("x", 200), spool.FormData, 2},
			{"WV12CL7 " + strings.Repeat("x", 26*122), spool.FormDD, 26},
			{"WV12CL7 " + strings.Repeat("x", 26*122+1), spool.FormData, 25},
		} {
			m := r.outbound(r.accept(Request{Payload: []byte(c.payload)}))
			if m.Form != c.form || len(m.Segments) != c.total {
				t.Errorf("%.12s… of %d octets: form %q, %d segments, want %q, %d", c.payload, len(c.payload), m.Form, len(m.Segments), c.form, c.total)
			}
		}
		other := r.outbound(r.accept(Request{To: "+4470000", Payload: []byte("WV12CL7 " + strings.Repeat("x", 200))}))
		if other.Form != spool.FormData {
			t.Errorf("to a number of no [[peer]]: form %q", other.Form)
		}
	})
}

// Names are as many as there are versions, codes and ids.
func TestPartNames(t *testing.T) {
	seen := map[uint32]string{}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for _, id := range []string{"0", "9", "99", "999"} {
				for _, version := range []string{"00", "12", "99", "XX"} {
					name := partName(csp.Preamble{Version: version, Code: string(a) + string(b|0x20), ID: id})
					if text := string(a) + string(b) + id; seen[name] != "" || namedPart(name) != text {
						t.Fatalf("%s: name %d is %q, and %q's too", text, name, namedPart(name), seen[name])
					}
					seen[name] = namedPart(name)
				}
			}
		}
	}
	if a, b := partName(csp.Preamble{Version: "XX", Code: "CL", ID: "7"}), partName(csp.Preamble{Version: "xx", Code: "cl", ID: "007"}); a != b {
		t.Errorf("names %d and %d of one message", a, b)
	}
}
