//go:build !race

package spool

import "testing"

// brief tells whether long tests are to be short.
func brief() bool { return testing.Short() }
