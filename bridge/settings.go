package bridge

import "github.com/rs/zerolog"

// Settings are what of a Config may change while the bridge runs.
type Settings struct {
	Limits LimitsConfig
	CSP    Choice
	Peers  []PeerConfig

	tokens []tokenKey
}

// settings are those that hold now. Who decides on one message asks once: what it is
// told does not change any more.
func (b *Bridge) settings() *Settings { return b.set.Load() }

// settingsOf reads the files of tokens, too. Errors are Faults.
func settingsOf(c Config, log zerolog.Logger) (*Settings, error) {
	tokens, err := readTokens(c.Tokens, log)
	if err != nil {
		return nil, err
	}
	return &Settings{Limits: c.Limits, CSP: c.CSP, Peers: c.Peers, tokens: tokens}, nil
}
