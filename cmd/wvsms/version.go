package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// version is set by the release build; a build from source tells its revision.
var version = "0.1.0-dev"

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run prints the version, the revision and the toolchain.
func (c versionCmd) Run(std *stdio) error {
	revision := ""
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	if c.JSON {
		return json.NewEncoder(std.Out).Encode(map[string]string{
			"version": version, "revision": revision, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
		})
	}
	fmt.Fprintln(std.Out, strings.Join(strings.Fields(fmt.Sprintf("wvsms %s %s %s %s/%s",
		version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)), " "))
	return nil
}
