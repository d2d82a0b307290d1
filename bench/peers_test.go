package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"text/template"
	"time"

	"wvsms/modem/modemtest"
)

// A peer is a program that stands where ours stands, between files or a socket and a
// modem. bench/peers has the configuration of each, and what it cannot do.
type peer struct {
	name     string
	programs []string // that it needs
	many     int      // messages of one segment that it sends in the time there is, at least
	open     func(b *testing.B, s seat) gateway
	cannot   map[string]string // works, and why
}

var peers = []peer{wvsmsPeer, gammuPeer, smstoolsPeer, kannelPeer}

// A gateway is a peer at its modem.
type gateway interface {
	// start runs it, after a kill on whatever that left.
	start(b *testing.B)
	processes() []*process
	// submit returns when the message is the peer's: it answered, or the file has its name.
	submit(to string, payload []byte) error
}

// A seat is where a peer is put to work.
type seat struct {
	device  string
	dir     string // its files
	direct  bool   // messages come with +CMT, else from the store
	arrived func(payload []byte)
}

// A work is what every peer is put to.
type work struct {
	name string
	run  func(b *testing.B, p peer)
}

var works = []work{
	{"outbound-100", func(b *testing.B, p peer) { outbound(b, p, 100) }},
	{"outbound-1000", func(b *testing.B, p peer) { outbound(b, p, 1000) }},
	{"idle", idle},
	{"inbound-store", func(b *testing.B, p peer) { inbound(b, p, false) }},
	{"inbound-direct", func(b *testing.B, p peer) { inbound(b, p, true) }},
	{"kill-outbound", killOutbound},
	{"kill-inbound", killInbound},
}

// Ours and the peers at the same modem, one after the other.
func BenchmarkPeers(b *testing.B) {
	for _, w := range works {
		b.Run(w.name, func(b *testing.B) {
			for _, p := range peers {
				b.Run(p.name, func(b *testing.B) {
					for _, name := range p.programs {
						if _, err := exec.LookPath(name); err != nil {
							b.Skipf("%s is not installed", name)
						}
					}
					if why, ok := p.cannot[w.name]; ok {
						b.Skipf("%s cannot: %s", p.name, why)
					}
					for b.Loop() {
						w.run(b, p)
					}
					b.ReportMetric(0, "ns/op") // says nothing here
				})
			}
		})
	}
}

// A trial is one peer at work at a modem of its own.
type trial struct {
	gateway
	sim   *sim
	taken *marks // by the network
	given *marks // to the consumer
}

// try seats a peer and has it send a message, after which it surely runs.
func try(b *testing.B, p peer, o modemtest.ModemOptions, direct bool) *trial {
	t := &trial{taken: newMarks(), given: newMarks()}
	t.sim = newSim(b, o, modemtest.AirOptions{Taken: t.taken.submitted})
	t.gateway = p.open(b, seat{device: t.sim.line.Name(), dir: b.TempDir(), direct: direct, arrived: t.given.saw})
	t.run(b)
	t.taken.expect(1)
	if err := t.submit(handset, marked(0, 20)); err != nil {
		b.Fatal(err)
	}
	if !t.taken.wait(40 * time.Second) {
		b.Fatalf("%s sends nothing", p.name)
	}
	return t
}

// run starts the peer. It is killed in the end: some take long to stop.
func (t *trial) run(b *testing.B) {
	t.start(b)
	b.Cleanup(t.kill)
}

// kill ends all its processes by SIGKILL.
func (t *trial) kill() {
	for _, p := range t.processes() {
		p.kill()
	}
}

func (t *trial) busy() (d time.Duration) {
	for _, p := range t.processes() {
		d += p.busy()
	}
	return d
}

// peak is the sum over its processes; what they share counts in each.
func (t *trial) peak() (mib float64) {
	for _, p := range t.processes() {
		for _, pid := range p.pids() {
			mib += statusOf(pid, "VmHWM")
		}
	}
	return mib
}

// configure fills in one of bench/peers and gives the path of the result.
func configure(b *testing.B, name, dir string, with any) string {
	t, err := template.ParseFiles(filepath.Join("peers", name))
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, with); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// folders makes them below dir.
func folders(b *testing.B, dir string, names ...string) {
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			b.Fatal(err)
		}
	}
}
