package bridge

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"strings"
)

// Rights are what somebody may do.
type Rights uint8

const (
	MaySend    Rights = 1 << iota // SEND
	MayReceive                    // RECV, ACK, NAK
	MayTend                       // CANCEL, RETRY and what else changes something; reads are everybody's who is let in
	allRights  = MaySend | MayReceive | MayTend
)

var rightNames = []struct {
	right Rights
	name  string
}{{MaySend, "send"}, {MayReceive, "receive"}, {MayTend, "admin"}}

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

// A tokenKey is what is kept of a token: nobody can read that back.
type tokenKey struct {
	Caller
	hash [sha256.Size]byte
}

// Authenticate tells whose token it is. Every one is compared, in constant time, and too
// many failures make from wait. Errors are *Refusal, code auth.
func (b *Bridge) Authenticate(from netip.Addr, token string) (Caller, error) {
	hash := sha256.Sum256([]byte(token))
	var caller Caller
	for _, t := range b.settings().tokens {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			caller = t.Caller
		}
	}
	if caller.Rights == 0 {
		return caller, &Refusal{"auth", "no [[token]] of the configuration is this one"}
	}
	return caller, nil
}
