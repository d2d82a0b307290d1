package modem

import (
	"context"
	"io"
	"time"

	"github.com/rs/zerolog"
)

// Port is the line to a modem: a tty, a pipe, a TCP connection. Where it has
// SetWriteDeadline, that bounds its writes; where not, a write that hangs is
// ended by Close.
type Port interface{ io.ReadWriteCloser }

// ReceiveMode says how short messages come from the modem.
type ReceiveMode int

const (
	// ReceiveAuto is store mode where the modem has a store, else direct mode.
	ReceiveAuto ReceiveMode = iota
	// ReceiveStore: the modem stores a message (+CMTI); it is read, and
	// deleted by Accept.
	ReceiveStore
	// ReceiveDirect: the modem hands a message on (+CMT); Accept acknowledges
	// it to the network (+CNMA).
	ReceiveDirect
)

// PINGuard stands between a PIN and a SIM that locks after three wrong ones.
type PINGuard interface {
	// Try returns true exactly once for a pair, and has recorded it durably
	// before. digest is SHA-256 over the ICCID, a zero octet and the PIN.
	Try(iccid string, digest [32]byte) (bool, error)
}

// A PINGuard may also be a PINConfirmer: it is told that the SIM took the PIN,
// so that the pair is no risk and may be tried again after a power cycle.
type PINConfirmer interface {
	Confirm(iccid string, digest [32]byte) error
}

// Options of a Modem. The zero value works.
type Options struct {
	Name     string // in logs
	Receive  ReceiveMode
	PIN      func() (string, error) // nil: no PIN is known
	PINGuard PINGuard               // required for PIN to be used
	SMSC     string                 // service centre to set (+CSCA), "" leaves the SIM's
	Sweep    time.Duration          // interval of looking into the stores, default 5 min

	// Trace is given every line in both directions, in order, the PIN masked.
	// It must not block. May be nil.
	Trace func(sent bool, line string)
	// Status is called on each change of the status, from goroutines of Run.
	// It must not block. May be nil.
	Status func(Status)
	Log    zerolog.Logger
}

// Identity is what the modem and its SIM say about themselves; what they do
// not say is "".
type Identity struct {
	Manufacturer, Model, Revision string
	IMEI, IMSI, ICCID             string
	Number                        string // own number (+CNUM), as the SIM has it
	SMSC                          string // service centre address (+CSCA)
}

// Kind of a received short message.
type Kind int

const (
	Message Kind = iota // SMS-DELIVER
	Report              // SMS-STATUS-REPORT
)

// Received is one short message from the modem.
type Received struct {
	Kind   Kind
	Mode   []byte // PDU-mode octets (SMSC field and TPDU); nil when Text is no hex
	Text   string // as the modem gave it
	Length int    // octets of the TPDU as the modem said, -1 unknown
	Stored bool   // lies in the modem's store at Mem, Index
	Mem    string // "SM", "ME", …
	Index  int

	id uint64 // of a direct one: which acknowledgement is meant
}

// Modem is one modem on one line.
type Modem struct {
	port Port
	opt  Options
}

// New returns a Modem on p. It starts nothing and does not touch p.
func New(p Port, o Options) *Modem {
	if o.Sweep <= 0 {
		o.Sweep = 5 * time.Minute
	}
	return &Modem{port: p, opt: o}
}

// Run brings the modem up and serves it. It owns the port and closes it. It
// ends when the line is lost, the modem cannot be brought up or falls silent
// or restarts (an error says which), or ctx ends (nil).
func (m *Modem) Run(ctx context.Context) error { panic("not yet") }

// Ready is closed when the modem has been brought up: SIM ready, PDU mode,
// reception set up. Whether it is registered stands in Status.
func (m *Modem) Ready() <-chan struct{} { panic("not yet") }

// Identity of the modem and its SIM, complete after Ready.
func (m *Modem) Identity() Identity { panic("not yet") }

// Status as last seen.
func (m *Modem) Status() Status { panic("not yet") }

func (m *Modem) Send(ctx context.Context, mode []byte, more bool) (mr byte, err error) {
	panic("not yet")
}

func (m *Modem) Receive(ctx context.Context) (Received, error) { panic("not yet") }
func (m *Modem) Accept(ctx context.Context, r Received) error  { panic("not yet") }
func (m *Modem) Refuse(r Received)                             { panic("not yet") }
