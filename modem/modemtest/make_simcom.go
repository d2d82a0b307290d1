package modemtest

import "time"

// SIMCom is a GSM module of the SIM800 family.
var SIMCom = Profile{
	Name:         "simcom",
	Manufacturer: "SIMCOM_Ltd", Model: "SIMCOM_SIM800L", Revision: "1418B05SIM800L24",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1}, {0, 1}}, // no <ds> 2: faucamp/python-gsmmodem #60, #61
	DefaultCNMI: [5]int{2, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"SM", "ME", "MT"}, FirstIndex: 1,
	Boot:         []string{"RDY", "+CFUN: 1"},
	Ready:        []string{"+CPIN: READY"},
	Done:         []string{"Call Ready", "SMS Ready"}, // Seeed-Studio/GPRS_SIM900 #39
	Noise:        []string{"UNDER-VOLTAGE WARNNING", "+CSQN: 20,0"},
	Full:         "+SMS FULL",
	CMS:          map[int]int{314: 517}, // while it starts: user reports only
	NoCNMAForCMT: true,                  // oFono drivers/atmodem/sms.c
	EmptyOK:      true,
}

// SIM800 is one that has just got its power: it refuses what has to do with
// messages until it says SMS Ready (Seeed-Studio/GPRS_SIM900 #39, smstools).
var SIM800 = func() Profile {
	p := SIMCom
	p.Name, p.Model = "sim800", "SIMCOM_SIM800C"
	p.Deaf, p.SIMTime, p.SMSTime = 3*time.Second, 4*time.Second, 8*time.Second
	return p
}()

// SIM7600 is an LTE module.
var SIM7600 = Profile{
	Name:         "sim7600",
	Manufacturer: "SIMCOM INCORPORATED", Model: "SIMCOM_SIM7600E-H", Revision: "LE20B03SIM7600M22",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CNMIRefused: []string{"2,"}, // oFono drivers/atmodem/sms.c: offered, and an error when it is used
	DefaultCNMI: [5]int{1, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"ME", "MT", "SM"}, FirstIndex: 0,
	SMSTime:      8 * time.Second,
	Boot:         []string{"RDY"},
	Ready:        []string{"+CPIN: READY"},
	Done:         []string{"SMS DONE", "PB DONE"}, // LilyGO's examples wait for the first
	Full:         "+SMS FULL",
	MinusOne:     true, // LilyGO-T-SIM7600X #63
	NoCNMAForCMT: true, // oFono drivers/atmodem/sms.c
	USB: USB{ // ModemManager
		VID: 0x1e0e, PID: 0x9001, Manufacturer: "SimTech, Incorporated", Product: "SimTech, Incorporated", Serial: true,
		Interfaces: []USBInterface{serial(Diag), serial(GNSS), serial(ATPort), serial(ATToo), serial(Diag)}, // the last is for voice
	},
	Renumbers: true,
}

// A7670E is an LTE module on a UART.
var A7670E = Profile{
	Name:         "a7670e",
	Manufacturer: "INCORPORATED", Model: "A7670E-LASE", Revision: "A011B12A7670M7", // LilyGo-Modem-Series #155
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CNMIRefused: []string{"2,2,0,1,0"}, // morgverd/sms-server #12
	DefaultCNMI: [5]int{2, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"SM", "ME", "MT"}, FirstIndex: 0,
	Boot:   []string{"*ATREADY: 1"}, // LilyGo-Modem-Series #247
	Ready:  []string{"+CPIN: READY"},
	Done:   []string{"SMS DONE"},
	Full:   "+SMS FULL", // LilyGo-Modem-Series #184
	Copies: 2,           // two +CMTI, or two +CMT: LilyGo-Modem-Series #155
}

// A7670EUBL is sold as the same module, and has no short messages:
// LilyGo-Modem-Series #247, #254.
var A7670EUBL = func() Profile {
	p := A7670E
	p.Name, p.Manufacturer, p.Model = "a7670e-ubl", "SIMCOM INCORPORATED", "A7670E-LNXY-UBL"
	p.Revision = "23110B01A7670M4A_CUS_UBIA_91530228"
	p.Done = nil
	p.NoSMS = true
	return p
}()
