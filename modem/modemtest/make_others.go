package modemtest

import "time"

// HE910 is an UMTS module of Telit. A message that is not acknowledged within 17 s
// gets RP-ERROR, and <mt> and <ds> become 0 (Telit LE910 AT commands, +CNMA).
// The other thing that users see of them is [Modem.Stick] with Refusing.
var HE910 = Profile{
	Name:         "he910",
	Manufacturer: "Telit", Model: "HE910-D", Revision: "12.00.004",
	CNMI:        [5][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 2, 3}, {0, 1, 2}, {0, 1}},
	DefaultCNMI: [5]int{0, 0, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"SM", "ME"}, FirstIndex: 1,
	AckTime: 17 * time.Second,
	USB: USB{ // oFono plugins/udevng.c has 0 and 6
		VID: 0x1bc7, PID: 0x0021, Manufacturer: "Telit", Product: "6 CDC-ACM + 1 CDC-ECM",
		Interfaces: append(append(acm(ATPort), other, other, other, other), acm(ATToo)...),
	},
	Renumbers: true,
}

// Fastrack is a GSM modem of Wavecom on a UART.
var Fastrack = Profile{
	Name:         "fastrack",
	Manufacturer: "WAVECOM MODEM", Model: "MULTIBAND  900E  1800", Revision: "532a09gg.2C2 1828120 040802 18:22", // gammu #407
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2}, {0, 1}},
	DefaultCNMI: [5]int{0, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"SM"}, FirstIndex: 1,
	OneMemory: true, // oFono drivers/atmodem/sms.c, for the Q2 inside
	SMSTime:   6 * time.Second,
	Boot:      []string{"+WIND: 3"},
	Done:      []string{"+WIND: 7", "+WIND: 4"},
	// 512 weak signal, 513 radio lost, 514 congestion, 515 please wait: smstools modeminit.c
	CMS: map[int]int{331: 512, 332: 513, 42: 514, 314: 515},
}

// TOBY is an LTE module of u-blox that says nothing for up to 20 s, and +READY
// then (ModemManager, plugins/ublox).
var TOBY = Profile{
	Name:         "toby",
	Manufacturer: "u-blox", Model: "TOBY-L4906", Revision: "40.20",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2, 3}, {0, 1, 2}, {0, 1}},
	DefaultCNMI: [5]int{1, 0, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"ME", "SM", "MT"}, FirstIndex: 1,
	Deaf: 20 * time.Second,
	Boot: []string{"+READY"},
	USB: USB{ // ModemManager: 6 speaks AT, 2, 4 and 8 are none of ours, of 0 it says nothing
		VID: 0x1546, PID: 0x1010, Manufacturer: "u-blox", Product: "TOBY-L4",
		Interfaces: append(append(append(append([]USBInterface{other, other}, acm(Diag)...), acm(Diag)...), acm(ATPort)...), acm(Diag)...),
	},
	Renumbers: true,
}
