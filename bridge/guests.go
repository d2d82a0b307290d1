package bridge

import (
	"crypto/sha256"
	"sync"
)

// guests are the connections that have shown a token. One that is taken out of the
// configuration, or of which a right is, has been lost or stolen: what it opened ends.
type guests struct {
	mu  sync.Mutex
	all map[*conn]guest
}

type guest struct {
	token  [sha256.Size]byte
	rights Rights
}

func (g *guests) enter(c *conn, one guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = map[*conn]guest{}
	}
	g.all[c] = one
}

func (g *guests) leave(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.all, c)
}

// recheck hangs up on those that would not be given now what they have. Their streams
// end with the line; what was accepted stays.
func (g *guests) recheck(callerOf func(token [sha256.Size]byte) (Caller, bool)) (ended int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c, one := range g.all {
		if caller, ok := callerOf(one.token); !ok || one.rights&^caller.Rights != 0 {
			c.line.Close() // below TLS, whose goodbye may wait for a client
			ended++
		}
	}
	return ended
}
