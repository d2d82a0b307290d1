package main

import (
	"slices"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// What a client gets of a knock that goes out is text in GSM 7-bit to everybody: tshark
// reads it as that, on the port of CIR.
func TestCIRAgreesWithTshark(t *testing.T) {
	air := newTestNet(t, modemtest.AirOptions{})
	_, device := air.modem(modemtest.ModemOptions{Number: numberA})
	arrived := make(chan *pdu.Deliver, 1)
	air.air.NewHandset(phone, nil).OnMessage(func(_ *modemtest.Handset, d *pdu.Deliver) { arrived <- d })
	b := newTestBridge(t, device, "store", "")
	b.start()
	client := b.connect()
	defer client.close()

	const text = "WVCI 1.2 {Cookie_4711}@"
	client.send(phone, []byte(text), "port=3716")
	var d *pdu.Deliver
	select {
	case d = <-arrived:
	case <-time.After(patience):
		t.Fatal("nothing arrives")
	}
	tpdu, err := d.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	shown := tshark(t, []frame{{tpdu, pdu.MT}})[0]
	for field, want := range map[string][]string{
		"_ws.malformed":            nil,
		"gsm_sms.tp-dcs":           {"0"},
		"gsm_sms.destination_port": {"3716"},
		"gsm_sms.originator_port":  {"3590"},
		"gsm_sms.sms_text":         {text},
	} {
		if !slices.Equal(shown[field], want) {
			t.Errorf("%s: tshark reads %q, want %q", field, shown[field], want)
		}
	}
}
