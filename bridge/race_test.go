//go:build race

package bridge

import "testing"

// brief: the race detector makes everything five times slower, so the long tests that
// are the same thing over and over are shorter with it.
func brief() bool { return true }

// daysPass begins a test in which days pass, which takes the race detector minutes in all
// and shows it what the minutes of others do. CI runs them besides without it, by this call.
func daysPass(t *testing.T) {
	t.Skip("days pass in it: it runs without the race detector")
}
