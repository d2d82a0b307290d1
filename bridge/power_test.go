package bridge

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/modem/modemtest"
)

// pi is a /sys of a Raspberry Pi beside other sensors.
func pi(t *testing.T, alarm string) (sys string) {
	t.Helper()
	sys = t.TempDir()
	writeFile(t, filepath.Join(sys, "class/hwmon/hwmon0/name"), "cpu_thermal")
	writeFile(t, filepath.Join(sys, "class/hwmon/hwmon0/in0_lcrit_alarm"), "1")
	writeFile(t, filepath.Join(sys, "class/hwmon/hwmon1/name"), "rpi_volt")
	writeFile(t, filepath.Join(sys, "class/hwmon/hwmon1/in0_lcrit_alarm"), alarm)
	return sys
}

func TestUndervoltage(t *testing.T) {
	if Undervoltage(t.TempDir()) || Undervoltage(pi(t, "0")) || !Undervoltage(pi(t, "1")) {
		t.Error("the alarm of rpi_volt is read wrong")
	}
}

// Undervoltage is told once in the log, and as long as it may matter in the verdict.
func TestUndervoltageIsTold(t *testing.T) {
	const told = "; the Pi reports undervoltage: use a stronger supply or a powered hub"
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		r.stop()
		r.sys, r.probe = pi(t, "0"), func(string) {}
		r.start()
		alarm := func(value string) {
			writeFile(t, filepath.Join(r.sys, "class/hwmon/hwmon1/in0_lcrit_alarm"), value)
		}
		tells := func(when string, want bool, lines int) {
			t.Helper()
			if v := r.modemInfo("m0").Verdict; strings.HasSuffix(v, told) != want {
				t.Errorf("%s the verdict is %q", when, v)
			}
			if n := strings.Count(r.said.String(), "the Pi reports undervoltage"); n != lines {
				t.Errorf("%s the log tells it %d times, want %d", when, n, lines)
			}
		}
		r.settle(10 * time.Minute)
		tells("with good power", false, 0)
		alarm("1")
		r.settle(5 * time.Minute)
		tells("with bad power", true, 1)
		if text, _ := r.Summary(); !strings.HasSuffix(text, told) {
			t.Errorf("the summary is %q", text)
		}
		alarm("0")
		r.settle(30 * time.Minute)
		tells("half an hour later", true, 1)
		r.settle(time.Hour)
		tells("long after", false, 1)

		alarm("1") // for a moment, in which the stick falls off
		r.sims["m0"].HangUp()
		synctest.Wait()
		alarm("0")
		r.settle(time.Minute)
		tells("after it fell off the bus", true, 2)
	})
}

// A stick that falls off the bus is counted, and more than a mishap is told.
func TestLineLossesAreTold(t *testing.T) {
	inRig(t, modemtest.AirOptions{}, nil, func(r *rig) {
		for n := range 4 {
			want := n >= lossesTold
			if v := r.modemInfo("m0").Verdict; strings.Contains(v, "lost 3 times within an hour: check its cable and its power") != want {
				t.Errorf("after %d losses the verdict is %q", n, v)
			}
			r.sims["m0"].HangUp()
			r.settle(5 * time.Minute)
			if got := r.counters()["line.lost.m0"]; got != int64(n+1) {
				t.Errorf("counted %d, want %d", got, n+1)
			}
		}
		r.settle(2 * time.Hour)
		if v := r.modemInfo("m0").Verdict; strings.Contains(v, "lost") {
			t.Errorf("much later the verdict is %q", v)
		}
	})
}
