package bridge

import (
	"testing"
	"time"
)

// Bridge time goes on over a restart, and by what the wall clock advanced only if
// both of its readings can be believed.
func TestResume(t *testing.T) {
	var (
		unset  = time.Unix(100, 0)
		noon   = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
		bridge = time.Date(2026, 12, 1, 11, 0, 0, 0, time.UTC)
	)
	tests := []struct {
		name       string
		then, wall time.Time
		want       time.Time
		whole      bool
	}{
		{"both set", noon, noon.Add(time.Hour), bridge.Add(time.Hour), true},
		{"set back", noon, noon.Add(-time.Hour), bridge, false},
		{"not set at the restart", noon, unset, bridge, false},
		{"not set before", unset, noon, bridge, false},
		{"never set", unset, unset.Add(time.Hour), bridge, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, whole, err := resume(saved(bridge, test.then), test.wall)
			if err != nil || !got.Equal(test.want) || whole != test.whole {
				t.Errorf("got %v, whole %v, %v; want %v", got, whole, err, test.want)
			}
		})
	}
	t.Run("first start", func(t *testing.T) {
		if got, _, err := resume("", noon); err != nil || !got.Equal(noon) {
			t.Errorf("got %v, %v", got, err)
		}
		if got, _, err := resume("", unset); err != nil || !got.Equal(builtAfter) {
			t.Errorf("clock not set: got %v, %v", got, err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		if _, _, err := resume("12 noon", noon); err == nil {
			t.Error("no error")
		}
	})
}

// Setting the wall clock while the bridge runs moves nothing.
func TestClockIgnoresWall(t *testing.T) {
	boot, wall := time.Hour, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	c := &clock{
		source: Source{Boot: func() time.Duration { return boot }, Wall: func() time.Time { return wall }},
		base:   wall, boot: boot,
	}
	boot += time.Minute
	wall = wall.AddDate(56, 0, 0)
	if got := c.Now().Sub(c.base); got != time.Minute {
		t.Errorf("bridge time went on by %v", got)
	}
}
