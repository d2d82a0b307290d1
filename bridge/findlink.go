package bridge

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"wvsms/modem"
)

// link makes <run>/<imei> point at the terminal of a modem, so that people and
// programs find it under a name that stays. It is a courtesy: where there is no such
// folder there is no link. unlink takes it away again.
func (b *Bridge) link(id modem.Identity, device string) (unlink func()) {
	none := func() {}
	if !imei.MatchString(id.IMEI) || device == "" {
		return none
	}
	name := filepath.Join(b.run, id.IMEI)
	err := relink(name, device)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return none
	case err != nil:
		b.log.Warn().Err(err).Msg("no link to the modem by its IMEI")
		return none
	}
	return func() {
		if to, err := os.Readlink(name); err == nil && to == device {
			_ = os.Remove(name)
		}
	}
}

// relink puts a link in place in one step. What is there and is no link stays.
func relink(name, to string) error {
	if info, err := os.Lstat(name); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return fmt.Errorf("link %s to %s: it is there and is no link", name, to)
	}
	next := name + ".next"
	_ = os.Remove(next) // of a run that was killed
	if err := os.Symlink(to, next); err != nil {
		return err
	}
	return os.Rename(next, name)
}
