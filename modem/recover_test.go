package modem

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Before the SIM is looked at the radio is cycled; what a modem refuses does not keep it
// from coming up.
func TestCycleRadio(t *testing.T) {
	for _, c := range []struct{ name, dialog string }{
		{"by the book", "> AT+CFUN=4\n< OK\n> AT+CFUN=1\n< OK\n"},
		{"it has no flight mode", "> AT+CFUN=4\n< +CME ERROR: 4\n> AT+CFUN=1\n< OK\n"},
		{"it turns on late", "> AT+CFUN=4\n< OK\n> AT+CFUN=1\npass 20s\n< OK\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Recovery: CycleRadio})
				defer b.close()
				b.play(replaced(t, "> AT+CFUN?\n", c.dialog+"> AT+CFUN?\n"))
				synctest.Wait()
				select {
				case <-b.Ready():
				default:
					t.Errorf("not up: %+v\n%s", b.Status(), b.traced())
				}
			})
		})
	}
}

// A modem that was told to restart is given up, whether it says OK, is gone before, or
// takes its time; one that refuses is brought up as it is.
func TestRestart(t *testing.T) {
	begin, after, _ := strings.Cut(replaced(t), "> AT+CFUN?")
	for _, c := range []struct {
		name, dialog string
		restarts     bool
	}{
		{"says OK", "> AT+CFUN=1,1\n< OK\npass 10s\n", true},
		{"says nothing", "> AT+CFUN=1,1\npass 20s\n", true},
		{"is gone at once", "> AT+CFUN=1,1\nclose\npass 10s\n", true},
		{"refuses", "> AT+CFUN=1,1\n< ERROR\n> AT+CFUN?" + after, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Recovery: Restart})
				defer b.close()
				b.play(begin + c.dialog)
				synctest.Wait()
				select {
				case <-b.ended:
					if !c.restarts || !errors.Is(b.err, ErrRestarted) && !errors.Is(b.err, ErrLineLost) {
						t.Error(b.err)
					}
				case <-b.Ready():
					if c.restarts {
						t.Error("it is used on")
					}
				case <-time.After(time.Minute):
					t.Errorf("neither: %s", b.traced())
				}
			})
		})
	}
}

// A row of the table has its own commands, or forbids it.
func TestRecoveryCommands(t *testing.T) {
	for _, c := range []struct {
		text           string
		radio, restart []string
	}{
		{"", usualRadio, usualRestart},
		{`radio = ["+CFUN=0", "+CFUN=1"]`, []string{"+CFUN=0", "+CFUN=1"}, usualRestart},
		{`radio = []`, []string{}, usualRestart},
		{`restart = []`, usualRadio, []string{}},
	} {
		table, err := parseProfiles("[[profile]]\nname = \"x\"\nsource = \"a test\"\nmaker = [\"x\"]\n" + c.text)
		if err != nil {
			t.Fatal(err)
		}
		row, ok := table.Of("", Identity{Manufacturer: "X Ltd"})
		if !ok || !slices.Equal(row.commands(CycleRadio), c.radio) || !slices.Equal(row.commands(Restart), c.restart) {
			t.Errorf("%q: %v, %v, %v", c.text, ok, row.commands(CycleRadio), row.commands(Restart))
		}
	}
}
