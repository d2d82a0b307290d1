package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set by the release build; a build from source tells its revision.
var version = "0.1.0-dev"

type versionCmd struct{}

// Run prints the version, the revision and the toolchain.
func (versionCmd) Run(std *stdio) error {
	revision := ""
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	fmt.Fprintf(std.Out, "wvsms %s%s %s %s/%s\n", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
