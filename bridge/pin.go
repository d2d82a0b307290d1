package bridge

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"wvsms/spool"
)

// credentialPrefix before a name in pin_file, or another key of a secret: it is a credential that systemd
// passes on (LoadCredential=, LoadCredentialEncrypted=; systemd.exec(5)), so that no
// file of it need be readable for the bridge's user.
const credentialPrefix = "credential:"

// secretPath is the file in which the secret of a key stands.
func secretPath(key, configured string) (string, error) {
	name, ok := strings.CutPrefix(configured, credentialPrefix)
	if !ok {
		return configured, nil
	}
	dir := os.Getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", fmt.Errorf("%s is %q, and systemd passed no credentials: the unit needs LoadCredential=%s:FILE", key, configured, name)
	}
	return filepath.Join(dir, name), nil
}

// validCredential: systemd takes names of one file.
func validCredential(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// pinReader reads the PIN when the SIM asks for it, so that it is in no
// configuration and in memory for as short as possible.
func pinReader(configured string) func() (string, error) {
	if configured == "" {
		return nil
	}
	return func() (string, error) {
		path, err := secretPath("pin_file", configured)
		if err != nil {
			return "", err
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("pin_file is %q, and there is no %s: write the PIN there, and let nobody but the bridge's user read it", configured, path)
		}
		if err != nil {
			return "", fmt.Errorf("pin_file: %w: the bridge's user must be able to read it", err)
		}
		pin := strings.TrimSpace(string(text))
		if len(pin) < 4 || len(pin) > 8 || strings.Trim(pin, "0123456789") != "" {
			return "", fmt.Errorf("there is no PIN in %s: 4 to 8 digits are wanted, and nothing else", path)
		}
		return pin, nil
	}
}

// PINByCredential tells whether the PIN is one that systemd passes on.
func (c ModemConfig) PINByCredential() bool { return strings.HasPrefix(c.PINFile, credentialPrefix) }

// CheckPIN tells whether there is a PIN where the configuration says.
func (c ModemConfig) CheckPIN() error {
	read := pinReader(c.PINFile)
	if read == nil {
		return nil
	}
	_, err := read()
	return err
}

// pinLedger lets each PIN fail once ever on each SIM, over all restarts.
type pinLedger struct{ b *Bridge }

func (l pinLedger) Try(iccid string, digest [sha256.Size]byte) (first bool, err error) {
	err = l.b.spool.Update(context.Background(), func(tx *spool.Tx) (err error) {
		tx.About("PIN")
		if first, err = tx.TryPIN(iccid, digest, l.b.clock.Now()); err != nil || !first {
			return err
		}
		return tx.Set(openPIN(iccid), hex.EncodeToString(digest[:]))
	})
	return first, err
}

// openPIN is where the attempt stands of which nobody knows yet how it ended.
func openPIN(iccid string) string { return "open PIN of " + iccid }

// Open tells whether this attempt is that one.
func (l pinLedger) Open(iccid string, digest [sha256.Size]byte) (open bool, err error) {
	err = l.b.spool.View(context.Background(), func(tx *spool.Tx) error {
		text, _, err := tx.Get(openPIN(iccid))
		open = text == hex.EncodeToString(digest[:])
		return err
	})
	return open, err
}

// Refused closes the attempt for good.
func (l pinLedger) Refused(iccid string, _ [sha256.Size]byte) error {
	return l.b.spool.Update(context.Background(), func(tx *spool.Tx) error {
		tx.About("PIN refused")
		return tx.Set(openPIN(iccid), "")
	})
}

// Confirm lets a PIN that worked be tried again after the next power cycle.
func (l pinLedger) Confirm(iccid string, digest [sha256.Size]byte) error {
	return l.b.spool.Update(context.Background(), func(tx *spool.Tx) error {
		tx.About("PIN worked")
		if err := tx.Set(openPIN(iccid), ""); err != nil {
			return err
		}
		return tx.PINWorked(iccid, digest)
	})
}
