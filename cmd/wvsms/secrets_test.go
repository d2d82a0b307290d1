package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// What a daemon prints at level debug with --trace tells no secret that passes it, and
// with --payload it tells all: so they are looked for rightly.
func TestTraceTellsNoSecret(t *testing.T) {
	const (
		password = "tr0ub4dor-correct-horse-battery"
		cookie   = "KeksDose-77810-zimtstern-4711"
		text     = "meet me at the old mill at dawn"
	)
	knock, err := pdu.GSM7UserData("WVCI 1.2 "+cookie, pdu.PortIE(3716, 0))
	if err != nil {
		t.Fatal(err)
	}
	person, err := pdu.GSM7UserData(text)
	if err != nil {
		t.Fatal(err)
	}
	login := fmt.Sprintf(`WV12LR1 PW="%s"`, password)
	signs := map[string][]string{
		"password": {password, hex.EncodeToString([]byte(password))},
		"cookie":   {cookie, hex.EncodeToString([]byte(cookie)), hex.EncodeToString(knock.Data[9:])},
		"text":     {text, hex.EncodeToString(person.Data)},
	}
	for _, args := range [][]string{{"--trace"}, {"--trace", "--payload"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			air := newTestNet(t, modemtest.AirOptions{})
			_, device := air.modem(modemtest.ModemOptions{Number: numberA})
			b := newTestBridge(t, device, "store", "level = \"debug\"\n")
			b.args = args
			b.start()
			client := b.connect()
			defer client.close()
			client.do("EVENTS", "OK")
			client.do("RECV", "OK")
			id, _ := client.send(phone, []byte(login), "")
			client.event(id, "sent")
			id, _ = client.send(phone, []byte("WVCI 1.2 "+cookie), "port=3716")
			client.event(id, "sent")

			h := air.air.NewHandset(phone, nil)
			if err := h.SendUserData(numberA, pdu.DCSGSM7, person); err != nil {
				t.Fatal(err)
			}
			if err := h.SendUserData(numberA, pdu.DCSGSM7, knock); err != nil {
				t.Fatal(err)
			}
			if err := h.Send(numberA, wdp.Datagram{Dst: 3590, Data: []byte(login)}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				client.do("ACK "+client.message().id, "OK")
			}
			said := strings.ToLower(b.log.String())
			for name, ways := range signs {
				found := false
				for _, way := range ways {
					found = found || strings.Contains(said, strings.ToLower(way))
				}
				if want := len(args) > 1; found != want {
					t.Errorf("%s is told: %v", name, found)
				}
			}
			if !strings.Contains(said, `"level":"debug"`) || !strings.Contains(said, "+cmgs=") {
				t.Error("no debug, or no trace")
			}
		})
	}
}
