package main

import (
	"context"
	"encoding/json"
	"errors"

	"wvsms/bridge/doctor"
)

type doctorCmd struct {
	Device string `arg:"" optional:"" help:"The AT port to examine; without it those of the configuration, or what is found on USB."`
	File   string `name:"config" default:"${config}" placeholder:"FILE" help:"Configuration file (${config})."`
	JSON   bool   `name:"json" help:"Print the report as one JSON object."`
}

// Help says what the doctor does not do.
func (doctorCmd) Help() string {
	return `It opens the port as the bridge does, so that the bridge must not have it; where that has it, it is asked instead. It types no PIN and deletes no message. The report shows no number, no identity in whole and no PIN: attach it to a bug as it is.`
}

var errUnwell = errors.New("something fails: see above")

// Run examines and prints the report.
func (c *doctorCmd) Run(ctx context.Context, std *stdio) error {
	report, err := doctor.Examine(ctx, doctor.Options{
		Version: version, Config: c.File, Device: c.Device, Info: askInfo,
	})
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(std.Out).Encode(report)
	} else {
		err = report.Print(std.Out, isTerminal(std.Out))
	}
	if err == nil && !report.OK {
		err = errUnwell
	}
	return err
}

// askInfo is INFO of the bridge at an address.
func askInfo(ctx context.Context, addr string) (json.RawMessage, error) {
	c, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.write("INFO", nil); err != nil {
		return nil, err
	}
	f, err := c.answer(c.hold)
	return f.payload, err
}
