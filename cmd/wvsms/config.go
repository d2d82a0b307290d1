package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"wvsms/bridge"
	"wvsms/modem"
)

const defaultConfig = "/etc/wvsms/wvsms.toml"

//go:embed example.toml
var exampleConfig string

type configCmd struct {
	Check   configCheckCmd   `cmd:"" help:"Check a configuration file, and the modem profiles beside it; every fault is shown, under its key."`
	Example configExampleCmd `cmd:"" help:"Print an example configuration with every key."`
}

type configCheckCmd struct {
	File string `arg:"" optional:"" default:"${config}" help:"The file (${config})."`
	JSON bool   `name:"json" help:"Print the faults as a JSON list of key and fault."`
}

// Run prints the faults of the file, or that there are none.
func (c *configCheckCmd) Run(std *stdio) error {
	_, err := bridge.ReadConfig(c.File)
	_, rows := modem.ReadProfiles(siteProfiles(c.File))
	if c.JSON {
		list := []bridge.Fault{}
		var faults bridge.Faults
		if errors.As(err, &faults) {
			list = faults
		} else if err != nil {
			list = []bridge.Fault{{Text: err.Error()}}
		}
		if rows != nil {
			list = append(list, bridge.Fault{Key: siteProfiles(c.File), Text: rows.Error()})
		}
		if err := json.NewEncoder(std.Out).Encode(list); err != nil {
			return err
		}
	}
	if err := errors.Join(err, rows); err != nil {
		return usageError{err}
	}
	if c.JSON {
		return nil
	}
	fmt.Fprintf(std.Out, "%s: good\n", c.File)
	return nil
}

// siteProfiles is the file of the site's own rows of makes of modems: it stands beside
// the configuration, or does not.
func siteProfiles(config string) string { return filepath.Join(filepath.Dir(config), "profiles.toml") }

type configExampleCmd struct{}

// Run prints the example.
func (configExampleCmd) Run(std *stdio) error {
	_, err := fmt.Fprint(std.Out, exampleConfig)
	return err
}
