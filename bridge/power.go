package bridge

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Implementation.
const (
	powerMemory = time.Hour // undervoltage lasts moments; what it does to a modem longer
	lossesTold  = 3         // line losses within powerMemory, from which on a verdict tells them
)

// Undervoltage tells whether a Raspberry Pi finds its supply too weak: its firmware's
// alarm as the driver raspberrypi-hwmon shows it (Linux: hwmon/raspberrypi-hwmon.rst). A
// stick that sends draws 0.6 to 1.2 A at its peaks (chan_quectel's README), and falls off
// the bus when the supply does not have them.
func Undervoltage(sys string) bool {
	names, _ := filepath.Glob(filepath.Join(sys, "class/hwmon/*/name"))
	for _, name := range names {
		if text, err := os.ReadFile(name); err != nil || strings.TrimSpace(string(text)) != "rpi_volt" {
			continue
		}
		alarm, err := os.ReadFile(filepath.Join(filepath.Dir(name), "in0_lcrit_alarm"))
		return err == nil && strings.TrimSpace(string(alarm)) == "1"
	}
	return false
}

// A supply remembers what was seen of the machine's power.
type supply struct {
	mu  sync.Mutex
	low time.Time // when it was last seen too low; zero: never
}

// lookAtPower looks at the machine's power, and tells once that it is too low.
func (b *Bridge) lookAtPower() {
	if !Undervoltage(b.sys) {
		return
	}
	now := b.clock.Now()
	b.supply.mu.Lock()
	told := !b.supply.low.IsZero() && now.Sub(b.supply.low) < powerMemory
	b.supply.low = now
	b.supply.mu.Unlock()
	if !told {
		b.log.Error().Msg("the Pi reports undervoltage: modems may fall off the bus when they send; use a stronger supply or a powered hub")
		b.told.notify()
	}
}

// weak tells whether the power was too low not long ago.
func (b *Bridge) weak() bool {
	b.supply.mu.Lock()
	defer b.supply.mu.Unlock()
	return !b.supply.low.IsZero() && b.clock.Now().Sub(b.supply.low) < powerMemory
}
