//go:build !race

package bridge

import "testing"

// brief tells whether long tests are to be short.
func brief() bool { return testing.Short() }
