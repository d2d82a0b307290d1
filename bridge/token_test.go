package bridge

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

const (
	goodToken  = "correct-horse-battery-staple"
	otherToken = "tr0ub4dor-and-three-more-words"
)

// Each fault stands under its key, and tells nothing of what is in the file.
func TestReadTokens(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good": "\n  " + goodToken + " \r\n", "same": goodToken, "other": otherToken,
		"short": "open-sesame-123", "long": strings.Repeat("x", 513), "two": "correct-horse\nbattery-staple", "empty": "",
	} {
		writeFile(t, filepath.Join(dir, name), text)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	for _, c := range []struct{ files, err string }{
		{"good", ""},
		{"good other", ""},
		{"credential:good", ""},
		{"good none", "token[1].file: open "},
		{"short", "token[0].file: there is no token in " + dir + "/short: 16 to 512 characters"},
		{"empty", "token[0].file: there is no token in "},
		{"long", "token[0].file: there is no token in "},
		{"other two", "token[1].file: there is no token in " + dir + "/two: it holds a space"},
		{"good same", "token[1].file: holds the same token as that of good"},
	} {
		var list []TokenConfig
		for file := range strings.FieldsSeq(c.files) {
			path := file
			if !strings.HasPrefix(file, credentialPrefix) {
				path = filepath.Join(dir, file)
			}
			list = append(list, TokenConfig{file, path, MaySend})
		}
		var log bytes.Buffer
		keys, err := readTokens(list, zerolog.New(&log))
		if (err != nil) != (c.err != "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.files, err, c.err)
		}
		if err == nil && len(keys) != len(list) {
			t.Errorf("%s: %d keys", c.files, len(keys))
		}
		if log.Len() > 0 {
			t.Errorf("%s: %s", c.files, &log)
		}
		for _, secret := range []string{"correct", "tr0ub4dor", "sesame"} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s tells the token: %v", c.files, err)
			}
		}
	}
	caller, ok := callerOf([]tokenKey{}, "")
	if ok || caller.Rights != 0 {
		t.Error("who shows nothing is let in where there are no tokens")
	}
}

func TestReadableTokenIsWarnedOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	writeFile(t, path, goodToken)
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true, 0o604: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		if _, err := readTokens([]TokenConfig{{"a", path, MaySend}}, zerolog.New(&log)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log.String(), `"key":"token[0].file"`) != warned || strings.Contains(log.String(), goodToken) {
			t.Errorf("%o: %s", mode, &log)
		}
	}
}
