package modemtest

import "time"

// siemensCMS are numbers that Siemens gave meanings of its own: gammu atgen.c.
// 532 the SIM is not ready, 549 the length of the PDU.
var siemensCMS = map[int]int{314: 532, 304: 549}

// MC75i is a GSM module on a UART. Its lists are as in gammu PR #1207.
var MC75i = Profile{
	Name:         "mc75i",
	Manufacturer: "Cinterion", Model: "MC75i", Revision: "REVISION 02.000",
	CNMI:        [5][]int{{0, 1, 2, 3}, {0, 1}, {0, 2, 3}, {0, 2}, {1}},
	DefaultCNMI: [5]int{0, 0, 0, 0, 1},
	CSMS:        []int{0, 1},
	Memories:    []string{"ME", "SM", "MT"}, FirstIndex: 1,
	ReceiveMems: []string{"SM", "MT"},
	CMS:         siemensCMS,
	SMSTime:     5 * time.Second,
	Boot:        []string{"^SYSSTART"},
}

// PHS8 is its successor on USB.
var PHS8 = Profile{
	Name:         "phs8",
	Manufacturer: "Cinterion", Model: "PHS8-P", Revision: "REVISION 03.001",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0}, {0, 1, 2}, {1}}, // <bm> 0: oFono; <bfr> 1: warthog618/modem #8
	CNMIPhase:   true,                                                   // warthog618/modem #8
	DefaultCNMI: [5]int{0, 0, 0, 0, 1},
	CSMS:        []int{0, 1},
	CNMA:        []string{"=0", "=1"}, // =1 in oFono, =0 in warthog618/modem #8: the bare one is for text mode
	CMS:         siemensCMS,
	Memories:    []string{"ME", "SM", "MT"}, FirstIndex: 1,
	ReceiveMems: []string{"SM", "MT"}, // as MC75i
	Boot:        []string{"^SYSSTART"},
	NoCMMS:      true, // oFono drivers/atmodem/sms.c
	BareCMT:     true, // the same
	USB: USB{ // ModemManager has 1, oFono plugins/udevng.c 2 and 3
		VID: 0x1e2d, PID: 0x0053, Manufacturer: "Cinterion", Product: "PH8",
		Interfaces: []USBInterface{other, serial(GNSS), serial(ATPort), serial(PPPPort)},
	},
	Renumbers: true,
}
