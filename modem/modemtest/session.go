package modemtest

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	cr    = '\r'
	lf    = '\n'
	ctrlZ = 0x1a
	esc   = 0x1b
	// maxLine is the longest command line; V.250 leaves it to the maker.
	maxLine = 1024
	// maxData is the most that a prompt takes.
	maxData = 2048
)

var (
	errReset  = errors.New("reset the modem")
	errHangUp = errors.New("hang up the line")
)

// A session is the modem from the moment it gets a line until the line is lost.
// Its command half runs in Serve's goroutine with Modem.mu held, let go
// wherever it waits.
type session struct {
	m    *Modem
	wire *wire
	plan *agenda

	ctx    context.Context // the line
	hangUp context.CancelCauseFunc
	life   context.Context // from one reset to the next
	reset  context.CancelCauseFunc

	settings
	lastLine string   // A/ repeats it
	reserved bool     // the prompt is out: no URC may stand between
	held     []string // URCs that wait for the end of reserved
	buffered []*inbound
	pending  *pendingAck
	fault    *running // the faults of the command in execution
	mmsUntil time.Time
	hung     bool // Fault Hang, Profile.CDSWedges
	pace     pace // of the commands
	second   bool // on another terminal of the modem than the one with the URCs
}

// Serve speaks AT on rw until the line closes or ctx ends, closes rw and
// returns nil then. One Serve after the other is the stick pulled out and put
// back: settings are lost and the PIN is asked for again, while the stores and
// TP-MR remain. A modem that is not served is switched off. A Serve while
// another is under way waits for its end.
func (m *Modem) Serve(ctx context.Context, rw io.ReadWriteCloser) error {
	ctx, hangUp := context.WithCancelCause(ctx)
	s := &session{m: m, wire: newWire(rw, m.o.Baud), plan: newAgenda(), ctx: ctx, hangUp: hangUp}
	s.life, s.reset = context.WithCancelCause(ctx)
	select {
	case m.socket <- struct{}{}:
	case <-ctx.Done():
		return lineError(rw.Close())
	}
	m.attach(s)
	s.serve(rw)
	m.detach(s)
	<-m.socket
	return lineError(context.Cause(ctx))
}

// serve runs the session until its line ends.
func (s *session) serve(rw io.Closer) {
	var wg sync.WaitGroup
	wg.Go(func() { s.hangUp(s.wire.reader(s.ctx)) })
	wg.Go(func() { s.hangUp(s.wire.writer(s.ctx)) })
	wg.Go(func() { s.plan.run(s.ctx) })
	wg.Go(func() { <-s.ctx.Done(); rw.Close() })

	s.run()
	s.hangUp(nil)
	wg.Wait()
}

// lineError leaves nothing of the ordinary ways for a line to end.
func lineError(err error) error {
	for _, ordinary := range []error{
		io.EOF, io.ErrClosedPipe, context.Canceled, context.DeadlineExceeded, errHangUp, syscall.EIO,
	} {
		if errors.Is(err, ordinary) {
			return nil
		}
	}
	return err
}

// run executes command lines, and starts again after each reset.
func (s *session) run() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.m.o.Profile.Deaf > 0 {
		s.boot()
	} else {
		s.start()
	}
	for s.ctx.Err() == nil {
		line, err := s.readLine()
		if err == nil && s.m.stuck != Mute {
			err = s.execute(line)
		}
		if s.life.Err() != nil && s.ctx.Err() == nil {
			s.reboot()
		}
		_ = err // every error is the end of life or of ctx, which the loop sees
	}
	s.reset(nil)
}

// start is the modem with its settings fresh.
func (s *session) start() {
	s.life, s.reset = context.WithCancelCause(s.ctx)
	s.settings = s.m.stored
	s.reserved, s.held, s.buffered = false, nil, nil
	s.fault, s.hung = nil, false
	if s.second {
		return
	}
	s.m.powerUp()
	if every := s.m.o.NoiseEvery; every > 0 {
		s.noise(s.life, every)
	}
}

// reboot is what AT+CFUN=1,1, a brown-out and Fault{Kind: Reset} do.
func (s *session) reboot() {
	s.reset(nil)
	s.m.fail(s)
	if s.m.onBus {
		// It leaves the bus, with all its terminals, and comes back as a new device.
		s.wire.drop()
		s.m.leave()
		s.hangUp(errReset)
		return
	}
	s.m.powered = false
	s.boot()
}

// boot is from the power to the first answer, and to a SIM that answers.
func (s *session) boot() {
	s.wire.drop()
	if s.pause(s.ctx, s.m.o.BootTime) != nil {
		return
	}
	s.wire.drop()
	s.start()
	for _, urc := range s.m.o.Profile.Boot {
		s.urc(urc)
	}
	if !s.m.sim.locked {
		s.tellReady()
	}
}

// tellReady puts out what tells of a SIM and of a store that answer, when they do.
func (s *session) tellReady() {
	life, p := s.life, &s.m.o.Profile
	tell := func(at time.Duration, urcs []string) {
		s.plan.after(at, func() {
			s.m.mu.Lock()
			defer s.m.mu.Unlock()
			if life.Err() == nil {
				for _, urc := range urcs {
					s.urc(urc)
				}
			}
		})
	}
	tell(s.m.o.SIMTime, p.Ready)
	tell(s.m.o.SIMTime+p.SMSTime, p.Done)
}

// pause lets go of the modem for d.
func (s *session) pause(ctx context.Context, d time.Duration) error {
	s.m.mu.Unlock()
	defer s.m.mu.Lock()
	return s.pace.sleep(ctx, d)
}

// wait is pause within the life of the modem: the time a command takes.
func (s *session) wait(d time.Duration) error { return s.pause(s.life, d) }

// octet waits for the TE.
func (s *session) octet() (byte, error) {
	s.m.mu.Unlock()
	b, err := s.wire.octet(s.life)
	s.m.mu.Lock()
	if err == nil && s.hung {
		return 0, s.hang(0)
	}
	return b, err
}

// readLine gives what stands between AT and S3, echoing as it goes; V.250 5.2.
func (s *session) readLine() (string, error) {
	var line []byte
	var prefix int // of "AT" seen
	for {
		b, err := s.octet()
		if err != nil {
			return "", err
		}
		if s.echo {
			s.wire.put(string(rune(b & 0x7f)))
		}
		switch {
		case prefix == 0:
			if upper(b) == 'A' {
				prefix = 1
			}
		case prefix == 1 && b == '/':
			// V.250 5.2.4: A/ repeats the last line at once.
			return s.lastLine, nil
		case prefix == 1:
			switch {
			case upper(b) == 'T':
				prefix = 2
			case upper(b) != 'A':
				prefix = 0
			}
		case b == s.s3:
			s.lastLine = string(line[:min(len(line), maxLine+1)])
			return s.lastLine, nil
		case b == s.s5:
			if len(line) > 0 {
				line = line[:len(line)-1]
			}
		case b >= ' ' && b < 0x7f && len(line) <= maxLine:
			line = append(line, b)
		}
	}
}

// execute runs the commands of one line: V.250 5.5.
func (s *session) execute(line string) error {
	s.fault = nil
	if len(line) > maxLine {
		s.final(plain("ERROR"))
		return nil
	}
	cmds, bad := parseLine(line)
	if len(cmds) == 0 && bad == nil {
		cmds = []command{attention}
	}
	for _, c := range cmds {
		if err := s.wait(s.m.o.Latency); err != nil {
			return err
		}
		err := s.dispatch(c)
		if s.life.Err() != nil {
			return context.Cause(s.life)
		}
		if errors.Is(err, errSilent) {
			return nil
		}
		if err != nil {
			s.final(err)
			return nil
		}
	}
	if bad != nil {
		s.final(plain("ERROR"))
		return nil
	}
	s.final(nil)
	return nil
}

// info puts out one information response: lines that belong together.
func (s *session) info(lines ...string) {
	eol := s.eol()
	var b strings.Builder
	if s.verbose {
		b.WriteString(eol)
	}
	for _, l := range lines {
		b.WriteString(l + eol)
	}
	s.answer(b.String())
}

// final puts out the final result code for err.
func (s *session) final(err error) {
	if e, ok := err.(cms); ok && s.m.o.Profile.CMS[int(e)] != 0 {
		err = cms(s.m.o.Profile.CMS[int(e)])
	}
	code := resultCode(err, s.cmee)
	if s.quiet {
		return
	}
	eol := s.eol()
	if !s.verbose {
		if n, ok := numericResults[code]; ok {
			s.answerFinal(n + string(rune(s.s3)))
			return
		}
	}
	s.answerFinal(eol + code + eol)
}

// V.250 5.7.1.
var numericResults = map[string]string{"OK": "0", "NO CARRIER": "3", "ERROR": "4"}

func (s *session) eol() string {
	if s.m.o.Profile.EOL != "" {
		return s.m.o.Profile.EOL
	}
	return string([]byte{s.s3, s.s4})
}

// urc puts out an unsolicited result code, or holds it while the prompt is out.
func (s *session) urc(lines ...string) {
	if s.m.o.Profile.PortSel && !s.portSel {
		return // they are at the other terminal
	}
	eol := s.eol()
	octets := eol + strings.Join(lines, eol) + eol
	if s.reserved {
		s.held = append(s.held, octets)
		return
	}
	s.wire.put(octets)
}

// noise puts out the profile's chatter, one line at a time.
func (s *session) noise(life context.Context, every time.Duration) {
	jitter := time.Duration(s.m.rng.Int64N(int64(every)))
	s.plan.after(every/2+jitter, func() {
		s.m.mu.Lock()
		defer s.m.mu.Unlock()
		if life.Err() != nil {
			return
		}
		if lines := s.m.o.Profile.Noise; len(lines) > 0 && !s.curcOff {
			s.urc(lines[s.m.rng.IntN(len(lines))])
		}
		s.noise(life, every)
	})
}
