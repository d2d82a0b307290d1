package bridge

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"wvsms/spool"
)

// builtAfter is a moment before every build of this program: a wall clock that
// shows less was never set (a Raspberry Pi without network boots into 1970).
var builtAfter = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// A Source gives the two clocks of the machine. Tests bring their own.
type Source struct {
	Boot func() time.Duration // since boot, suspend included; never set back
	Wall func() time.Time
}

// SystemSource reads the machine's clocks.
func SystemSource() Source {
	return Source{
		Boot: func() time.Duration {
			var t unix.Timespec
			if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
				panic(fmt.Sprintf("read CLOCK_BOOTTIME: %v", err)) // Linux has it since 2.6.39
			}
			return time.Duration(t.Nano())
		},
		Wall: time.Now,
	}
}

// A clock keeps bridge time, on which every deadline, window and retry runs. It
// advances with the boot clock while the bridge runs. Across a restart it goes
// on where it was, and by what the wall clock advanced if both of its readings
// can be believed. So setting the wall clock moves no deadline.
type clock struct {
	source Source
	base   time.Time     // bridge time …
	boot   time.Duration // … at this reading of the boot clock
	runs   []time.Time   // when each of the last runs began, this one the last: it may have leapt there
	stood  bool          // it went on where it was, and how long it stood still nobody knows
}

const (
	clockName = "clock" // in the spool: "<bridge ns> <wall ns>"
	runsName  = "runs"  // "<bridge ns> …"
	runsKept  = 32
)

func (c *clock) Now() time.Time { return c.base.Add(c.source.Boot() - c.boot) }

// leapt tells whether bridge time may have leapt between two of its moments: each run
// begins where the wall clock, which may have been set, says. What is older than the runs
// that are remembered is in none of them.
func (c *clock) leapt(a, b time.Time) bool {
	if c == nil || a.Equal(b) {
		return false
	}
	for i, run := range c.runs {
		if a.Before(run) != b.Before(run) || i == 0 && len(c.runs) == runsKept && a.Before(run) {
			return true
		}
	}
	return false
}

// openClock continues the clock that the spool keeps.
func openClock(ctx context.Context, s *spool.Spool, source Source) (*clock, error) {
	c := &clock{source: source, boot: source.Boot()}
	wall := source.Wall()
	var text, runs string
	err := s.View(ctx, func(tx *spool.Tx) (err error) {
		if text, _, err = tx.Get(clockName); err == nil {
			runs, _, err = tx.Get(runsName)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read bridge time: %w", err)
	}
	var whole bool
	if c.base, whole, err = resume(text, wall); err != nil {
		return nil, err
	}
	c.stood = !whole
	for _, run := range append(strings.Fields(runs), strconv.FormatInt(c.base.UnixNano(), 10)) {
		if ns, err := strconv.ParseInt(run, 10, 64); err == nil { // what cannot be read tells less
			c.runs = append(c.runs, time.Unix(0, ns).UTC())
		}
	}
	c.runs = c.runs[max(0, len(c.runs)-runsKept):]
	err = s.Update(ctx, func(tx *spool.Tx) error {
		tx.About("clock")
		var all []string
		for _, run := range c.runs {
			all = append(all, strconv.FormatInt(run.UnixNano(), 10))
		}
		return errors.Join(tx.Set(runsName, strings.Join(all, " ")), c.keep(tx))
	})
	if err != nil {
		return nil, fmt.Errorf("write bridge time: %w", err)
	}
	return c, nil
}

// resume is where bridge time goes on; whole: with what has passed since it was saved.
func resume(text string, wall time.Time) (base time.Time, whole bool, err error) {
	if text == "" {
		if wall.Before(builtAfter) {
			wall = builtAfter
		}
		return wall.UTC(), true, nil
	}
	first, second, _ := strings.Cut(text, " ")
	bridge, err1 := strconv.ParseInt(first, 10, 64)
	then, err2 := strconv.ParseInt(second, 10, 64)
	if err1 != nil || err2 != nil {
		return time.Time{}, false, fmt.Errorf("read bridge time: %q is not what was written", text)
	}
	base = time.Unix(0, bridge).UTC()
	before := time.Unix(0, then)
	if before.After(builtAfter) && wall.After(before) {
		return base.Add(wall.Sub(before)), true, nil
	}
	return base, false, nil
}

func saved(bridge, wall time.Time) string {
	return fmt.Sprintf("%d %d", bridge.UnixNano(), wall.UnixNano())
}

// save writes the clock down. What passes between the last save and a kill is
// lost to bridge time only when the wall clock cannot be believed.
func (c *clock) save(ctx context.Context, s *spool.Spool) error {
	err := s.Update(ctx, func(tx *spool.Tx) error {
		tx.About("clock")
		return c.keep(tx)
	})
	if err != nil {
		return fmt.Errorf("write bridge time: %w", err)
	}
	return nil
}

func (c *clock) keep(tx *spool.Tx) error {
	return tx.Set(clockName, saved(c.Now(), c.source.Wall()))
}
