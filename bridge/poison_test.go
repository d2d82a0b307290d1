package bridge

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
	"wvsms/spool"
)

var receiveModes = []struct {
	name string
	modem.ReceiveMode
}{{"store", modem.ReceiveStore}, {"direct", modem.ReceiveDirect}}

// inMode is inRig with one modem in a receive mode.
func inMode(t *testing.T, mode modem.ReceiveMode, f func(*rig)) {
	t.Helper()
	inRig(t, modemtest.AirOptions{}, func(c *Config) { c.Modems[0].Receive = mode }, f)
}

// deliver is a short message as the network would bring it.
func deliver(t *testing.T, d pdu.Deliver) []byte {
	t.Helper()
	oa, err := pdu.ParseNumber(phone)
	if err != nil {
		t.Fatal(err)
	}
	d.OA, d.SCTS = oa, pdu.NewTimestamp(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC))
	tpdu, err := d.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return tpdu
}

// quarantine is all that is set aside, read as queue list reads it.
func (r *rig) quarantine() (rows []map[string]any) {
	r.t.Helper()
	after := "0"
	for {
		page := r.list("quarantine", map[string]string{"after": after, "limit": "1000"})
		if len(page) == 0 {
			return rows
		}
		rows = append(rows, page...)
		after = fmt.Sprintf("%.0f", page[len(page)-1]["n"])
	}
}

// alive sends a message of two segments, which must arrive: the link has not stalled.
func (r *rig) alive() {
	r.t.Helper()
	before := len(r.messages())
	payload := bytes.Repeat([]byte("still alive"), 20)
	if err := r.air.NewHandset("+491755555555", nil).Send(ownNumber, wdp.Datagram{Dst: 3590, Src: 3590, Data: payload}); err != nil {
		r.t.Fatal(err)
	}
	r.settle(10 * time.Minute)
	list := r.messages()
	if len(list) != before+1 || !bytes.Equal(list[before].Payload, payload) {
		r.t.Errorf("a message behind it did not arrive: %d are here, %d were", len(list), before)
	}
	if pending := r.air.Counts().Pending; pending != 0 {
		r.t.Errorf("%d are not acknowledged", pending)
	}
}

// Each kind of short message that is none of ours is set aside once with its reason,
// acknowledged and counted, however often it comes.
func TestForeignIsSetAside(t *testing.T) {
	t.Parallel()
	text, err := pdu.GSM7UserData("Your balance is 3.50")
	if err != nil {
		t.Fatal(err)
	}
	on := func(port uint16, data string) pdu.UserData {
		return pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(port, 9200)}, Data: []byte(data)}
	}
	narrow := pdu.UserData{UDHI: true, UDH: []pdu.IE{{ID: pdu.IEPorts8, Data: []byte{0xF5, 0}}}, Data: []byte("x")}
	tests := []struct {
		name     string
		deliver  pdu.Deliver
		reason   string // "": acknowledged, counted and dropped
		unstored bool   // a modem in store mode shows it to its user, who is nobody, and hands on nothing
	}{
		{"text", pdu.Deliver{UD: text}, "text", false},
		{"class 0", pdu.Deliver{DCS: 0x10, UD: text}, "text", true},
		{"class 1", pdu.Deliver{DCS: 0x11, UD: text}, "text", false},
		{"class 2", pdu.Deliver{DCS: 0x12, UD: text}, "text", false},
		{"message waiting, discard", pdu.Deliver{DCS: 0xC8, UD: text}, "text", true},
		{"message waiting, store", pdu.Deliver{DCS: 0xD8, UD: text}, "text", false},
		{"empty", pdu.Deliver{}, "text", false},
		{"data without a port", pdu.Deliver{DCS: 0x04, UD: pdu.UserData{Data: []byte{1, 2, 3}}}, "text", false},
		{"unknown port", pdu.Deliver{DCS: 0x04, UD: on(5060, "x")}, "port", false},
		{"8-bit port", pdu.Deliver{DCS: 0x04, UD: narrow}, "port", false},
		{"push that is none of ours", pdu.Deliver{DCS: 0x04, UD: on(2948, "\x01\x06\x03\xAE\xAF\x82si")}, "push", false},
		{"push without headers", pdu.Deliver{DCS: 0x04, UD: on(2948, "\x01\x06")}, "push", false},
		{"push with endless header length", pdu.Deliver{DCS: 0x04, UD: on(2948, "\x01\x06\xFF\xFF\xFF\xFF\xFF\xFF")}, "push", false},
		{"compressed", pdu.Deliver{DCS: 0x24, UD: on(3590, "WV12PO0")}, "compressed", false},
		{"type 0", pdu.Deliver{PID: 0x40, UD: text}, "", false},
		{"type 0 on our port", pdu.Deliver{PID: 0x40, DCS: 0x04, UD: on(3590, "WV12PO0")}, "", false},
	}
	for _, mode := range receiveModes {
		for _, test := range tests {
			t.Run(mode.name+"/"+test.name, func(t *testing.T) {
				tpdu := deliver(t, test.deliver)
				inMode(t, mode.ReceiveMode, func(r *rig) {
					for range 3 {
						r.air.Inject(ownNumber, tpdu)
						r.settle(time.Minute)
					}
					rows, counters := r.quarantine(), r.counters()
					if test.unstored && mode.ReceiveMode == modem.ReceiveStore {
						if len(rows) != 0 {
							t.Errorf("set aside: %v", rows)
						}
						r.alive()
						return
					}
					if test.reason == "" {
						if len(rows) != 0 || counters["type0"] != 3 {
							t.Errorf("%d set aside, counted %v", len(rows), counters)
						}
						r.alive()
						return
					}
					if len(rows) != 1 {
						t.Fatalf("set aside: %v", rows)
					}
					row := rows[0]
					if row["reason"] != test.reason || row["from"] != phone || row["modem"] != "m0" || !strings.HasSuffix(row["pdu"].(string), hex.EncodeToString(tpdu)) {
						t.Errorf("%v", row)
					}
					if counters["foreign."+test.reason] != 1 || counters["duplicate"] != 2 {
						t.Errorf("counted %v", counters)
					}
					r.alive()
				})
			})
		}
	}
}

// A short message that ends anywhere is set aside with the field that it ends in.
func TestTruncated(t *testing.T) {
	whole := deliver(t, pdu.Deliver{DCS: 0x04, UD: pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 3590)}, Data: []byte("WV12PO0")}})
	for _, mode := range receiveModes {
		t.Run(mode.name, func(t *testing.T) {
			inMode(t, mode.ReceiveMode, func(r *rig) {
				for n := range len(whole) {
					r.air.Inject(ownNumber, whole[:n])
				}
				r.settle(time.Hour)
				rows := r.quarantine()
				if len(rows) != len(whole) {
					t.Errorf("%d set aside, of %d", len(rows), len(whole))
				}
				for i, row := range rows {
					reason := row["reason"].(string)
					if !strings.HasPrefix(reason, "undecodable: ") || !strings.HasSuffix(row["pdu"].(string), hex.EncodeToString(whole[:i])) {
						t.Errorf("%d octets: %v", i, row)
					}
				}
				if n := r.counters()["foreign.undecodable"]; n != int64(len(whole)) {
					t.Errorf("%d counted", n)
				}
				r.alive()
			})
		})
	}
}

// More poison than is kept: it is all acknowledged, the oldest goes, and a message
// behind it arrives.
func TestPoisonNeverStalls(t *testing.T) {
	amount := quarantineKeep + 50
	if brief() {
		amount = 500
	}
	for _, mode := range receiveModes {
		t.Run(mode.name, func(t *testing.T) {
			t.Parallel() // each waits for its disk
			inMode(t, mode.ReceiveMode, func(r *rig) {
				random := rand.New(rand.NewPCG(3, 590))
				for i := range amount {
					octets := make([]byte, 4+random.IntN(160))
					for j := range octets {
						octets[j] = byte(random.Uint32())
					}
					octets[1], octets[2] = byte(i), byte(i>>8) // each is another one
					r.air.Inject(ownNumber, octets)
				}
				for r.settle(time.Minute); r.air.Counts().Pending > 0; {
					r.settle(time.Minute)
				}
				counters := r.counters()
				told := counters["type0"] + counters["duplicate"]
				for name, n := range counters {
					if strings.HasPrefix(name, "foreign.") {
						told += n
					}
				}
				var partials int
				r.view(func(tx *spool.Tx) (err error) {
					partials, err = tx.Partials()
					return err
				})
				shown := len(r.sims["m0"].Shown()) // to the modem's user: class 0, while it stores
				if told+int64(partials+shown) != int64(amount) {
					t.Errorf("of %d these are accounted for: %v, %d partials, %d shown", amount, counters, partials, shown)
				}
				r.alive()
				rows := r.quarantine()
				if len(rows) > quarantineKeep {
					t.Errorf("%d are kept", len(rows))
				}
				if all := told - counters["type0"] - counters["duplicate"]; len(rows) > 0 {
					first, last := int64(rows[0]["n"].(float64)), int64(rows[len(rows)-1]["n"].(float64))
					if last != all || first != max(1, all-quarantineKeep+1) {
						t.Errorf("kept are %d to %d of %d", first, last, all)
					}
				}
			})
		})
	}
}
