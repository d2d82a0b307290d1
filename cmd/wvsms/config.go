package main

import (
	_ "embed"
	"fmt"

	"wvsms/bridge"
)

const defaultConfig = "/etc/wvsms/wvsms.toml"

//go:embed example.toml
var exampleConfig string

type configCmd struct {
	Check   configCheckCmd   `cmd:"" help:"Check a configuration file; every fault is shown, under its key."`
	Example configExampleCmd `cmd:"" help:"Print an example configuration with every key."`
}

type configCheckCmd struct {
	File string `arg:"" optional:"" default:"${config}" help:"The file (${config})."`
}

// Run prints the faults of the file, or that there are none.
func (c *configCheckCmd) Run(std *stdio) error {
	if _, err := bridge.ReadConfig(c.File); err != nil {
		return usageError{err}
	}
	fmt.Fprintf(std.Out, "%s: good\n", c.File)
	return nil
}

type configExampleCmd struct{}

// Run prints the example.
func (configExampleCmd) Run(std *stdio) error {
	_, err := fmt.Fprint(std.Out, exampleConfig)
	return err
}
