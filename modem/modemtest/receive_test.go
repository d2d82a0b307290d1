package modemtest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/pdu"
)

// text sends a short message of text to the modem.
func (l *lab) text(from, text string) {
	l.Helper()
	if err := l.air.NewHandset(from, nil).SendText(l.m.Number(), text); err != nil {
		l.Fatal(err)
	}
}

const deliverLine = `0791947101670000[0-9A-F]+`

func TestReceive(t *testing.T) {
	for name, test := range map[string]struct {
		o      ModemOptions
		setup  string
		dcs    pdu.DCS
		script string
	}{
		"mt 0 stores in silence": {setup: "> AT+CNMI=2,0\n< OK", script: `
			~ 1s
			> AT+CMGL=4
			< +CMGL: 1,0,,18
			<~ ` + deliverLine + `
			< OK`},
		"mt 1 stores and tells": {setup: "> AT+CNMI=2,1\n< OK", script: `
			< +CMTI: "SM",1
			> AT+CMGR=1
			< +CMGR: 0,,18
			<~ ` + deliverLine + `
			< OK
			> AT+CMGR=1
			< +CMGR: 1,,18
			<~ ` + deliverLine + `
			< OK
			> AT+CMGD=1
			< OK
			> AT+CMGR=1
			< +CMS ERROR: 321`},
		"mt 2 hands over": {setup: "> AT+CNMI=2,2\n< OK", script: `
			< +CMT: ,18
			<~ ` + deliverLine + `
			~ 1s
			> AT+CPMS?
			< +CPMS: "SM",0,30,"SM",0,30,"SM",0,30
			< OK`},
		"mt 2, class 2 goes to the SIM": {setup: `
			> AT+CPMS="ME","ME","ME"
			< +CPMS: 0,100,0,100,0,100
			< OK
			> AT+CNMI=2,2
			< OK`, dcs: 0xf2, script: `
			< +CMTI: "SM",1`},
		"mt 1, class 0 is shown": {setup: "> AT+CNMI=2,1\n< OK", dcs: 0xf0, script: `
			~ 1s
			> AT+CMGL=4
			< OK`},
		"mt 2, class 0 is handed over": {setup: "> AT+CNMI=2,2\n< OK", dcs: 0xf0, script: `
			< +CMT: ,18
			<~ ` + deliverLine},
		"mt 3, only class 3 is handed over": {setup: "> AT+CNMI=2,3\n< OK", dcs: 0xf3, script: `
			< +CMT: ,18
			<~ ` + deliverLine},
		"mt 3, class 1 is stored": {setup: "> AT+CNMI=2,3\n< OK", dcs: 0xf1, script: `
			< +CMTI: "SM",1`},
		"mode 0 buffers until there is another mode": {setup: "> AT+CNMI=0,2\n< OK", script: `
			~ 1s
			> AT+CNMI=2,2
			< OK
			< +CMT: ,18
			<~ ` + deliverLine},
		"bfr 1 throws the buffer away": {setup: "> AT+CNMI=0,2\n< OK", script: `
			~ 1s
			> AT+CNMI=2,2,0,0,1
			< OK
			~ 1s
			> AT
			< OK`},
		"nothing stands in the prompt": {setup: `
			> AT+CNMI=2,1
			< OK
			> AT+CMGS=16
			<< "\r\n> "`, script: `
			~ 1s
			> ` + helloTo491702 + `^Z
			<< "\r\n+CMTI: \"SM\",1\r\n\r\n+CMGS: 1\r\n\r\nOK\r\n"`},
		"text mode": {setup: "> AT+CMGF=1;+CNMI=2,2\n< OK", script: `
			<~ \+CMT: "\+491702",,"00/01/01,00:00:00\+00"
			< hi`},
		"text mode from the store": {setup: "> AT+CMGF=1;+CNMI=2,1\n< OK", script: `
			< +CMTI: "SM",1
			> AT+CMGL="ALL"
			< +CMGL: 1,"REC UNREAD","+491702",,"00/01/01,00:00:00+00"
			< hi
			< OK
			> AT+CSDH=1;+CMGR=1
			< +CMGR: "REC READ","+491702",,"00/01/01,00:00:00+00",145,4,0,0,"+491710760000",145,2
			< hi
			< OK`},
		"stores from 0, -1 and twice": {o: ModemOptions{Profile: func() Profile {
			p := Huawei
			p.MinusOne, p.Twice = true, true
			return p
		}()}, setup: "> AT+CNMI=1,2\n< OK", script: `
			< +CMTI: "SM",-1
			< +CMT: ,18
			<~ ` + deliverLine + `
			> AT+CMGL=4
			< +CMGL: 0,0,,18
			<~ ` + deliverLine + `
			< OK`},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, AirOptions{}, test.o, func(l *lab) {
				l.talk(quietly + test.setup)
				ud, err := pdu.GSM7UserData("hi")
				if err != nil {
					t.Fatal(err)
				}
				h := l.air.NewHandset("+491702", nil)
				if err := h.SendUserData(l.m.Number(), test.dcs, ud); err != nil {
					t.Fatal(err)
				}
				l.talk(test.script)
			})
		})
	}
}

func TestTypeZeroIsNotShown(t *testing.T) {
	for _, shows := range []bool{false, true} {
		p := Generic
		p.ShowsType0 = shows
		inLab(t, AirOptions{}, ModemOptions{Profile: p}, func(l *lab) {
			l.talk(quietly + "> AT+CNMI=2,1\n< OK")
			h := l.air.NewHandset("+491702", nil)
			if err := h.Submit(&pdu.Submit{PID: 0x40}, l.m.Number()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := l.m.Stored("SM"); got != map[bool]int{false: 0, true: 1}[shows] {
				t.Errorf("ShowsType0 %v: %d stored", shows, got)
			}
			if c := l.air.Counts(); c.Delivered != 1 {
				t.Errorf("ShowsType0 %v: %v, want it acknowledged", shows, c)
			}
			if shows {
				l.talk(`< +CMTI: "SM",1`)
			}
		})
	}
}

func TestClassZeroIsShown(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
		l.talk(quietly + "> AT+CNMI=2,1\n< OK")
		h := l.air.NewHandset("+491702", nil)
		if err := h.SendUserData(l.m.Number(), 0xf4, pdu.UserData{Data: []byte("hi")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		const want = "04069194712000f4" + "00101000000000" + "026869"
		if got := l.m.Shown(); len(got) != 1 || got[0] != want {
			t.Errorf("on the display: %q, want %q", got, want)
		}
	})
}

func TestFullStore(t *testing.T) {
	inLab(t, AirOptions{Retry: time.Hour}, ModemOptions{SIMSlots: 2}, func(l *lab) {
		l.talk(quietly + "> AT+CNMI=2,1\n< OK")
		for i := range 3 {
			l.text(fmt.Sprintf("+49170%d", 5+i), "hi")
		}
		l.talk(`
			< +CMTI: "SM",1
			< +CMTI: "SM",2
			> AT+CPMS?
			< +CPMS: "SM",2,2,"SM",2,2,"SM",2,2
			< OK`)
	})
}

func TestRoomBringsWhatWaited(t *testing.T) {
	inLab(t, AirOptions{Retry: time.Hour}, ModemOptions{SIMSlots: 2}, func(l *lab) {
		l.talk(quietly + "> AT+CNMI=2,1\n< OK")
		for i := range 3 {
			l.text(fmt.Sprintf("+49170%d", 5+i), "hi")
		}
		l.talk(`
			< +CMTI: "SM",1
			< +CMTI: "SM",2
			> AT+CMGW=16
			<< "\r\n> "
			> ` + helloTo491702 + `^Z
			< +CMS ERROR: 322
			~ 1m
			> AT+CMGD=1
			< OK
			< +CMTI: "SM",1
			> AT+CMGD=1,4
			< OK
			> AT+CPMS?
			< +CPMS: "SM",0,2,"SM",0,2,"SM",0,2
			< OK`)
	})
}
