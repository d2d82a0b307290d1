package modemtest

// Huawei is a USB stick of the E-series: it chatters, counts its stores from 0,
// offers mode 2 and knows it only by name.
var Huawei = Profile{
	Name:         "huawei",
	Manufacturer: "huawei", Model: "E1550", Revision: "11.608.12.10.209",
	CNMI:     [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CSMS:     []int{0, 1},
	Memories: []string{"SM", "ME"}, FirstIndex: 0, // gammu atgen.c
	Boot:  []string{"^BOOT:27710117,0,0,0,75", "^SRVST:2"},
	Ready: []string{"^SIMST:1"},
	// The names of gammu atgen.c; gammu #4, #126 and #138 hang on them.
	Noise: []string{
		"^RSSI:19", "^HCSQ:\"WCDMA\",30,30,35", "^MODE:5,4", "^BOOT:27710117,0,0,0,75",
		"^DSFLOWRPT:0000002A,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800",
		"^CSNR:0,0", "^SRVST:2", "^STIN:0,0,0", "^NWTIME:26/11/26,07:50:00+04,00",
	},
	Full:      "^SMMEMFULL: %q",
	Unknown:   "COMMAND NOT SUPPORT", // gammu #216
	CMS:       map[int]int{314: 515}, // "please wait, init in progress": smstools modeminit.c
	Carets:    true,
	NoCNMAPDU: true, // oFono drivers/atmodem/sms.c
	USB: USB{ // chan_dongle pdiscovery.c
		VID: 0x12d1, PID: 0x1001, Manufacturer: "HUAWEI Technology", Product: "HUAWEI Mobile",
		Interfaces: []USBInterface{serial(PPPPort), serial(Diag), serial(ATPort)}, // interface 1 is for voice
	},
	Renumbers: true, // gammu #552, #687
}

// HuaweiStick is a later one, whose functions tell by their class what they are
// (ModemManager and oFono go by that), and whose unsolicited codes go to its
// other AT terminal (smslib).
var HuaweiStick = func() Profile {
	p := Huawei
	p.Name, p.Model = "huawei-stick", "E171"
	p.PortSel = true
	p.USB.PID = 0x1506
	p.USB.Interfaces = []USBInterface{
		{0xff, 0x02, 0x01, "option", PPPPort},
		{0xff, 0x02, 0x02, "option", ATPort},
		{0xff, 0x02, 0x03, "option", Diag},
	}
	return p
}()
