package bridge

import "crypto/sha256"

// HasTokens tells whether anybody can show one.
func (b *Bridge) HasTokens() bool { return len(b.settings().tokens) > 0 }

// CallerOf tells whose token it is by its SHA-256, for one who has shown it before and
// keeps no more of it; false if the configuration has it no longer.
func (b *Bridge) CallerOf(hash [sha256.Size]byte) (Caller, bool) {
	for _, t := range b.settings().tokens {
		if t.hash == hash {
			return t.Caller, true
		}
	}
	return Caller{}, false
}
