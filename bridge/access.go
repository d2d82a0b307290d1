package bridge

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Rights are what somebody may do.
type Rights uint8

const (
	MaySend    Rights = 1 << iota // SEND
	MayReceive                    // RECV, ACK, NAK
	MayTend                       // CANCEL, RETRY and what else changes something; reads are everybody's who is let in
	allRights  = MaySend | MayReceive | MayTend
)

type rightName struct {
	right Rights
	name  string
}

var rightNames = []rightName{{MaySend, "send"}, {MayReceive, "receive"}, {MayTend, "admin"}}

// String names them as [[token]] does: "send,receive".
func (r Rights) String() string {
	var names []string
	for _, n := range rightNames {
		if r&n.right != 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, ",")
}

// A Caller is somebody who has shown a token.
type Caller struct {
	Name   string // of the [[token]]
	Rights Rights
}

// Authenticate tells whose token it is. Every one is compared, in constant time, and too
// many failures make from wait. Errors are *Refusal, code auth.
func (b *Bridge) Authenticate(from netip.Addr, token string) (Caller, error) {
	caller, ok := callerOf(b.settings().tokens, token)
	wait, alarm := b.door.try(time.Now(), from, ok)
	if wait == 0 && ok {
		b.log.Debug().Stringer("from", from).Str("token", caller.Name).Msg("let in")
		return caller, nil
	}
	b.count("auth.failed")
	if alarm > 0 {
		b.log.Warn().Stringer("from", from).Int("failures", alarm).Msg("a wrong token was shown")
	}
	if wait > 0 {
		return Caller{}, &Refusal{"auth", fmt.Sprintf("too many failures: wait %ds", wait/time.Second+1)}
	}
	return Caller{}, &Refusal{"auth", "no [[token]] of the configuration is this one"}
}

// Knows tells whether somebody at this address showed a token lately.
func (b *Bridge) Knows(from netip.Addr) bool { return b.door.knows(time.Now(), from) }

// callerOf compares with all, so that the time it takes says nothing.
func callerOf(tokens []tokenKey, token string) (caller Caller, ok bool) {
	hash := sha256.Sum256([]byte(token))
	for _, t := range tokens {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			caller, ok = t.Caller, true
		}
	}
	return caller, ok
}
