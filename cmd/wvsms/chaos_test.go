package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The fault harness. Complete bridges, each a process on ptys of its own, send each
// other datagrams over the simulated network, while an adversary does to modems,
// network, processes, clocks and disks what its seed says. At the end a checker holds
// every message that was accepted against every one that arrived. Adversary and
// checker know the promise and the socket, and share nothing with the bridge.
//
// A seed fixes every decision: payloads, policies, who does what, in which order, after
// which pause, and at which point the bridge is killed. It does not fix how the kernel
// lets the processes take turns, so the same seed is the same attack and not the same
// run: repeat it with -count where a failure does not show at once.
var (
	chaosMessages = flag.Int("chaos.messages", 60, "messages, over all seeds")
	chaosKills    = flag.Int("chaos.kills", 6, "kills of a bridge, over all seeds")
	chaosSeed     = flag.Uint64("chaos.seed", 1, "the first seed")
	chaosSeeds    = flag.Int("chaos.seeds", 1, "how many seeds, each a run of its own")
	chaosBridges  = flag.Int("chaos.bridges", 3, "bridges that take part in a run, at least 2")
	chaosDisk     = flag.Bool("chaos.disk", false, "fill disks too: each spool on a tmpfs of its own, where there is the right to mount one")
	chaosTrace    = flag.Bool("chaos.trace", false, "AT lines in the logs of the bridges")
	chaosKeep     = flag.String("chaos.keep", "", "folder for the transcripts of runs that fail (the temporary one)")
)

func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some 20 s")
	}
	sum := newTally()
	for i := range *chaosSeeds {
		seed := *chaosSeed + uint64(i)
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			o := chaosOptions{
				seed: seed, bridges: max(2, *chaosBridges),
				messages: share(*chaosMessages, *chaosSeeds, i), kills: share(*chaosKills, *chaosSeeds, i),
				disk: *chaosDisk, trace: *chaosTrace,
			}
			sum.add(runChaos(t, o))
		})
	}
	if *chaosSeeds > 1 {
		t.Logf("all seeds:\n%s", sum)
	}
}

type chaosOptions struct {
	seed                     uint64
	bridges, messages, kills int
	disk, trace              bool
}

// replay is the command that makes the same attack again.
func (o chaosOptions) replay() string {
	return fmt.Sprintf("go test ./cmd/wvsms -run 'TestChaos$' -count=1 -timeout=30m -v -args"+
		" -chaos.seed=%d -chaos.messages=%d -chaos.kills=%d -chaos.bridges=%d -chaos.disk=%v -chaos.trace=true",
		o.seed, o.messages, o.kills, o.bridges, o.disk)
}

// runChaos is one seed: attack, calm, verdict.
func runChaos(t *testing.T, o chaosOptions) *tally {
	start := time.Now()
	dir, err := os.MkdirTemp(*chaosKeep, fmt.Sprintf("wvsms-chaos-%d-", o.seed))
	if err != nil {
		t.Fatal(err)
	}
	w, err := newChaosWorld(t, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	defer func() {
		w.close()
		if !t.Failed() {
			os.RemoveAll(dir)
			return
		}
		told := strings.Join(wrong[:min(len(wrong), 30)], "\n")
		if err := os.WriteFile(filepath.Join(dir, "history"), []byte(told+"\n\n"+w.history.String()), 0o600); err != nil {
			t.Error(err)
		}
		t.Logf("seed %d failed. The transcript is in %s\nThe same attack again:\n%s\nWhat is wrong, once more:\n%s", o.seed, dir, o.replay(), told)
	}()
	w.populate()
	w.attack()
	attacked := time.Since(start)
	w.calmDown()
	h := w.history.snapshot()
	wrong = h.check()
	for _, what := range wrong[:min(len(wrong), 30)] {
		t.Error(what)
	}
	if more := len(wrong) - 30; more > 0 {
		t.Errorf("and %d more", more)
	}
	w.tally.outcomes(h, w.air.Counts())
	t.Logf("seed %d: %d messages between %d bridges, %d kills, attacked for %v, at rest after %v\n%s",
		o.seed, o.messages, o.bridges, w.tally.sum("kill"), attacked.Round(time.Second), time.Since(start).Round(time.Second), w.tally)
	return w.tally
}

// share is the i-th of n parts of total.
func share(total, n, i int) int { return total*(i+1)/n - total*i/n }
