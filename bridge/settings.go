package bridge

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

func settingsOf(c Config) *Settings {
	return &Settings{Limits: c.Limits, CSP: c.CSP, Peers: c.Peers}
}
