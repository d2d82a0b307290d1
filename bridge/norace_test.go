//go:build !race

package bridge

import "testing"

// brief tells whether long tests are to be short.
func brief() bool { return testing.Short() }

// daysPass begins a test in which days pass, which the race detector leaves out.
func daysPass(*testing.T) {}
