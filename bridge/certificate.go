package bridge

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// TLS is how others than this machine are served; nil: they are not.
func (b *Bridge) TLS() *tls.Config { return b.tls }

// newCertificate reads [tls]; nil if what is beyond loopback may not be listened to.
// Errors are Faults.
func newCertificate(cfg Config, log zerolog.Logger) (*tls.Config, error) {
	if !cfg.guarded() {
		return nil, nil
	}
	c := &certificate{log: log}
	var faults Faults
	for _, f := range []struct {
		key, configured string
		to              *string
	}{{"tls.cert", cfg.TLS.Cert, &c.cert}, {"tls.key", cfg.TLS.Key, &c.key}} {
		path, err := secretPath(f.key, f.configured)
		if err != nil {
			faults = append(faults, Fault{f.key, err.Error()})
		}
		*f.to = path
	}
	if len(faults) > 0 {
		return nil, faults
	}
	if err := c.read(); err != nil {
		return nil, Faults{{"tls.cert", err.Error()}}
	}
	warnReadable("tls.key", c.key, log)
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// A certificate is read anew when its files change, so that one that is renewed while
// the bridge runs is used.
type certificate struct {
	cert, key string // files
	log       zerolog.Logger

	mu     sync.Mutex
	stamps [2]fs.FileInfo // of what is used, or could not be read; nil: there was none
	used   *tls.Certificate
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed() {
		// Where only one of the files is new, the old pair serves until the other is.
		if err := c.read(); err != nil {
			c.log.Error().Err(err).Msg("cannot read the new certificate: the old one is used")
		} else {
			c.log.Info().Time("until", c.used.Leaf.NotAfter).Msg("the certificate was read anew")
		}
	}
	return c.used, nil
}

func (c *certificate) read() error {
	c.stamps = c.stamp()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s and its key %s: %w", c.cert, c.key, err)
	}
	if now := time.Now(); now.After(pair.Leaf.NotAfter) {
		c.log.Warn().Time("until", pair.Leaf.NotAfter).Str("file", c.cert).Msg("the certificate has expired: clients will not trust it")
	}
	c.used = &pair
	return nil
}

func (c *certificate) stamp() (s [2]fs.FileInfo) {
	for i, file := range []string{c.cert, c.key} {
		s[i], _ = os.Stat(file)
	}
	return s
}

func (c *certificate) changed() bool {
	for i, now := range c.stamp() {
		was := c.stamps[i]
		if was == nil || now == nil {
			if was != now {
				return true
			}
		} else if !os.SameFile(was, now) || !was.ModTime().Equal(now.ModTime()) || was.Size() != now.Size() {
			return true
		}
	}
	return false
}
