package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// The handset of `run --sim` answers as README shows it, in the syntax in which it is
// asked, and gives back what is no CSP.
func TestSimService(t *testing.T) {
	lab, err := newLab(filepath.Join(t.TempDir(), "modem"))
	if err != nil {
		t.Fatal(err)
	}
	lab.service(simNumber)
	got := make(chan string, 1)
	asking := lab.air.NewHandset("+491700000077", func(_ *modemtest.Handset, _ string, d wdp.Datagram) {
		got <- fmt.Sprintf("%d %s", d.Dst, d.Data)
	})
	const xml = `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><SessionDescriptor>` +
		`<SessionType>Inband</SessionType><SessionID>S42</SessionID></SessionDescriptor><Transaction><TransactionDescriptor>` +
		`<TransactionMode>Request</TransactionMode><TransactionID>7</TransactionID></TransactionDescriptor>` +
		`<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2"><Logout-Request/></TransactionContent></Transaction></Session></WV-CSP-Message>`
	err = lab.run(t.Context(), func(context.Context) error {
		for _, c := range []struct {
			port      uint16
			say, want string
		}{
			{3590, "WV12LR1 CI=alice TL=7200 SC=4711", "3590 WV12RL1 SI=S42 KA=7200 CR=T ST=200"},
			{3590, "WV12PO1 ab", "3590 WV12ST1 SI=S42 ST=200"},
			{3590, "hello", "3590 hello"},
			{3716, "HELO S42", "3716 HELO S42"},
			{3590, xml, "<Status><Result><Code>200</Code></Result></Status>"},
		} {
			if err := asking.Send(simNumber, wdp.Datagram{Dst: c.port, Data: []byte(c.say)}); err != nil {
				return err
			}
			select {
			case answer := <-got:
				if answer != c.want && !(c.say == xml && strings.Contains(answer, c.want)) {
					t.Errorf("%q is answered by %q, want %q", c.say, answer, c.want)
				}
			case <-time.After(20 * time.Second):
				t.Errorf("%q is not answered", c.say)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
