package modemtest

import (
	"context"
	"errors"
	"strings"
	"time"
)

// A Fault is one thing that goes wrong with a command: see [Modem.Fault].
type Fault struct {
	On    string        // the commands that it hits: what they begin with, "+CMGS", "+CNMI=2"; "" is any
	Kind  FaultKind     // what goes wrong
	At    Stage         // when, for the kinds that do not say so themselves
	After time.Duration // how late or how long; 0 is for ever where that makes sense
	Text  string        // result code, URC line or octets
	P     float64       // chance of each time that it could happen; 0 is certainty
	Times int           // how often; 0 is once, below 0 always
}

// FaultKind is what goes wrong.
type FaultKind int

const (
	LoseFinal    FaultKind = iota // the command is done, the final result code is not heard
	LateFinal                     // the final result code comes after After
	LateAnswer                    // the command is done, and all of its answer comes after After
	LoseAnswer                    // the command is done, nothing is heard
	Deaf                          // the command is not done and nothing is heard
	Refuse                        // Text instead of doing it; after Ctrl-Z for those with data
	Belie                         // it is done, yet the answer is Text
	NoPrompt                      // data is taken, the prompt is not heard
	LatePrompt                    // the prompt comes after After
	DoublePrompt                  // two prompts
	Split                         // Text as an URC in the middle of the first information line
	Cut                           // the answer ends after half of its first information line, for good
	Interject                     // Text as an URC at that stage
	Garbage                       // Text as octets at that stage
	Reset                         // the modem starts again; at Done with the information lost
	Hang                          // it neither hears nor speaks, for After
	Stall                         // it does not even take octets off the line, for After
	HangUp                        // the line closes; at Done with the information lost
)

// Stage is a moment in the life of a command.
type Stage int

const (
	Done   Stage = iota // done, information out, the final result code not yet
	Begun               // nothing is done yet
	Prompt              // the prompt is out
	Data                // Ctrl-Z came, the network knows of nothing
)

var errSilent = errors.New("say nothing")

// Fault arms faults. Several may hit one command; each is drawn by itself from
// the seed of the air.
func (m *Modem) Fault(faults ...Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		m.faults = append(m.faults, &f)
	}
}

// ClearFaults disarms what is left of them.
func (m *Modem) ClearFaults() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = nil
}

// running are the faults of one command.
type running struct {
	faults  []*Fault
	silent  bool   // nothing of the answer is heard
	swallow bool   // the final result code is not heard
	answers int    // information responses so far
	late    string // of them, what LateAnswer holds back
}

// take draws the faults that hit c.
func (m *Modem) take(s *session, c command) *running {
	r := &running{}
	var left []*Fault
	for _, f := range m.faults {
		hit := strings.HasPrefix(c.String(), f.On) && (f.P == 0 || m.rng.Float64() < f.P)
		if hit {
			r.faults = append(r.faults, f)
			f.Times--
			if m.o.OnFault != nil {
				m.o.OnFault(*f)
			}
		}
		if f.Times != 0 {
			left = append(left, f)
		}
	}
	m.faults = left
	r.silent = r.find(LoseAnswer) != nil
	return r
}

func (r *running) find(kind FaultKind) *Fault {
	if r == nil {
		return nil
	}
	for _, f := range r.faults {
		if f.Kind == kind {
			return f
		}
	}
	return nil
}

// before is the stage Begun.
func (s *session) before(c command) error {
	if s.fault.find(Deaf) != nil {
		return errSilent
	}
	if err := s.at(Begun); err != nil {
		return err
	}
	if f := s.fault.find(Refuse); f != nil && (f.At == Begun || !c.hasData()) {
		return parseResult(f.Text)
	}
	return nil
}

// hasData reports whether the command has a prompt.
func (c command) hasData() bool {
	switch c.name {
	case "+CMGS", "+CMGC", "+CMGW":
		return c.form == write
	}
	return false
}

// prompt puts out the prompt.
func (s *session) prompt(octets string) error {
	if f := s.fault.find(LatePrompt); f != nil {
		if err := s.wait(f.After); err != nil {
			return err
		}
	}
	if s.fault.find(NoPrompt) == nil && !s.fault.silent {
		s.wire.put(octets)
	}
	if s.fault.find(DoublePrompt) != nil {
		s.wire.put(octets)
	}
	return s.at(Prompt)
}

// taken is the stage Data: whether the command goes on.
func (s *session) taken() error {
	if err := s.at(Data); err != nil {
		return err
	}
	if f := s.fault.find(Refuse); f != nil {
		return parseResult(f.Text)
	}
	return nil
}

// after is the stage Done: what becomes of err, the command's result.
func (s *session) after(err error) error {
	if s.life.Err() != nil {
		return err
	}
	if ferr := s.at(Done); ferr != nil {
		return ferr
	}
	if f := s.fault.find(LateFinal); f != nil {
		if werr := s.wait(f.After); werr != nil {
			return werr
		}
	}
	if f := s.fault.find(LateAnswer); f != nil {
		if werr := s.wait(f.After); werr != nil {
			return werr
		}
		s.wire.put(s.fault.late)
	}
	if s.fault.find(LoseFinal) != nil || s.fault.silent || s.fault.swallow {
		return errSilent
	}
	if f := s.fault.find(Belie); f != nil {
		return parseResult(f.Text)
	}
	return err
}

// at lets happen what is to happen at a stage.
func (s *session) at(stage Stage) error {
	for _, f := range s.fault.faults {
		if f.At != stage {
			continue
		}
		if err := s.strike(f); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) strike(f *Fault) error {
	switch f.Kind {
	case Interject:
		eol := s.eol()
		s.wire.put(eol + f.Text + eol)
	case Garbage:
		s.wire.put(f.Text)
	case Reset:
		s.reset(errReset)
		return errReset
	case HangUp:
		s.hangUp(errHangUp)
		return errHangUp
	case Stall:
		s.wire.stall()
		if f.After > 0 {
			s.plan.after(f.After, s.wire.resume)
		}
	case Hang:
		return s.hang(f.After)
	}
	return nil
}

// hang is a modem that is gone for d and then comes back as if nothing had
// been: what was written to it meanwhile is lost.
func (s *session) hang(d time.Duration) error {
	s.hung = true
	defer func() { s.hung = false }()
	if d == 0 {
		s.m.mu.Unlock()
		<-s.life.Done()
		s.m.mu.Lock()
		return context.Cause(s.life)
	}
	if err := s.wait(d); err != nil {
		return err
	}
	s.wire.drop()
	return nil
}

// ends reports whether nothing of the answer gets out: what is in the output
// when a line dies is lost, or it was not meant to be said at all.
func (r *running) ends() bool {
	for _, f := range r.faults {
		if f.Kind == Belie || (f.Kind == Reset || f.Kind == HangUp) && f.At == Done {
			return true
		}
	}
	return false
}

// answer puts out an information response as the faults let it.
func (s *session) answer(octets string) {
	r := s.fault
	if r == nil {
		s.wire.put(octets)
		return
	}
	if r.silent || r.swallow || r.ends() {
		return
	}
	r.answers++
	half := len(octets) / 2
	if f := r.find(Split); f != nil && r.answers == 1 {
		eol := s.eol()
		octets = octets[:half] + eol + f.Text + eol + octets[half:]
	}
	if r.find(Cut) != nil {
		octets = octets[:half]
		r.swallow = true
	}
	if r.find(LateAnswer) != nil {
		r.late += octets
		return
	}
	s.wire.put(octets)
}

// answerFinal puts out the final result code.
func (s *session) answerFinal(octets string) {
	if s.fault != nil && s.fault.silent {
		return
	}
	s.wire.put(octets)
}
