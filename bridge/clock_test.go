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
	}{
		{"both set", noon, noon.Add(time.Hour), bridge.Add(time.Hour)},
		{"set back", noon, noon.Add(-time.Hour), bridge},
		{"not set at the restart", noon, unset, bridge},
		{"not set before", unset, noon, bridge},
		{"never set", unset, unset.Add(time.Hour), bridge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := resume(saved(bridge, test.then), test.wall)
			if err != nil || !got.Equal(test.want) {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
	t.Run("first start", func(t *testing.T) {
		if got, err := resume("", noon); err != nil || !got.Equal(noon) {
			t.Errorf("got %v, %v", got, err)
		}
		if got, err := resume("", unset); err != nil || !got.Equal(builtAfter) {
			t.Errorf("clock not set: got %v, %v", got, err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		if _, err := resume("12 noon", noon); err == nil {
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
