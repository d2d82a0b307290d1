package bridge

import (
	"context"
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
	epoch  time.Time     // when it went on after it had stood still; zero: it never did, as far as this run knows
}

const clockName = "clock" // in the spool: "<bridge ns> <wall ns>"

func (c *clock) Now() time.Time { return c.base.Add(c.source.Boot() - c.boot) }

// openClock continues the clock that the spool keeps.
func openClock(ctx context.Context, s *spool.Spool, source Source) (*clock, error) {
	c := &clock{source: source, boot: source.Boot()}
	wall := source.Wall()
	var text string
	err := s.View(ctx, func(tx *spool.Tx) (err error) {
		text, _, err = tx.Get(clockName)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read bridge time: %w", err)
	}
	var whole bool
	if c.base, whole, err = resume(text, wall); err != nil {
		return nil, err
	}
	if !whole {
		c.epoch = c.base
	}
	return c, c.save(ctx, s)
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
		return tx.Set(clockName, saved(c.Now(), c.source.Wall()))
	})
	if err != nil {
		return fmt.Errorf("write bridge time: %w", err)
	}
	return nil
}
