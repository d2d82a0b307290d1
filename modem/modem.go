package modem

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
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

// A PINGuard may also be a PINWitness: it keeps whether anybody knows how an attempt
// ended. One that was cut short, by kill -9 or a power cut, may never have reached the
// SIM; it is made again only if the SIM's own counter is full.
type PINWitness interface {
	// Refused: the SIM did not take the PIN.
	Refused(iccid string, digest [32]byte) error
	// Open tells whether an attempt is recorded that ended neither way.
	Open(iccid string, digest [32]byte) (bool, error)
}

// Options of a Modem. The zero value works.
type Options struct {
	Name     string // in logs
	Receive  ReceiveMode
	PIN      func() (string, error) // nil: no PIN is known
	PINGuard PINGuard               // required for PIN to be used
	SMSC     string                 // service centre to set (+CSCA), "" leaves the SIM's
	Sweep    time.Duration          // interval of looking into the stores, default 5 min
	Recovery Recovery               // done to the modem before it is brought up

	Drafts bool // offer drafts and sent messages that lie in the stores, too

	Profiles Profiles      // what is known of makes; nil: what the program brings along
	USB      string        // ids of the device, "2c7c:0125"; "": not on USB, or not known
	Boot     time.Duration // how long a modem silent at first is waited for; 0: as its make needs

	// Trace is given every line in both directions, in order, the PIN masked.
	// It must not block. May be nil.
	Trace func(sent bool, line string)
	// Status is called on each change of the status, from goroutines of Run.
	// It must not block. May be nil.
	Status func(Status)

	// Checked is called after each look at how the modem is, which it needs once a
	// minute. It must not block. May be nil.
	Checked func()

	Log zerolog.Logger

	// Probe, if not nil, is called with "submit" and "submitted" before and after
	// the writing of a PDU and its Ctrl-Z, and likewise with "CMGD" and "CMGD done",
	// "CNMA" and "CNMA done": tests end the process there.
	Probe func(point string)
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
	Draft               // of a store: written there or sent from there, not received
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
	Came   time.Time // when the modem told of it; zero: it was found in a store

	id uint64 // of one handed on, rising
}

// Modem is one modem on one line. Its methods may be called from any
// goroutine, also before Run: they wait for it.
type Modem struct {
	port  Port
	opt   Options
	log   zerolog.Logger
	jobs  *queue
	in    *inbox
	pace  *pace
	pull  chan struct{} // held by the Receive in progress: order
	ready chan struct{}
	ids   atomic.Uint64 // of the newest message handed on, whole or not

	telling sync.Mutex // changes of status are told in order
	mu      sync.Mutex
	status  Status
	trouble string // what keeps the modem from working, "" nothing
	id      Identity
	profile Profile // what is known of its make; the goroutine that executes commands may read it as it is
	agreed  Negotiated

	// What follows belongs to the goroutine that executes commands: Run while
	// it brings the modem up, then the one that does the jobs.
	x        *executor
	ear      *ear
	noCentre bool // the SIM says that it has no service centre address
	settings
}

// New returns a Modem on p. It starts nothing and does not touch p.
func New(p Port, o Options) *Modem {
	if o.Sweep <= 0 {
		o.Sweep = 5 * time.Minute
	}
	if o.Probe == nil {
		o.Probe = func(string) {}
	}
	if o.Profiles == nil {
		o.Profiles = BuiltinProfiles()
	}
	row, _ := o.Profiles.Of(o.USB, Identity{})
	return &Modem{
		port: p, opt: o, profile: row, log: o.Log.With().Str("modem", o.Name).Logger(),
		jobs: newQueue(), in: newInbox(), ready: make(chan struct{}),
		pace: newPace(o.Sweep), pull: make(chan struct{}, 1),
		status: unseen(),
	}
}

// Run brings the modem up and serves it. It owns the port and closes it. It
// ends when the line is lost, the modem cannot be brought up or falls silent
// or restarts (an error says which), or ctx ends (nil).
func (m *Modem) Run(ctx context.Context) error {
	run, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	m.ear = &ear{Port: m.port}
	m.x = newExecutor(m.ear, m.opt.Trace)
	m.x.line.probe = m.opt.Probe
	m.x.line.ignore(m.profile.Noise)

	var all sync.WaitGroup
	serve := func(f func(context.Context) error) {
		all.Go(func() {
			if err := f(run); err != nil {
				cancel(err)
			}
		})
	}
	all.Go(m.x.run)
	all.Go(func() {
		select {
		case <-run.Done():
		case <-m.x.line.dead:
			cancel(m.x.line.cause())
		}
		m.x.hangUp(context.Cause(run))
	})
	serve(m.runURCs)
	if err := m.bringUp(run); err != nil {
		cancel(err)
	} else {
		if m.direct {
			m.pace.oftenAtFirst()
		} else if m.acks.Load() || m.Identity().IMSI == "" { // reports are handed on in store mode too
			m.pace.sweepIn(afterRefusal)
		}
		close(m.ready)
		serve(func(ctx context.Context) error { return m.jobs.run(ctx, m.step) })
		serve(m.runUpkeep)
	}
	<-run.Done()
	cause := context.Cause(run) // the first one, not what it led to
	m.jobs.close(cause)
	m.in.close(cause)
	all.Wait()
	if ctx.Err() != nil {
		m.explain("stopped")
		return nil
	}
	var sim *SIMError
	if !errors.As(cause, &sim) {
		m.explain(cause.Error())
	}
	return cause
}

// step brings the line back in step after a job.
func (m *Modem) step(ctx context.Context) error {
	late, err := m.x.resync(ctx)
	if len(late) > 0 {
		m.log.Info().Strs("lines", discreetly(late)).Msg("answer came late")
	}
	return err
}

// Ready is closed when the modem has been brought up: SIM ready, PDU mode,
// reception set up. Whether it is registered stands in Status.
func (m *Modem) Ready() <-chan struct{} { return m.ready }

// Identity of the modem and its SIM, complete after Ready.
func (m *Modem) Identity() Identity {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.id
}

// Profile is what is known of the modem's make, complete after Ready.
func (m *Modem) Profile() Profile {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.profile
}
