package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wvsms/modem/modemtest"
	"wvsms/spool"
)

// A backup of a bridge that is at work has every message that got its OK before, and another
// bridge runs on it. The one at work accepts and sends meanwhile.
func TestBackupOfARunningBridge(t *testing.T) {
	t.Parallel()
	o := operateOn(t, modemtest.AirOptions{})
	o.air.NewHandset(phone, nil)
	const clients, most = 3, 5000
	var accepted [clients]struct {
		sync.Mutex
		ids []string
	}
	var stop atomic.Bool
	var sending sync.WaitGroup
	for i := range clients {
		c := o.connect()
		sending.Go(func() {
			defer c.close()
			for n := 0; n < most && !stop.Load(); n++ {
				payload := unique(i*most+n, 100)
				answer, err := c.try(fmt.Sprintf("SEND %s %d\r\n%s", phone, len(payload), payload))
				id, ok := strings.CutPrefix(answer, "OK ")
				if err != nil || !ok {
					t.Errorf("SEND: %q, %v", answer, err)
					return
				}
				id, _, _ = strings.Cut(id, " ")
				accepted[i].Lock()
				accepted[i].ids = append(accepted[i].ids, id)
				accepted[i].Unlock()
			}
		})
	}
	soFar := func() (ids []string) {
		for i := range accepted {
			accepted[i].Lock()
			ids = append(ids, accepted[i].ids...)
			accepted[i].Unlock()
		}
		return ids
	}
	dir := t.TempDir()
	path := filepath.Join(o.dir, "spool.db")
	var file string
	for round := range 3 {
		for len(soFar()) < 30*(round+1) {
			time.Sleep(10 * time.Millisecond)
		}
		before := soFar()
		file = filepath.Join(dir, fmt.Sprint(round, ".db"))
		out, err := exec.Command("wvsms", "spool", "backup", file, "--config", o.config, "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		var told struct {
			Spool    string
			Outbound int
		}
		if err := json.Unmarshal(out, &told); err != nil || told.Spool != path || told.Outbound < len(before) {
			t.Errorf("%s: %v; %d had been accepted", out, err, len(before))
		}
		s, err := spool.Open(file, spool.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(t.Context(), func(tx *spool.Tx) error {
			for _, id := range before {
				if _, err := tx.Outbound(id); err != nil {
					t.Errorf("%s was accepted before, and is not in the backup: %v", id, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		s.Close()
	}
	stop.Store(true)
	sending.Wait()

	// Elsewhere.
	net := newTestNet(t, modemtest.AirOptions{})
	_, device := net.modem(modemtest.ModemOptions{Number: numberA})
	second := newTestBridge(t, device, "store", "")
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filepath.Join(second.dir, "spool.db"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	second.start()
	c := second.connect()
	defer c.close()
	c.data("SHOW " + soFar()[0])
}

func TestBackupUsage(t *testing.T) {
	for _, args := range [][]string{{"spool", "backup"}, {"spool", "backup", "x", "--config", "a", "--spool", "b"}, {"spool", "backup", "x", "--config", "/nonexistent.toml"}} {
		err := exec.Command("wvsms", args...).Run()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
			t.Errorf("%q: %v", args, err)
		}
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	s, err := spool.Open(path, spool.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	file := filepath.Join(t.TempDir(), "copy.db")
	command := &spoolBackupCmd{File: file, Spool: path}
	if out, err := run(t, "", command); err != nil || !strings.Contains(out, "0 messages sent or to be sent, 0 messages received") {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := run(t, "", command); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("a second one: %v", err)
	}
	command.Force = true
	if err := command.Run(context.Background(), &stdio{Out: &logBuffer{}}); err != nil {
		t.Error(err)
	}
}
