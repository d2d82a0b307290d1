package bridge

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestPINReader(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "good"), "1234")
	writeFile(t, filepath.Join(dir, "bad"), "12 34")
	for _, c := range []struct{ configured, credentials, pin, err string }{
		{filepath.Join(dir, "good"), "", "1234", ""},
		{"credential:good", dir, "1234", ""},
		{"credential:good", "", "", "pin_file is \"credential:good\", and systemd passed no credentials: the unit needs LoadCredential=good:FILE"},
		{"credential:none", dir, "", "and there is no " + dir + "/none: write the PIN there"},
		{"credential:bad", dir, "", "there is no PIN in " + dir + "/bad: 4 to 8 digits are wanted"},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", c.credentials)
		pin, err := pinReader(c.configured)()
		if pin != c.pin || (err != nil) != (c.err != "") || err != nil && (!strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "12 34")) {
			t.Errorf("%s in %q: %q, %v", c.configured, c.credentials, pin, err)
		}
	}
	if pinReader("") != nil {
		t.Error("a PIN is read where none is configured")
	}
}
