package main

import "io"

// stdio is what a subcommand reads and writes.
type stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// usageError is an error in how the command was called: exit code 2.
type usageError struct{ error }

// Unwrap returns what was wrong.
func (e usageError) Unwrap() error { return e.error }
