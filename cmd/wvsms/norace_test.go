//go:build !race

package main

import "testing"

// brief tells whether long tests are to be short.
func brief() bool { return testing.Short() }
