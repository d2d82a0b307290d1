package spool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/oklog/ulid/v2"
)

// An id is a ULID: 6 octets of time, then where a ULID has 10 random octets, 5 random ones and the first 5 of an
// HMAC-SHA-256 of the rest under the spool's own secret. So the spool knows each id it ever gave out, without a ledger of
// those it has purged. 40 bits of MAC are plenty against accidents (a mistyped id, another bridge's) and the holder of a
// forged one learns nothing; 40 random bits a millisecond keep ids apart.
const idRandom, idSigned = 5, 6 + 5

// NewID makes an id: 26 characters of 0-9 and A-Z.
func (s *Spool) NewID() string {
	var id ulid.ULID
	ms := min(max(s.opt.Now().UnixMilli(), 0), int64(ulid.MaxTime()))
	id.SetTime(uint64(ms))
	rand.Read(id[6 : 6+idRandom])
	copy(id[idSigned:], s.sign(id[:idSigned]))
	return id.String()
}

func (s *Spool) sign(b []byte) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write(b)
	return h.Sum(nil)[:len(ulid.ULID{})-idSigned]
}

// Known tells whether this spool ever gave out the id, purged ones included.
func (s *Spool) Known(id string) bool {
	u, err := ulid.ParseStrict(id)
	return err == nil && u.String() == id && hmac.Equal(u[idSigned:], s.sign(u[:idSigned]))
}

// Known is Spool.Known.
func (tx *Tx) Known(id string) (bool, error) {
	return tx.s.Known(id), tx.usable()
}
