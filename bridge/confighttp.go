package bridge

import (
	"fmt"
	"strings"
)

// HTTPConfig is [http]: the status page, the JSON interface and the metrics.
type HTTPConfig struct {
	Listen string   // "": there is none
	Hosts  []string // names beyond loopback under which it is asked, with a port or any
}

func (c *HTTPConfig) read(t *table) {
	t.text("listen", &c.Listen)
	if c.Listen != "" {
		t.address("listen", c.Listen)
	}
	t.texts("hosts", &c.Hosts)
	for _, host := range c.Hosts {
		if strings.ContainsAny(host, "/*@ ") || host == "" {
			t.fault("hosts", fmt.Sprintf("%q is no name as a browser shows it behind http://", host))
		}
	}
}
