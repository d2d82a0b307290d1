package modemtest

import (
	"testing"
	"time"
)

func TestStatusReports(t *testing.T) {
	send := `
		> AT+CMGS=16
		<< "\r\n> "
		> 003100069194712000000005E8329BFD06^Z
		< +CMGS: 1
		< OK`
	for name, test := range map[string]struct {
		setup, script string
		handset       func(h *Handset)
		air           AirOptions
	}{
		"ds 0": {"> AT+CNMI=2,1,0,0\n< OK", "~ 1s\n> AT+CMGL=4\n< OK", nil, AirOptions{}},
		"ds 1": {"> AT+CNMI=2,1,0,1\n< OK", "< +CDS: 22\n< 079194710167000006010691947120001010000000000010100000000000", nil, AirOptions{}},
		"ds 2": {"> AT+CNMI=2,1,0,2\n< OK", `
			< +CDSI: "SM",1
			> AT+CMGR=1
			< +CMGR: 0,,22
			< 079194710167000006010691947120001010000000000010100000000000
			< OK`, nil, AirOptions{}},
		"temporary, then final": {"> AT+CNMI=2,1,0,1\n< OK", `
			<~ \+CDS: 22
			<~ .*21
			~ 5s
			<~ \+CDS: 22
			<~ .*00`, func(h *Handset) {
			h.Fill()
			time.AfterFunc(4*time.Second, h.SwitchOn)
		}, AirOptions{TemporaryState: true}},
		"expired": {"> AT+CNMI=2,1,0,1\n< OK", `
			<~ \+CDS: 22
			<~ .*46`, func(h *Handset) { h.SwitchOff() }, AirOptions{Retry: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, test.air, ModemOptions{}, func(l *lab) {
				h := l.air.NewHandset("+491702", nil)
				if test.handset != nil {
					test.handset(h)
				}
				l.talk(quietly + test.setup + send)
				l.talk(test.script)
			})
		})
	}
}
