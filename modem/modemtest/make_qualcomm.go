package modemtest

// Qualcomm is a stick on a chip of theirs that shows what all of these do: it
// offers <mode> 2 of +CNMI and refuses it when it is used, and takes no PDU with
// +CNMA (Gobi in oFono, drivers/atmodem/sms.c).
var Qualcomm = Profile{
	Name:         "qualcomm",
	Manufacturer: "Sierra Wireless, Incorporated", Model: "MC7455", Revision: "SWI9X30C_02.24.05.06",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CNMIRefused: []string{"2,"},
	CSMS:        []int{0, 1},
	Memories:    []string{"ME", "MT", "SM"}, FirstIndex: 0,
	NoCNMAPDU: true,
	USB: USB{ // ModemManager; there is no interface 1
		VID: 0x1199, PID: 0x9071, Manufacturer: "Sierra Wireless, Incorporated", Product: "Sierra Wireless MC7455", Serial: true,
		Interfaces: []USBInterface{
			{0xff, 0xff, 0xff, "qcserial", Diag},
			other,
			{0xff, 0x00, 0x00, "qcserial", GNSS},
			{0xff, 0x00, 0x00, "qcserial", ATPort},
		},
	},
	Renumbers: true, // 05c6:6000 drops off the bus
}

// Novatel is a stick that has to be told to store status reports: those that it
// hands on cannot be acknowledged, and wait for that (oFono, drivers/atmodem/sms.c).
var Novatel = Profile{
	Name:         "novatel",
	Manufacturer: "Novatel Wireless Incorporated", Model: "Ovation MC950D", Revision: "9.05.05.0-05",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CNMIRefused: []string{"2,"}, // the same
	CSMS:        []int{0, 1},
	CSMSShort:   true, // the same
	Memories:    []string{"SM", "ME"}, FirstIndex: 0,
	NoCNMAPDU: true, // the same
	CDSWedges: true, // the same
	USB: USB{ // oFono plugins/udevng.c: 0 is aux, 1 is modem; the id is in Linux, drivers/usb/serial/option.c
		VID: 0x1410, PID: 0x4400, Manufacturer: "Novatel Wireless Inc.", Product: "Novatel Wireless HSUPA Modem", Serial: true,
		Interfaces: []USBInterface{serial(ATPort), serial(PPPPort)},
	},
	Renumbers: true,
}

// ZTE is a stick of the MF6xx family.
var ZTE = Profile{
	Name:         "zte",
	Manufacturer: "ZTE INCORPORATED", Model: "MF626", Revision: "BD_MF626V1.0.0B04",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CNMIRefused: []string{"2,"}, // oFono drivers/atmodem/sms.c
	CSMS:        []int{0, 1},
	Memories:    []string{"SM", "ME"}, FirstIndex: 1,
	Noise:     []string{"+ZUSIMR:2", "+ZDONR: \"Test Net\",262,01,\"CS_PS\",\"ROAM_OFF\"", "+ZPASR: \"UMTS\""}, // ModemManager, plugins/zte
	Own:       []string{"+ZOPRT", "+ZCDRUN"},                                                                   // gammu atgen.c
	NoCNMAPDU: true,                                                                                            // oFono drivers/atmodem/sms.c
	CommaCDS:  true,                                                                                            // the same
	USB: USB{ // ModemManager; of interface 0 it says nothing
		VID: 0x19d2, PID: 0x0016, Manufacturer: "ZTE, Incorporated", Product: "ZTE CDMA Technologies MSM",
		Interfaces: []USBInterface{other, serial(ATToo), serial(ATPort)},
	},
	Renumbers: true,
}
