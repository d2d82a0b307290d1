package doctor

import (
	"context"
	"flag"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// A ward is a machine with one simulated modem at a UART, in a bubble.
type ward struct {
	o    Options
	air  *modemtest.Air
	sim  *modemtest.Modem
	line func(net.Conn) net.Conn // what the modem's end of the line is; nil: as it is
}

const wardConfig = `
[spool]
path = "spool.db"
[[modem]]
name = "m0"
device = "/dev/ttyS7"
`

func inWard(t *testing.T, m modemtest.ModemOptions, o modemtest.AirOptions, f func(*ward)) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("wvsms.toml", []byte(wardConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		var on sync.WaitGroup
		if m.Number == "" {
			m.Number = "+491700000001"
		}
		w := &ward{air: modemtest.NewAir(o)}
		w.sim = w.air.NewModem(m)
		w.o = Options{Version: "test", Config: "wvsms.toml", Machine: Machine{
			Sys: "none", Dev: "none", Udev: "none", Profiles: "none",
			ModemManager: func(context.Context) bool { return false },
			Holder:       func(string) (modem.Holder, bool) { return modem.Holder{}, false },
			User:         func() (string, []string) { return "alice", []string{"alice", "wvsms"} },
			Room:         func(string) uint64 { return 1 << 30 },
			Dial: func(context.Context, bridge.ModemConfig) (modem.Port, error) {
				ours, theirs := net.Pipe()
				if w.line != nil {
					theirs = w.line(theirs)
				}
				on.Go(func() { w.sim.Serve(ctx, theirs) })
				return ours, nil
			},
		}}
		on.Go(func() { w.air.Run(ctx) })
		f(w)
		cancel()
		on.Wait()
	})
}

func (w *ward) examine(t *testing.T) (Report, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	report, err := Examine(ctx, w.o)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.Print(&text, true); err != nil {
		t.Fatal(err)
	}
	return report, text.String()
}

// makes are the simulated modems, and some that no table knows.
func makes() []modemtest.Profile {
	list := slices.Clone(modemtest.Profiles)
	for seed := range uint64(6) {
		list = append(list, modemtest.Stranger(seed))
	}
	return list
}

// What is said of each make of modem that the simulator knows, and of strangers.
func TestGolden(t *testing.T) {
	for _, p := range makes() {
		t.Run(p.Name, func(t *testing.T) {
			file, err := filepath.Abs(filepath.Join("testdata", p.Name+".golden"))
			if err != nil {
				t.Fatal(err)
			}
			inWard(t, modemtest.ModemOptions{Profile: p}, modemtest.AirOptions{}, func(w *ward) {
				_, got := w.examine(t)
				for _, secret := range []string{"350491700000001", "262491700000001", "491700000001", "491710760000", "8949000491700000001"} {
					if strings.Contains(got, secret) {
						t.Errorf("the report shows %s", secret)
					}
				}
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatalf("%v (go test ./bridge/doctor -update writes it)", err)
				}
				if got != string(want) {
					t.Errorf("got\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}
