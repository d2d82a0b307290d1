// Package spooltest puts a disk of a test's own under SQLite: one that is slow, that refuses what is written, or that
// forgets at a power cut what was not synced.
package spooltest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// A Kind of operation is one that changes a file, or says that the change must last.
type Kind int

const (
	Write Kind = iota
	Truncate
	Sync
	Delete
)

// What Disk.Before may answer, as SQLite is told by its own VFS.
var (
	ErrFull     = errors.New("no space left")
	ErrReadOnly = errors.New("read-only")
	ErrIO       = errors.New("input/output error")
)

// A Disk stands between SQLite and the files of one directory.
type Disk struct {
	dir string

	mu     sync.Mutex
	before func(kind Kind, name string) error
	log    *Log
}

// Under puts a disk under the SQLite files in dir, those that are opened from now on until the test ends. All of them
// must be closed by then.
func Under(t testing.TB, dir string) *Disk {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := install(); err != nil {
		t.Fatal(err)
	}
	d := &Disk{dir: dir}
	shim.mu.Lock()
	defer shim.mu.Unlock()
	shim.disks = append(shim.disks, d)
	t.Cleanup(func() {
		shim.mu.Lock()
		defer shim.mu.Unlock()
		for i, other := range shim.disks {
			if other == d {
				shim.disks = append(shim.disks[:i], shim.disks[i+1:]...)
				break
			}
		}
	})
	return d
}

// Before lets f run before every operation on a file, named without its directory. f may take its time: whoever waits
// for the disk waits for it. With an error it refuses the operation. nil is a good disk again.
func (d *Disk) Before(f func(kind Kind, name string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before = f
}

// ask is Before's f, not called under the lock: others must get at the disk while one waits.
func (d *Disk) ask(kind Kind, path string) error {
	d.mu.Lock()
	f := d.before
	d.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(kind, filepath.Base(path))
}

// Record begins the log from which Log.Cut makes what a power cut leaves. The directory is taken for durable as it is.
func (d *Disk) Record() *Log {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = &Log{names: map[string]*file{}}
	return d.log
}

func (d *Disk) recorder() *Log {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log
}

// holds tells whether the path is in the disk's directory.
func (d *Disk) holds(path string) bool {
	return strings.TrimSuffix(path, string(filepath.Separator)+filepath.Base(path)) == d.dir
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
