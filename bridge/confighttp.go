package bridge

// HTTPConfig is [http]: the status page, the JSON interface and the metrics.
type HTTPConfig struct {
	Listen string // "": there is none
}

func (c *HTTPConfig) read(t *table) {
	t.text("listen", &c.Listen)
	if c.Listen != "" {
		t.loopback("listen", c.Listen)
	}
}
