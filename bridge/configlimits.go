package bridge

// LimitsConfig is [limits].
type LimitsConfig struct {
	SegmentsPerDay int // sliding 24 h; 0: unlimited
	AllowTo        Patterns
	AllowFrom      Patterns
}

func (c *LimitsConfig) read(t *table) {
	t.integer("segments_per_day", &c.SegmentsPerDay, 0, 100_000_000)
	t.patterns("allow_to", &c.AllowTo)
	t.patterns("allow_from", &c.AllowFrom)
}
