package bridge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// A crashLoop is a bridge that is killed and started again and again on what was on its
// disk, with a SIM that asks for its PIN: each start is a power cycle of the modem too.
type crashLoop struct {
	*rig
	mu   sync.Mutex
	die  func(point string) bool // asked at each point, and when the SIM is given a PIN
	disk string                  // where the dead one's files are; "" while it lives
	life int
	line net.Conn
	pins int // that the SIM was given
}

const pinGiven = "AT+CPIN="

func inCrashLoop(t *testing.T, sim, configured string, f func(*crashLoop)) {
	t.Helper()
	inRigOf(t, modemtest.ModemOptions{Profile: modemtest.Generic, PIN: sim}, modemtest.AirOptions{}, nil, func(r *rig) {
		r.stop()
		l := &crashLoop{rig: r, die: func(string) bool { return false }}
		r.cfg.Modems[0].PINFile = filepath.Join(filepath.Dir(r.cfg.Spool.Path), "pin")
		writeFile(t, r.cfg.Modems[0].PINFile, configured)
		r.probe, r.dial = l.at, l.open
		f(l)
	})
}

func (l *crashLoop) at(point string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.disk == "" && l.die(point) {
		l.kill()
	}
}

// kill is kill -9: the files as they are, and nothing reaches the modem any more.
func (l *crashLoop) kill() {
	l.life++
	l.disk = filepath.Join(filepath.Dir(l.cfg.Spool.Path), fmt.Sprintf("life-%d.db", l.life))
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(l.cfg.Spool.Path + suffix)
		if err == nil {
			err = os.WriteFile(l.disk+suffix, b, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			l.t.Error(err)
		}
	}
	if l.line != nil {
		l.line.Close()
	}
}

func (l *crashLoop) open(context.Context, ModemConfig) (modem.Port, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.disk != "" {
		return nil, errors.New("the dead dial nobody")
	}
	ours, theirs := net.Pipe()
	l.line = ours
	l.on.Go(func() { l.sims["m0"].Serve(l.ctx, &pinSpy{Conn: theirs, loop: l}) })
	return ours, nil
}

// A pinSpy counts the PINs that come over a line.
type pinSpy struct {
	net.Conn
	loop  *crashLoop
	given bool
}

func (s *pinSpy) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	if bytes.Contains(b[:n], []byte(pinGiven)) {
		s.loop.mu.Lock()
		s.loop.pins++
		s.loop.mu.Unlock()
		s.given = true
	}
	return n, err
}

// Write is the SIM's answer: the bridge may die before it hears it.
func (s *pinSpy) Write(b []byte) (int, error) {
	if s.given {
		s.given = false
		s.loop.at(pinGiven)
	}
	return s.Conn.Write(b)
}

// live is one life: until it is killed, or for so long and then killed.
func (l *crashLoop) live(d time.Duration, die func(point string) bool) {
	l.t.Helper()
	l.die = die
	l.start()
	l.settle(d)
	l.mu.Lock()
	if l.disk == "" {
		l.kill()
	}
	l.mu.Unlock()
	l.stop()
	l.cfg.Spool.Path, l.disk = l.disk, ""
}

// lives are how many a crash loop has.
func lives() int {
	if brief() {
		return 20
	}
	return 100
}

// firstAt dies at a point.
func firstAt(want string) func(string) bool {
	return func(point string) bool { return point == want }
}

// A wrong PIN is given to the SIM once, wherever the bridge is killed when it gives it, and
// however often it is killed and started after that.
func TestWrongPINInACrashLoop(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"commit PIN", "committed PIN", pinGiven, "commit PIN refused", "committed PIN refused", "none"} {
		t.Run(first, func(t *testing.T) {
			inCrashLoop(t, "1234", "9999", func(l *crashLoop) {
				l.live(time.Minute, firstAt(first))
				random := rand.New(rand.NewPCG(1, 2))
				for range lives() - 1 {
					n := 1 + random.IntN(30)
					l.live(time.Minute, func(string) bool { n--; return n == 0 })
				}
				l.die = firstAt("never")
				l.start()
				l.settle(time.Hour)
				if left := l.sims["m0"].PINTries(); l.pins != 1 || left != 2 {
					t.Errorf("the SIM was given %d PINs and bears %d more", l.pins, left)
				}
				if v := l.modemInfo("m0").Verdict; !strings.Contains(v, "PIN") || strings.Contains(v, "9999") || strings.Contains(l.said.String(), "9999") {
					t.Errorf("the verdict is %q, or the PIN shows", v)
				}
				l.stop()
			})
		})
	}
}

// A good PIN is given after each power cycle, wherever the bridge is killed when it gives
// it: the SIM's counter stays as it is and the modem comes up.
func TestGoodPINInACrashLoop(t *testing.T) {
	t.Parallel()
	points := []string{"commit PIN", "committed PIN", pinGiven, "commit PIN worked", "committed PIN worked", "none"}
	inCrashLoop(t, "1234", "1234", func(l *crashLoop) {
		random := rand.New(rand.NewPCG(3, 4))
		for i := range lives() {
			l.live(time.Minute, firstAt(points[random.IntN(len(points))]))
			if left := l.sims["m0"].PINTries(); left != 3 {
				t.Fatalf("after %d lives the SIM bears %d wrong PINs", i+1, left)
			}
		}
		l.die = firstAt("never")
		l.start()
		l.settle(time.Minute)
		if v := l.modemInfo("m0"); !v.Ready {
			t.Errorf("it does not come up: %s", v.Verdict)
		}
		l.stop()
	})
}
