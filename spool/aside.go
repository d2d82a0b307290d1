package spool

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The recovered spool takes the damaged one's place in steps, each of which may be the last one: while it has the name
// .recovered, it is whole, and whoever opens the spool next takes the rest of the steps.
const recovered = ".recovered"

// finish makes the built file durable and names it so. Its time is that at which the damaged files are set aside: theirs
// must have the same one, whoever sets them aside.
func finish(path, building string) error {
	at := time.Now().Truncate(time.Second)
	for taken(aside(path, at)) {
		at = at.Add(time.Second)
	}
	if err := os.Chtimes(building, at, at); err != nil {
		return err
	}
	f, err := os.Open(building)
	if err != nil {
		return err
	}
	err = f.Sync()
	f.Close()
	if err != nil {
		return err
	}
	if err := os.Rename(building, path+recovered); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// putInPlace sets the damaged files aside, if there are any and a recovered one is there, and puts that in their place.
func putInPlace(path string) (where string, err error) {
	st, err := os.Stat(path + recovered)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	where = aside(path, st.ModTime())
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+suffix, where+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	// Not the recovered spool beside the log of the damaged one, whatever a power cut does to the order.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return "", err
	}
	if err := os.Rename(path+recovered, path); err != nil {
		return "", err
	}
	return where, syncDir(filepath.Dir(path))
}

func aside(path string, at time.Time) string {
	return path + ".damaged-" + at.UTC().Format("20060102T150405Z")
}

func taken(name string) bool {
	for _, suffix := range []string{"-wal", "-shm", ""} {
		if _, err := os.Lstat(name + suffix); err == nil {
			return true
		}
	}
	return false
}
