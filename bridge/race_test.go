//go:build race

package bridge

// brief: the race detector makes everything slower, so the long tests that are the same
// thing over and over are shorter with it.
func brief() bool { return true }
