package bridge

import (
	"strings"

	"github.com/rs/zerolog"
)

// Settings are what of a Config may change while the bridge runs.
type Settings struct {
	Limits LimitsConfig
	CSP    Choice
	Peers  []PeerConfig

	modems map[string]Quota // by name
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
	s := &Settings{Limits: c.Limits, CSP: c.CSP, Peers: c.Peers, modems: map[string]Quota{}, tokens: tokens}
	for _, m := range c.Modems {
		s.modems[m.Name] = m.Quota
	}
	return s, nil
}

// forbidsTo says which list forbids to send to a number; "" if none does.
func (c *LimitsConfig) forbidsTo(number string) string {
	switch {
	case c.DenyTo.deny(number):
		return "in limits.deny_to"
	case !c.AllowTo.Match(number):
		return "not in limits.allow_to"
	}
	return ""
}

// forbidsFrom tells whether what a number sends is set aside.
func (c *LimitsConfig) forbidsFrom(number string) bool {
	return c.DenyFrom.deny(number) || !c.AllowFrom.Match(number)
}

// deny matches as Match does, and an international number also where it is written
// without "+" or with 00: a way around a list that denies would be none that allows.
func (p Patterns) deny(number string) bool {
	if len(p) == 0 {
		return false
	}
	if bare, international := strings.CutPrefix(number, "00"); international && p.Match("+"+bare) {
		return true
	}
	return p.Match(number) || !strings.HasPrefix(number, "+") && p.Match("+"+number)
}
