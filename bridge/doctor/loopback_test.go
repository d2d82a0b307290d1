package doctor

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/spool"
)

func makeSpool(t *testing.T) {
	t.Helper()
	s, err := spool.Open("spool.db", spool.Options{})
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The probe tells networks apart by what they do to messages, keeps the verdict, and
// takes no message but its own from the modem.
func TestCarrier(t *testing.T) {
	refuse := func(kind func(*pdu.Submit) bool) func(string, *pdu.Submit) int {
		return func(_ string, s *pdu.Submit) int {
			if kind(s) {
				return 21
			}
			return 0
		}
	}
	octets := func(s *pdu.Submit) bool { return s.DCS.Alphabet() == pdu.Octet }
	for _, c := range []struct {
		name string
		air  modemtest.AirOptions
		want string
		is   State
	}{
		{"clean", modemtest.AirOptions{}, "this operator carries everything: 8-bit data, ports and concatenation", Good},
		{"slow, and twice", modemtest.AirOptions{Delay: 30e9, Jitter: 60e9, Duplicate: 1}, "this operator carries everything", Good},
		{"source port 0", modemtest.AirOptions{ZeroSource: true}, "this operator carries everything", Good},
		{"strips ports", modemtest.AirOptions{StripPorts: true}, "this operator strips ports", Fail},
		{"strips headers", modemtest.AirOptions{StripUDH: true}, "this operator strips ports and strips concatenation", Fail},
		{"blocks 8-bit", modemtest.AirOptions{Block8Bit: true}, "this operator blocks 8-bit data", Fail},
		{"refuses 8-bit", modemtest.AirOptions{Refuse: refuse(octets)}, "this operator blocks 8-bit data", Fail},
		{"blocks ports", modemtest.AirOptions{BlockPorts: true}, "this operator blocks ports", Fail},
		{"blocks concatenation", modemtest.AirOptions{BlockConcat: true}, "this operator blocks concatenation", Warn},
		{"blocks 8-bit, strips ports", modemtest.AirOptions{Block8Bit: true, StripPorts: true}, "this operator blocks 8-bit data and strips ports", Fail},
		{"blocks 8-bit and concatenation", modemtest.AirOptions{Block8Bit: true, BlockConcat: true}, "this operator blocks 8-bit data and blocks concatenation", Fail},
		{"blocks all three", modemtest.AirOptions{Block8Bit: true, BlockConcat: true, BlockPorts: true}, "this operator blocks 8-bit data, blocks ports and blocks concatenation", Fail},
		{"refuses 16-bit references", modemtest.AirOptions{Refuse: refuse(func(s *pdu.Submit) bool { c, ok := s.UD.Concat(); return ok && c.Bits == 16 })},
			"this operator blocks concatenation with 16-bit references", Warn},
		{"loses all", modemtest.AirOptions{Loss: 1}, "not even a text came back", Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWard(t, modemtest.ModemOptions{}, c.air, func(w *ward) {
				makeSpool(t)
				h := w.air.NewHandset("+491712345678", nil)
				asked := 0
				w.o.Loopback = &Loopback{Number: w.sim.Number(), Confirm: func(n int) bool {
					asked = n
					if err := h.SendText(w.sim.Number(), "keep me"); err != nil {
						t.Error(err)
					}
					return true
				}}
				report, text := w.examine(t)
				if got := report.check(t, "carrier", c.is); !strings.HasPrefix(got.Text, c.want) || report.OK != (c.is != Fail) || asked != 10 {
					t.Errorf("asked for %d\n%s\nwant %s", asked, text, c.want)
				}
				left, filtered := w.sim.Stored("SM")+w.sim.Stored("ME"), c.air.Loss == 1
				if want := map[bool]int{true: 0, false: 1}[filtered]; left != want && c.air.Duplicate == 0 {
					t.Errorf("%d messages are left in the modem, want %d", left, want)
				}
				w.o.Loopback = nil
				_, text = w.examine(t)
				if known, told := strings.Contains(text, " (found out on "), !strings.HasPrefix(c.want, "not even"); known != told {
					t.Errorf("known later: %v, want %v\n%s", known, told, text)
				}
			})
		})
	}
}

// The modem with the number may be another one; the cost is asked for before; a number
// that the configuration does not allow is not written to.
func TestLoopbackElsewhere(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		other := w.air.NewModem(modemtest.ModemOptions{Number: "+491700000002"})
		first := w.o.Dial
		ctx, cancel := context.WithCancel(context.Background())
		served := make(chan error, 1)
		w.o.Dial = func(ctx2 context.Context, c bridge.ModemConfig) (modem.Port, error) {
			if c.Device != "/dev/ttyS8" {
				return first(ctx2, c)
			}
			ours, theirs := net.Pipe()
			go func() { served <- other.Serve(ctx, theirs) }()
			return ours, nil
		}
		w.o.Loopback = &Loopback{Number: other.Number(), ToDevice: "/dev/ttyS8", Confirm: func(int) bool { return true }}
		report, text := w.examine(t)
		if got := report.check(t, "carrier", Good); !strings.Contains(got.Text, "carries everything") {
			t.Errorf("%s", text)
		}
		cancel()
		<-served

		sent := w.sim.Submits()
		w.o.Loopback = &Loopback{Number: other.Number(), Confirm: func(int) bool { return false }}
		report, _ = w.examine(t)
		if got := report.check(t, "carrier", Warn); !strings.Contains(got.Text, "costs 10 short messages") {
			t.Errorf("%+v", got)
		}
		w.o.Loopback.Number, w.o.Loopback.Confirm = "x", func(int) bool { return true }
		report, _ = w.examine(t)
		report.check(t, "carrier", Fail)
		if n := w.sim.Submits(); n != sent {
			t.Errorf("%d messages sent without leave", n-sent)
		}
	})
}

// A modem that takes too long to come up is not waited for for ever, whichever of the
// two it is; what it was about is told.
func TestNeverUp(t *testing.T) {
	const want = "it was not up within 4m0s: the modem is being brought up"
	slow := func(m *modemtest.Modem) { // each answer is in time
		for _, cmd := range []string{"+CCID", "+CIMI", "+CMGF", "+CSMS=1", "+CSCA", "+CPMS=", "+CNMI="} {
			m.Fault(modemtest.Fault{On: cmd, Kind: modemtest.LateAnswer, After: 29 * time.Second, Times: -1})
		}
	}
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		slow(w.sim)
		if _, text := w.examine(t); !strings.Contains(text, want) {
			t.Error(text)
		}
	})
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		other := w.air.NewModem(modemtest.ModemOptions{Number: "+491700000002"})
		slow(other)
		first := w.o.Dial
		ctx, cancel := context.WithCancel(context.Background())
		served := make(chan error, 1)
		w.o.Dial = func(ctx2 context.Context, c bridge.ModemConfig) (modem.Port, error) {
			if c.Device != "/dev/ttyS8" {
				return first(ctx2, c)
			}
			ours, theirs := net.Pipe()
			go func() { served <- other.Serve(ctx, theirs) }()
			return ours, nil
		}
		w.o.Loopback = &Loopback{Number: other.Number(), ToDevice: "/dev/ttyS8", Confirm: func(int) bool { return true }}
		report, text := w.examine(t)
		if got := report.check(t, "carrier", Fail); !strings.Contains(got.Text, want) {
			t.Error(text)
		}
		if n := w.sim.Submits(); n > 0 {
			t.Errorf("%d messages were sent to a modem that is not there", n)
		}
		cancel()
		<-served
	})
}
