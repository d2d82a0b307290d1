package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"wvsms/bridge/doctor"
)

type doctorCmd struct {
	Device string `arg:"" optional:"" help:"The AT port to examine; without it those of the configuration, or what is found on USB."`
	File   string `name:"config" default:"${config}" placeholder:"FILE" help:"Configuration file (${config})."`
	JSON   bool   `name:"json" help:"Print the report as one JSON object."`

	Record string `placeholder:"FILE" help:"Write the dialogue with the modem as a script that can be played again; numbers become others, texts blank."`

	Loopback string `placeholder:"NUMBER" help:"Try what the network carries: send short messages to that number, the modem's own or that of --to-device. They cost money."`
	ToDevice string `placeholder:"DEVICE2" help:"With --loopback: AT port of the modem that has the number."`
	Yes      bool   `help:"With --loopback: send without asking."`

	accessFlags
}

// Help says what the doctor does not do.
func (doctorCmd) Help() string {
	return `It opens the port as the bridge does, so that the bridge must not have it; where that has it, it is asked instead. It types no PIN and deletes no message. The report shows no number, no identity in whole and no PIN: attach it to a bug as it is.`
}

var errUnwell = errors.New("something fails: see above")

// Run examines and prints the report.
func (c *doctorCmd) Run(ctx context.Context, std *stdio) error {
	o := doctor.Options{Version: version, Config: c.File, Device: c.Device, Info: c.askInfo}
	switch {
	case c.Loopback != "":
		o.Loopback = &doctor.Loopback{Number: c.Loopback, ToDevice: c.ToDevice, Confirm: func(n int) bool { return c.confirm(std, n) }}
	case c.ToDevice != "" || c.Yes:
		return usageError{errors.New("--to-device and --yes go with --loopback")}
	}
	if c.Record != "" {
		f, err := os.OpenFile(c.Record, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("record the dialogue: %w", err)
		}
		defer f.Close()
		o.Record = f
	}
	report, err := doctor.Examine(ctx, o)
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

// confirm states the cost, and asks whether that is all right where somebody can answer.
func (c *doctorCmd) confirm(std *stdio, segments int) bool {
	fmt.Fprintf(std.Err, "The probe sends %d short messages to %s.\n", segments, c.Loopback)
	if c.Yes {
		return true
	}
	in, ok := std.In.(*os.File)
	if !ok || !isTerminal(in) {
		return false
	}
	fmt.Fprint(std.Err, "Send them? [y/N] ")
	answer, _ := bufio.NewReader(in).ReadString('\n')
	return strings.EqualFold(strings.TrimSpace(answer), "y")
}

// askInfo is INFO of the bridge at an address.
func (a accessFlags) askInfo(ctx context.Context, addr string) (json.RawMessage, error) {
	c, err := a.dial(ctx, addr)
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
