package bridge

import (
	"crypto/sha256"
	"fmt"
	"os"
	"strings"

	"github.com/rs/zerolog"
)

// Specification: what a token is made of. It stands in a line of the socket and in a
// header of HTTP.
const (
	shortestToken = 16
	longestToken  = 512
)

// A tokenKey is what is kept of a token: nobody can read that back.
type tokenKey struct {
	Caller
	hash [sha256.Size]byte
}

// readTokens reads the files of [[token]]. Errors are Faults, and name no content.
func readTokens(list []TokenConfig, log zerolog.Logger) (keys []tokenKey, err error) {
	var faults Faults
	for i, c := range list {
		at := fmt.Sprintf("token[%d].file", i)
		token, err := readTokenFile(at, c.File, log)
		if err != nil {
			faults = append(faults, Fault{at, err.Error()})
			continue
		}
		key := tokenKey{Caller{c.Name, c.Rights}, sha256.Sum256([]byte(token))}
		for _, other := range keys {
			if other.hash == key.hash {
				faults = append(faults, Fault{at, "holds the same token as that of " + other.Name + ": whose it is could not be told"})
			}
		}
		keys = append(keys, key)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return keys, nil
}

func readTokenFile(key, configured string, log zerolog.Logger) (string, error) {
	path, err := secretPath(key, configured)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%w: the bridge's user must be able to read it", err)
	}
	warnReadable(key, path, log)
	token := strings.TrimSpace(string(text))
	if len(token) < shortestToken || len(token) > longestToken {
		return "", fmt.Errorf("there is no token in %s: %d to %d characters are wanted (openssl rand -hex 32 makes one)", path, shortestToken, longestToken)
	}
	for i := range len(token) {
		if !printable(token[i]) {
			return "", fmt.Errorf("there is no token in %s: it holds a space, or what is not ASCII", path)
		}
	}
	return token, nil
}

// warnReadable warns of a secret that everybody on this machine can read.
func warnReadable(key, path string, log zerolog.Logger) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 {
		log.Warn().Str("key", key).Str("file", path).Msg("everybody on this machine can read this secret: chmod o-r")
	}
}
