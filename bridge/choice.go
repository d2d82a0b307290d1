package bridge

import (
	"fmt"
	"slices"
)

// A Choice is how CSP goes to a peer, and comes from it: [csp] says so for all, and
// [[peer]] for some numbers.
type Choice struct {
	Long      string // PTS longer than one segment goes out by "concat" or "dd", the parts of CSP's own
	Parts     string // such parts that come in: "join" or "pass"
	Transcode string // "none" or "wbxml": XML of the program's is WBXML on air
}

// choices are the values of each key; the first is the default.
var choices = []struct {
	key    string
	field  func(*Choice) *string
	values []string
}{
	{"long", func(c *Choice) *string { return &c.Long }, []string{"concat", "dd"}},
	{"parts", func(c *Choice) *string { return &c.Parts }, []string{"join", "pass"}},
	{"transcode", func(c *Choice) *string { return &c.Transcode }, []string{"none", "wbxml"}},
}

func (c *Choice) read(t *table) {
	for _, k := range choices {
		value := k.field(c)
		_, given := t.values[k.key]
		t.text(k.key, value)
		if given && !t.faulty(k.key) && !slices.Contains(k.values, *value) {
			t.fault(k.key, fmt.Sprintf("%q: %s or %s", *value, k.values[0], k.values[1]))
		}
	}
}

// choice is what holds for a peer: of each key the first [[peer]] that fits and has it,
// else [csp], else the default.
func (c *Settings) choice(peer string) Choice {
	var chosen Choice
	for _, k := range choices {
		value := k.field(&chosen)
		for _, p := range c.Peers {
			if *value == "" && (Patterns{p.Number}).Match(peer) {
				*value = *k.field(&p.Choice)
			}
		}
		if *value == "" {
			*value = *k.field(&c.CSP)
		}
		if *value == "" {
			*value = k.values[0]
		}
	}
	return chosen
}
