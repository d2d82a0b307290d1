package modemtest

import "time"

// A Profile is how a make of modem differs from the standard, all the time.
// Where it differs once, that is a [Fault].
//
// What a make does wrong has its source beside it, in the file of that make:
// a habit that nobody has seen proves nothing. How long things take nobody
// writes down; such times are ours.
type Profile struct {
	Name                          string
	Manufacturer, Model, Revision string

	CNMI        [5][]int // what +CNMI=? offers, and takes
	CNMIRefused []string // what it offers, and refuses when it is set: beginnings of the five values
	CNMIPhase   bool     // <mt> 2 and 3 and <ds> 1 are refused before +CSMS=1
	DefaultCNMI [5]int
	CSMS        []int    // services; without 1 or 128 there is no +CNMA
	CSMSShort   bool     // +CSMS? leaves <service> out
	Memories    []string // the first is the default
	ReceiveMems []string // <mem3>, where that is another list
	OneMemory   bool     // +CPMS takes <mem1> alone, and its lists have a bracket too many
	FirstIndex  int      // of the stores
	NoStore     bool     // what it cannot hand on it does not take

	Deaf    time.Duration // from power to the first answer: ModemOptions.BootTime, at the first Serve too
	SIMTime time.Duration // from there to a SIM that answers: ModemOptions.SIMTime
	SMSTime time.Duration // from there to a store that does
	AckTime time.Duration // ModemOptions.AckTime

	Boot   []string // URCs with the first answer after a start
	Ready  []string // URCs when the SIM answers, after a start or the PIN
	Done   []string // URCs when the store does
	Noise  []string // URCs at any time: ModemOptions.NoiseEvery
	Full   string   // URC of a full store, %q its name
	EOL    string   // ends every line; S3 S4 when empty
	Prompt string   // "\r\n> " when empty

	Unknown  string            // final result code for a command it does not know; ERROR when empty
	Refuses  map[string]string // commands that it does not do, and the final result code for each
	CMS      map[int]int       // +CMS ERROR of its own, by that of TS 27.005 3.2.5
	NoSMS    bool              // registers, and has no short messages
	Carets   bool              // takes ^CURC, ^PORTSEL and their like
	Own      []string          // commands of its own that it takes, without effect
	PortSel  bool              // URCs come at another terminal until ^PORTSEL=1
	NoCMMS   bool              // +CMMS is unknown to it
	EmptyOK  bool              // +CMGR of an empty index is OK without a message
	MinusOne bool              // +CMTI: "SM",-1

	CNMA         []string // forms that it takes, "", "=0", "=1"; nil is all
	NoCNMAPDU    bool     // +CNMA=1,len hangs up: PDU form broken
	NoCNMAForCMT bool     // +CNMA after +CMT is refused though CSMS=1
	CDSWedges    bool     // +CNMA after +CDS is refused, and without one it hangs until it is switched off
	BareCMT      bool     // +CMT: <length>, without <alpha>
	CommaCDS     bool     // +CDS: ,<length>

	Copies        int  // of each message, each with a +CMT or +CMTI of its own; 1 when 0
	Twice         bool // each message as +CMT and, stored, as +CMTI too
	AcksBuffered  bool // gives the network its RP-ACK for what waits in its buffer
	ShowsType0    bool // hands Type-0 messages (TP-PID 40) to the TE
	KeepsCREGForm bool // +CREG: <stat>,"lac","ci" URCs although mode is 1

	USB       USB  // how it shows itself on the bus; none: it hangs on a UART
	Renumbers bool // +CFUN=1,1 takes it off the bus, and it comes back under another name
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
	Driver                    string // of Linux: "option", "qcserial", "cdc_acm"; "" none
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
