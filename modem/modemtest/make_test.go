package modemtest

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// What each make does that the book does not have.
func TestHabits(t *testing.T) {
	for name, test := range map[string]struct {
		profile Profile
		script  string
		text    bool // is sent to it after that
		then    string
	}{
		"a7670e stores it twice": {A7670E, "> AT+CNMI=2,1,0,0,0\n< OK", true, `
			< +CMTI: "SM",0
			< +CMTI: "SM",1`},
		"a7670e hands it on twice": {A7670E, "> AT+CNMI=2,2,0,1,0\n< +CMS ERROR: 303\n> AT+CNMI=2,2,0,0,0\n< OK", true, `
			< +CMT: ,18
			<~ ` + deliverLine + `
			< +CMT: ,18
			<~ ` + deliverLine},
		"a7670e-ubl has no SMS": {A7670EUBL, `
			> AT+CMGF=0
			< ERROR
			> AT+CMGS=20
			< ERROR
			> AT+CREG?
			< +CREG: 0,1
			< OK`, false, ""},
		"sim7600 does not know where": {SIM7600, `
			~ 9s
			> AT+CNMI=2,1,0,0,0
			< +CMS ERROR: 303
			> AT+CNMI=1,1,0,0,0
			< OK`, true, `< +CMTI: "ME",-1`},
		"sim800 starts slowly": {SIM800, `
			~ 3s
			< RDY
			< +CFUN: 1
			> AT+CMGL=4
			< +CMS ERROR: 517
			~ 4s
			< +CPIN: READY
			~ 8s
			< Call Ready
			< SMS Ready
			> AT+CNMI=2,1,0,2,0
			< +CMS ERROR: 303
			> AT+CMGL=4
			< OK`, false, ""},
		"huawei is quiet when told": {Huawei, `
			> AT^CURC=0
			< OK
			~ 10m
			> AT+NOSUCH
			< COMMAND NOT SUPPORT`, false, ""},
		"huawei-stick speaks elsewhere": {HuaweiStick, "> AT^CURC=0\n< OK\n> AT+CNMI=2,1\n< OK", true, `
			~ 1s
			> AT+CMGR=0
			< +CMGR: 0,,18
			<~ ` + deliverLine + `
			< OK`},
		"huawei-stick, told to speak here": {HuaweiStick, "> AT^CURC=0\n< OK\n> AT^PORTSEL=1\n< OK\n> AT+CNMI=2,1\n< OK", true, `
			< +CMTI: "SM",0`},
		"qualcomm offers mode 2": {Qualcomm, `
			> AT+CNMI=?
			< +CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)
			< OK
			> AT+CNMI=2,1,0,0,0
			< +CMS ERROR: 303
			> AT+CNMI=1,1,0,0,0
			< OK`, false, ""},
		"m26 has service 128": {M26, `
			> AT+CSMS=?
			< +CSMS: (0,128)
			< OK
			> AT+CSMS=1
			< +CMS ERROR: 303
			> AT+CSMS=128
			< +CSMS: 1,1,1
			< OK
			> AT+CNMI=2,2
			< OK`, true, `
			< +CMT: ,18
			<~ ` + deliverLine + `
			> AT+CNMA=0
			< ERROR
			> AT+CNMA
			< OK`},
		"quectel expects one +CNMA": {Quectel, "> AT+CSMS=1\n< +CSMS: 1,1,1\n< OK\n> AT+CNMI=2,2\n< OK", true, `
			< +CMT: ,18
			<~ ` + deliverLine + `
			> AT+CNMA
			< OK
			> AT+CNMA
			< +CMS ERROR: 340`},
		"mc75i buffers one way": {MC75i, `
			> AT+CMGL=4
			< +CMS ERROR: 532
			~ 5s
			> AT+CPMS=?
			< +CPMS: ("ME","SM","MT"),("ME","SM","MT"),("SM","MT")
			< OK
			> AT+CPMS="ME","ME","ME"
			< +CMS ERROR: 302
			> AT+CPMS="ME","ME","SM"
			< +CPMS: 0,100,0,100,0,30
			< OK
			> AT+CNMI=2,1,0,2,0
			< +CMS ERROR: 303
			> AT+CNMI=2,1,0,2,1
			< OK
			> AT+CMGS=500
			< +CMS ERROR: 549`, false, ""},
		"phs8 wants its service first": {PHS8, `
			> AT+CNMI=2,2,0,1,1
			< +CMS ERROR: 303
			> AT+CSMS=1
			< +CSMS: 1,1,1
			< OK
			> AT+CNMI=2,2,0,1,1
			< OK
			> AT+CMMS=1
			< ERROR`, true, `
			< +CMT: 18
			<~ ` + deliverLine + `
			> AT+CNMA
			< ERROR
			> AT+CNMA=1
			< OK`},
		"he910 waits 17 s": {HE910, "> AT+CSMS=1\n< +CSMS: 1,1,1\n< OK\n> AT+CNMI=2,2,0,1,0\n< OK", true, `
			< +CMT: ,18
			<~ ` + deliverLine + `
			~ 16s
			> AT+CNMI?
			< +CNMI: 2,2,0,1,0
			< OK
			~ 2s
			> AT+CNMI?
			< +CNMI: 2,0,0,0,0
			< OK`},
		"fastrack has one memory": {Fastrack, `
			~ 7s
			> AT+CPMS=?
			< +CPMS: (("SM","BM","SR"),("SM"))
			< OK
			> AT+CPMS="SM","SM"
			< +CMS ERROR: 302
			> AT+CPMS="SM"
			< +CPMS: 0,30,0,30
			< OK`, false, ""},
		"toby is deaf": {TOBY, "~ 20s\n< +READY\n> AT\n< OK", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, AirOptions{}, ModemOptions{Profile: test.profile}, func(l *lab) {
				script := quietly + test.script
				if test.profile.Deaf > 0 { // it would not hear that
					script = strings.Replace(test.script, "> ", quietly+"> ", 1)
				}
				l.talk(script)
				if test.text {
					l.text("+491702", "hi")
				}
				l.talk(test.then)
			})
		})
	}
}

// ZTE writes a comma into +CDS; Novatel does not take +CNMA for it, and hangs when
// it has waited long enough. Both store reports when they are told to.
func TestReportHabits(t *testing.T) {
	for name, test := range map[string]struct {
		profile Profile
		ds      string
		script  string
		hangs   bool
	}{
		"zte hands on":     {ZTE, "1", "< +CDS: ,22\n<~ [0-9A-F]+\n> AT+CNMA\n< OK", false},
		"zte stores":       {ZTE, "2", `< +CDSI: "SM",1`, false},
		"novatel hands on": {Novatel, "1", "< +CDS: 22\n<~ [0-9A-F]+\n> AT+CNMA\n< +CMS ERROR: 340\n~ 16s\n> AT", true},
		"novatel stores":   {Novatel, "2", "< +CDSI: \"SM\",0\n~ 1m\n> AT\n< OK", false},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, AirOptions{}, ModemOptions{Profile: test.profile}, func(l *lab) {
				l.air.NewHandset("+491702", nil)
				l.talk(quietly + `
					> AT+CSMS=1
					< +CSMS: 1,1,1
					< OK
					> AT+CNMI=1,1,0,` + test.ds + `,0
					< OK
					> AT+CMGS=16
					<< "\r\n> "
					> ` + strings.Replace(helloTo491702, "11", "31", 1) + `^Z
					< +CMGS: 1
					< OK`)
				l.talk(test.script)
				l.te.SetReadDeadline(time.Now().Add(time.Hour))
				if n, err := l.te.Read(make([]byte, 1)); test.hangs && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("it says something yet: %d octets, %v", n, err)
				}
			})
		})
	}
}

// A stick leaves the bus with +CFUN=1,1, after the OK.
func TestRenumbers(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{Profile: ZTE}, func(l *lab) {
		l.talk(quietly + "> AT+CFUN=1,1\n< OK")
		time.Sleep(time.Second)
		synctest.Wait()
		if _, err := l.te.Read(make([]byte, 1)); err == nil {
			t.Error("the line is there yet")
		}
	})
}

// Every stranger can be told by its seed, has the class of a modem, and keeps what
// makes it one.
func TestStranger(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(100) {
		p := Stranger(seed)
		if q, ok := FindProfile(p.Name); !ok || q.Model != p.Model || len(q.Refuses) != len(p.Refuses) {
			t.Errorf("%s found as %+v, %v", p.Name, q, ok)
		}
		if i := p.USB.Interfaces[0]; i.Class != 2 || i.Subclass != 2 || i.Role != ATPort {
			t.Errorf("%s: interface %+v", p.Name, i)
		}
		for _, needed := range []string{"+CPIN", "+CMGF", "+CMGS"} {
			if p.Refuses[needed] != "" {
				t.Errorf("%s refuses AT%s", p.Name, needed)
			}
		}
		has := func(names ...string) bool {
			for _, n := range names {
				if p.Refuses[n] != "" {
					return false
				}
			}
			return true
		}
		switch {
		case has("+CNMI", "+CMGR", "+CMGD") && p.CNMI[1][1] == 1:
			kinds["told"]++
		case has("+CMGL", "+CMGR", "+CMGD"):
			kinds["looked for"]++
		case has("+CNMI") && p.CNMI[1][1] == 2:
			kinds["handed on"]++
		default:
			t.Errorf("%s has no way to tell of a message: %v", p.Name, p.Refuses)
		}
	}
	if len(kinds) != 3 {
		t.Errorf("ways to tell of messages: %v", kinds)
	}
}

// Profiles have names of their own, and a stick looks like one.
func TestMakes(t *testing.T) {
	names := map[string]bool{}
	for _, p := range Profiles {
		if names[p.Name] {
			t.Errorf("%s is there twice", p.Name)
		}
		names[p.Name] = true
		at := 0
		for _, i := range p.USB.Interfaces {
			if i.Role == ATPort {
				at++
			}
			if i.Role != NoTTY && i.Driver == "" {
				t.Errorf("%s: %+v", p.Name, i)
			}
		}
		if onBus := p.USB.VID != 0; onBus != (at == 1) || onBus != p.Renumbers {
			t.Errorf("%s: %04x:%04x with %d AT terminals, renumbers %v", p.Name, p.USB.VID, p.USB.PID, at, p.Renumbers)
		}
	}
}
