package modemtest

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestSIM(t *testing.T) {
	quectel := Quectel
	for name, test := range map[string]struct {
		o      ModemOptions
		script string
	}{
		"without a PIN": {ModemOptions{}, `
			> AT+CPIN?
			< +CPIN: READY
			< OK
			> AT+CPIN="1234"
			< +CME ERROR: 3
			> AT+CLCK="SC",2
			< +CLCK: 0
			< OK`},
		"a locked SIM gives nothing": {ModemOptions{PIN: "1234"}, `
			> AT+CPIN?
			< +CPIN: SIM PIN
			< OK
			> AT+CIMI
			< +CME ERROR: 11
			> AT+CMGL=4
			< +CMS ERROR: 311
			> AT+CMGS=16
			< +CMS ERROR: 311
			> AT+CREG?
			< +CREG: 0,0
			< OK
			# the ICCID can be read without a PIN
			> AT+CRSM=176,12258,0,0,10
			< +CRSM: 144,0,"989400000000941907F1"
			< OK`},
		"the right PIN brings the network": {ModemOptions{PIN: "1234", Profile: quectel}, `
			> AT+CREG=1
			< OK
			> AT+CPIN="1234"
			< +CREG: 1
			< OK
			< +CPIN: READY
			< +QUSIM: 1
			< +QIND: SMS DONE
			< +QIND: PB DONE
			> AT+CIMI
			< 262000000491701
			< OK`},
		"a SIM that is slow": {ModemOptions{PIN: "1234", SIMTime: 5 * time.Second}, `
			> AT+CPIN="1234"
			< OK
			> AT+CPIN?
			< +CME ERROR: 14
			> AT+CPMS?
			< +CMS ERROR: 314
			~ 5s
			> AT+CPIN?
			< +CPIN: READY
			< OK`},
		"three wrong PINs, then the PUK": {ModemOptions{PIN: "1234", PUK: "87654321"}, `
			> AT+CPIN="0000"
			< +CME ERROR: 16
			> AT+CPINR
			< +CPINR: SIM PIN,2,3
			< +CPINR: SIM PUK,10,10
			< OK
			> AT+CPIN="0000"
			< +CME ERROR: 16
			> AT+CPIN="0000"
			< +CME ERROR: 12
			> AT+CPIN?
			< +CPIN: SIM PUK
			< OK
			> AT+CPIN="1234"
			< +CME ERROR: 16
			> AT+CPIN="87654321","4321"
			< OK
			> AT+CPIN?
			< +CPIN: READY
			< OK
			> AT+CLCK="SC",0,"4321"
			< OK
			> AT+CLCK="SC",2
			< +CLCK: 0
			< OK`},
		"who it is": {ModemOptions{IMSI: "262011234567890", ICCID: "8949012345678901234", IMEI: "353500000000001"}, `
			> AT+CGMI;+CGMM;+CGMR;+CGSN;+CIMI;+CCID;+CNUM
			< wvsms
			< SIM-ulated
			< 1.0
			< 353500000000001
			< 262011234567890
			< +CCID: 8949012345678901234
			< +CNUM: "","+491701",145
			< OK`},
	} {
		t.Run(name, func(t *testing.T) {
			if test.o.ICCID == "" {
				test.o.ICCID = "8949000000004991701"
			}
			dialogue(t, test.o, quietly+test.script)
		})
	}
}

// TestReplug: the stick is pulled out and put back, with the same SIM in it.
func TestReplug(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{PIN: "1234"}, func(l *lab) {
		l.talk(quietly + `
			> AT+CPIN="1234"
			< OK
			> AT+CPIN="0000"
			< +CME ERROR: 3
			> AT+CMGW=16
			<< "\r\n> "
			> ` + helloTo491702 + `^Z
			< +CMGW: 1
			< OK
			> AT+CMSS=1
			< +CMSS: 1
			< OK`)
		l.te.Close()
		l.te = l.plug(l.m)
		l.talk(quietly + `
			> AT+CPIN?
			< +CPIN: SIM PIN
			< OK
			> AT+CPIN="1234"
			< OK
			> AT+CMSS=1
			< +CMSS: 2
			< OK`)
	})
}

func TestRestart(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{Profile: SIMCom, BootTime: 3 * time.Second}, func(l *lab) {
		l.talk(quietly + `
			> AT+CMGF=1
			< OK
			> AT+CFUN=1,1
			< OK
			> AT
			~ 4s
			< RDY
			< +CFUN: 1
			< +CPIN: READY
			< Call Ready
			< SMS Ready
			> ATE0
			< ATE0
			< OK
			> AT+CMGF?
			< +CMGF: 0
			< OK`)
	})
}

func TestRegistration(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
		l.talk(quietly + `
			> AT+CREG=2;+CEREG=1
			< OK
			> AT+CREG?;+CEREG?
			< +CREG: 2,1,"1A2B","01C3D4E5"
			< +CEREG: 1,1
			< OK`)
		l.m.SetRegistration(3, 1) // packet service only
		l.m.SetRegistration(2, 2)
		l.m.SetSignal(99)
		l.talk(`
			< +CREG: 3
			< +CREG: 2
			< +CEREG: 2
			> AT+CSQ
			< +CSQ: 99,99
			< OK
			> AT+COPS?
			< +COPS: 0
			< OK
			> AT+CFUN=4
			< +CREG: 0
			< +CEREG: 0
			< OK`)
	})
}

// TestCoverageBringsWhatWaited: out of coverage, back again.
func TestCoverageBringsWhatWaited(t *testing.T) {
	inLab(t, AirOptions{Retry: time.Hour}, ModemOptions{}, func(l *lab) {
		l.talk(quietly + "> AT+CNMI=2,1\n< OK")
		l.m.SetRegistration(2, 2)
		l.text("+491702", "hi")
		l.talk("~ 10m\n> AT\n< OK")
		l.m.SetRegistration(5, 2)
		l.talk(`< +CMTI: "SM",1`)
	})
}

func TestProfiles(t *testing.T) {
	for name, test := range map[string]struct {
		p      Profile
		script string
	}{
		"huawei": {Huawei, `
			> AT+CNMI=?
			< +CNMI: (0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)
			< OK
			> AT^CURC=0
			< OK
			> AT+BOGUS
			< COMMAND NOT SUPPORT
			> AT+CMGW=16
			<< "\r\n> "
			> ` + helloTo491702 + `^Z
			< +CMGW: 0
			< OK`},
		"quectel": {Quectel, `
			> AT+CPMS?
			< +CPMS: "ME",0,100,"ME",0,100,"ME",0,100
			< OK`},
		"simcom": {SIMCom, `
			> AT+CNMI=2,1,0,2
			< +CMS ERROR: 303
			> AT+CMGR=1
			< OK`},
		"service 128": {func() Profile { p := Generic; p.CSMS = []int{0, 128}; return p }(), `
			> AT+CSMS=?
			< +CSMS: (0,128)
			< OK
			> AT+CSMS=1
			< +CMS ERROR: 303`},
		"no CMMS, CR CR LF, bare prompt": {func() Profile {
			p := Generic
			p.NoCMMS, p.EOL, p.Prompt = true, "\r\r\n", ">"
			return p
		}(), `
			> AT+CMMS=1
			<< "\r\r\nERROR\r\r\n"
			> AT+CMGS=16
			<< ">"
			> ^[
			<< "\r\r\nOK\r\r\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			begin := "> ATE0+CMEE=1\n<~ ATE0.*\n< OK\n"
			dialogue(t, ModemOptions{Profile: test.p}, begin+test.script)
		})
	}
}

func TestCMMSLapses(t *testing.T) {
	dialogue(t, ModemOptions{}, quietly+`
		> AT+CMMS=1
		< OK
		~ 4s
		> AT+CMMS?
		< +CMMS: 1
		< OK
		~ 2s
		> AT+CMMS?
		< +CMMS: 0
		< OK
		> AT+CMMS=2
		< OK
		~ 1h
		> AT+CMMS?
		< +CMMS: 2
		< OK`)
}

func TestNoise(t *testing.T) {
	inLab(t, AirOptions{Seed: 3}, ModemOptions{Profile: Huawei, NoiseEvery: 10 * time.Second}, func(l *lab) {
		l.talk(`
			~ 1m
			<~ \^(RSSI|HCSQ|MODE|BOOT|DSFLOWRPT|CSNR|SRVST|STIN|NWTIME):.*
			<~ \^(RSSI|HCSQ|MODE|BOOT|DSFLOWRPT|CSNR|SRVST|STIN|NWTIME):.*
			<~ \^(RSSI|HCSQ|MODE|BOOT|DSFLOWRPT|CSNR|SRVST|STIN|NWTIME):.*`)
	})
}

// TestPace: 115,200 baud are 11,520 octets a second, each way.
func TestPace(t *testing.T) {
	inLab(t, AirOptions{}, ModemOptions{Baud: 115200}, func(l *lab) {
		l.talk("> ATE0\n< ATE0\n< OK")
		synctest.Wait()
		start := time.Now()
		l.talk("> AT+CSQ\n< +CSQ: 20,99\n< OK")
		// 7 octets there; "\r\n+CSQ: 20,99\r\n\r\nOK\r\n" is 21 back, but the last
		// piece has arrived before its time on the line is over.
		got := time.Since(start)
		least, most := 7*time.Second/11520, 28*time.Second/11520
		if got < least || got > most {
			t.Errorf("it took %v, want %v to %v", got, least, most)
		}
	})
}
