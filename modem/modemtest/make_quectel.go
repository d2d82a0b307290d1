package modemtest

// Quectel is an LTE module of the EC2x family. A second +CNMA for one message
// gets CMS 340 (EC25 AT manual, p. 136), as it does from all of these.
var Quectel = Profile{
	Name:         "quectel",
	Manufacturer: "Quectel", Model: "EC25", Revision: "EC25EFAR06A06M4G",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	DefaultCNMI: [5]int{2, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"ME", "MT", "SM"}, FirstIndex: 0,
	Boot:  []string{"RDY", "+CFUN: 1"},
	Ready: []string{"+CPIN: READY", "+QUSIM: 1"},
	Done:  []string{"+QIND: SMS DONE", "+QIND: PB DONE"}, // EC25 AT manual
	Noise: []string{"+QIND: \"csq\",20,99", "+QIND: PB DONE"},
	USB: USB{ // ModemManager; classes as in Linux, drivers/usb/serial/option.c
		VID: 0x2c7c, PID: 0x0125, Manufacturer: "Quectel, Incorporated", Product: "EG25-G",
		Interfaces: []USBInterface{
			serial(Diag),
			{0xff, 0x00, 0x00, "option", GNSS},
			{0xff, 0x00, 0x00, "option", ATPort},
			{0xff, 0x00, 0x00, "option", PPPPort},
			{0xff, 0xff, 0xff, "qmi_wwan", NoTTY},
		},
	},
	Renumbers: true,
}

// EG25 is the one of the PinePhone, which hands out each message up to eight
// times: pinephone_modem_sdk #82, #116, #248.
var EG25 = func() Profile {
	p := Quectel
	p.Name, p.Model, p.Revision = "eg25", "EG25", "EG25GGBR07A08M2G"
	p.Copies = 8
	return p
}()

// M26 is a GSM module on a UART. All that it says of itself is as in
// warthog618/modem #17.
var M26 = Profile{
	Name:         "m26",
	Manufacturer: "FOXCOM MODEM", Model: "Quectel_M26", Revision: "Revision: M26FBR03A06-TTS",
	CNMI:        [5][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 2, 3}, {0, 1, 2}, {0, 1}},
	DefaultCNMI: [5]int{2, 1, 0, 0, 0},
	CSMS:        []int{0, 128}, // and 128 asks for +CNMA, the bare one: oFono drivers/atmodem/sms.c
	CNMA:        []string{""},
	Memories:    []string{"SM", "ME", "MT"}, FirstIndex: 1,
	Boot:  []string{"RDY", "+CFUN: 1"},
	Ready: []string{"+CPIN: READY"},
	Done:  []string{"Call Ready"},
}
