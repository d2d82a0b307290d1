package modemtest

// A Profile is how a make of modem differs from the standard, all the time.
// Where it differs once, that is a [Fault].
type Profile struct {
	Name                          string
	Manufacturer, Model, Revision string

	CNMI        [5][]int // what +CNMI=? offers, and takes
	DefaultCNMI [5]int
	CSMS        []int    // services; without 1 there is no +CNMA
	Memories    []string // the first is the default
	FirstIndex  int      // of the stores

	Boot   []string // URCs after a reset
	Ready  []string // URCs after the PIN
	Noise  []string // URCs at any time: ModemOptions.NoiseEvery
	EOL    string   // ends every line; S3 S4 when empty
	Prompt string   // "\r\n> " when empty

	Unknown       string // final result code for a command it does not know; ERROR when empty
	NoCMMS        bool   // +CMMS is unknown to it
	NoCNMAPDU     bool   // +CNMA=1,len hangs up: PDU form broken
	NoCNMAForCMT  bool   // +CNMA after +CMT is refused though CSMS=1
	EmptyOK       bool   // +CMGR of an empty index is OK without a message
	MinusOne      bool   // +CMTI: "SM",-1
	Twice         bool   // each message as +CMT and, stored, as +CMTI too
	AcksBuffered  bool   // gives the network its RP-ACK for what waits in its buffer
	ShowsType0    bool   // hands Type-0 messages (TP-PID 40) to the TE
	KeepsCREGForm bool   // +CREG: <stat>,"lac","ci" URCs although mode is 1

	USB USB // how it shows itself on the bus; none: it hangs on a UART
}

// USB is what a make looks like before anybody has opened one of its terminals.
type USB struct {
	VID, PID              uint16
	Manufacturer, Product string
	Serial                bool // each has a serial number of its own
	Interfaces            []USBInterface
}

// A USBInterface is one function of a stick. Its number is its place in the list.
type USBInterface struct {
	Class, Subclass, Protocol uint8
	Driver                    string // of Linux, "option" or "cdc_acm"; "" none
	Role                      Role   // what its terminal speaks
}

// Role is what a terminal of a modem speaks.
type Role int

const (
	NoTTY   Role = iota // no terminal at all: storage, network
	ATPort              // AT: the modem
	ATToo               // AT as well, without unsolicited codes
	PPPPort             // AT until it is dialled
	GNSS                // NMEA sentences, whatever is written to it
	Diag                // binary; what is written to it may wedge the modem
)

// Generic is a modem by the book, with everything that the book has.
var Generic = Profile{
	Name:         "generic",
	Manufacturer: "wvsms", Model: "SIM-ulated", Revision: "1.0",
	CNMI:     [5][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CSMS:     []int{0, 1},
	Memories: []string{"SM", "ME", "MT"}, FirstIndex: 1,
}

// Huawei is a USB stick of the E-series: it chatters, counts its stores from 0,
// offers mode 2 and knows it only by name.
var Huawei = Profile{
	Name:         "huawei",
	Manufacturer: "huawei", Model: "E1550", Revision: "11.608.12.10.209",
	CNMI:     [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	CSMS:     []int{0, 1},
	Memories: []string{"SM", "ME"}, FirstIndex: 0,
	Boot:      []string{"^BOOT:27710117,0,0,0,75", "^SIMST:1", "^SRVST:2"},
	Ready:     []string{"^SIMST:1"},
	Noise:     []string{"^RSSI:19", "^HCSQ:\"WCDMA\",30,30,35", "^MODE:5,4", "^BOOT:27710117,0,0,0,75", "^DSFLOWRPT:0000002A,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800", "^CSNR:0,0"},
	Unknown:   "COMMAND NOT SUPPORT",
	NoCNMAPDU: true,
}

// Quectel is an LTE module of the EC2x family.
var Quectel = Profile{
	Name:         "quectel",
	Manufacturer: "Quectel", Model: "EC25", Revision: "EC25EFAR06A06M4G",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1, 2}, {0, 1}},
	DefaultCNMI: [5]int{2, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"ME", "MT", "SM"}, FirstIndex: 0,
	Boot:  []string{"RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE", "+QIND: PB DONE"},
	Ready: []string{"+CPIN: READY", "+QIND: SMS DONE", "+QIND: PB DONE"},
	Noise: []string{"+QIND: \"csq\",20,99", "+QIND: PB DONE"},
}

// SIMCom is a GSM module of the SIM800 family: no mode 3, ds 0 and 1 only, and
// it refuses the +CNMA that it ought to wait for.
var SIMCom = Profile{
	Name:         "simcom",
	Manufacturer: "SIMCOM_Ltd", Model: "SIMCOM_SIM800L", Revision: "1418B05SIM800L24",
	CNMI:        [5][]int{{0, 1, 2}, {0, 1, 2, 3}, {0, 2}, {0, 1}, {0, 1}},
	DefaultCNMI: [5]int{2, 1, 0, 0, 0},
	CSMS:        []int{0, 1},
	Memories:    []string{"SM", "ME", "MT"}, FirstIndex: 1,
	Boot:         []string{"RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready"},
	Ready:        []string{"+CPIN: READY", "Call Ready", "SMS Ready"},
	Noise:        []string{"UNDER-VOLTAGE WARNNING", "+CSQN: 20,0"},
	NoCNMAForCMT: true,
	EmptyOK:      true,
}

// Profiles are all of them.
var Profiles = []Profile{Generic, Huawei, Quectel, SIMCom}
