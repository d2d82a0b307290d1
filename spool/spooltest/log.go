package spooltest

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Log is all that was done to the files, in order, and what the test noted between.
type Log struct {
	mu    sync.Mutex
	steps []step
	names map[string]*file // as they are now
}

// A file is what a name stands for. A name may stand for several, one after the other.
type file struct {
	base        []byte // before the first step
	syncsItsDir bool   // SQLite syncs the directory with the first sync of a log or journal that it has made
}

type action int

const (
	created action = iota
	removed
	wrote
	truncated
	synced
	syncedDir
	noted
)

type step struct {
	what action
	name string
	file *file
	at   int64 // offset, or size
	data []byte
	note any
}

func (l *Log) add(s step) {
	l.steps = append(l.steps, s)
}

// Note puts a word of the test's into the log: what is noted stands behind all that was done before.
func (l *Log) Note(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(step{what: noted, note: v})
}

// Len is the number of steps so far.
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.steps)
}

func (l *Log) opened(path string, there, journal bool) *file {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := filepath.Base(path)
	if f := l.names[name]; f != nil {
		return f
	}
	f := &file{syncsItsDir: journal && !there}
	l.names[name] = f
	if there {
		f.base, _ = os.ReadFile(path)
	}
	l.add(step{what: created, name: name, file: f})
	if there {
		l.add(step{what: syncedDir})
	}
	return f
}

func (l *Log) deleted(path string, syncDir bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := filepath.Base(path)
	delete(l.names, name)
	l.add(step{what: removed, name: name})
	if syncDir {
		l.add(step{what: syncedDir})
	}
}

func (l *Log) wrote(f *file, at int64, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(step{what: wrote, file: f, at: at, data: bytes.Clone(data)})
}

func (l *Log) truncated(f *file, size int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(step{what: truncated, file: f, at: size})
}

func (l *Log) synced(f *file) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(step{what: synced, file: f})
	if f.syncsItsDir {
		f.syncsItsDir = false
		l.add(step{what: syncedDir})
	}
}

// Cut writes to dir what the power cut before step n may leave, and returns what was noted before it. What was synced is
// there. Of the rest each sector has what it had at the sync or after any of the writes since, whatever the others have;
// a file has any of the sizes it had since, and a name stands for any of the files it stood for since.
func (l *Log) Cut(n int, r *rand.Rand, dir string) (notes []any, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	images := map[*file]*image{}
	names := map[string][]*file{} // what each may stand for; nil: nothing
	for _, s := range l.steps[:n] {
		switch s.what {
		case created:
			images[s.file] = newImage(s.file.base)
			if names[s.name] == nil {
				names[s.name] = []*file{nil}
			}
			names[s.name] = append(names[s.name], s.file)
		case removed:
			names[s.name] = append(names[s.name], nil)
		case wrote:
			images[s.file].write(s.at, s.data)
		case truncated:
			images[s.file].truncate(s.at)
		case synced:
			images[s.file] = newImage(images[s.file].now)
		case syncedDir:
			for name, files := range names {
				names[name] = files[len(files)-1:]
			}
		case noted:
			notes = append(notes, s.note)
		}
	}
	taste := r.Float64() // how much of what was not synced got to the disk: little, or nearly all
	for _, name := range sortedNames(names) {
		files := names[name]
		f := files[r.IntN(len(files))]
		if f == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), images[f].pick(r, taste), 0o600); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

func sortedNames(m map[string][]*file) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
