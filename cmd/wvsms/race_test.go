//go:build race

package main

// brief: with the race detector a process takes three times as long to start. CI runs
// besides without it what is shorter here.
func brief() bool { return true }
