// Command wvsms is a bridge between a local socket on port 3590 and the SMS
// network: a GSM modem carries Wireless Village / OMA IMPS CSP messages.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2 // of the command line or the configuration
)

type cli struct {
	Demo    demoCmd    `cmd:"" help:"Run the main job with no hardware: the real bridge on a simulated modem."`
	Run     runCmd     `cmd:"" help:"Run the bridge."`
	Send    sendCmd    `cmd:"" help:"Send a message through a running bridge."`
	Listen  listenCmd  `cmd:"" help:"Take messages from a running bridge."`
	Queue   queueCmd   `cmd:"" help:"Look into and tend what waits in a running bridge."`
	Explain explainCmd `cmd:"" help:"Tell the life of one message in plain words."`
	Status  statusCmd  `cmd:"" help:"Tell how a running bridge is; fail if no message could be sent now."`
	Capture captureCmd `cmd:"" help:"Show each short message that passes a running bridge, or write them for Wireshark."`
	Spool   spoolCmd   `cmd:"" help:"Look after what the bridge keeps on disk."`
	Sim     simCmd     `cmd:"" help:"Simulate modems on pseudo terminals, for any AT software."`
	PDU     pduCmd     `cmd:"" name:"pdu" help:"Read and write short messages in PDU mode."`
	CSP     cspCmd     `cmd:"" name:"csp" help:"Read and write CSP messages."`
	Doctor  doctorCmd  `cmd:"" help:"Tell what stands between this machine and a working modem, each with its remedy."`
	Config  configCmd  `cmd:"" help:"Check a configuration file or print an example."`
	Version versionCmd `cmd:"" help:"Print the version."`

	UdevRule   udevRuleCmd   `cmd:"" name:"udev-rule" help:"Print the udev rule that gives a port to the bridge and keeps ModemManager off it."`
	Man        manCmd        `cmd:"" help:"Print the manual page."`
	Completion completionCmd `cmd:"" help:"Print the completions of a shell."`
	USBReset   usbresetCmd   `cmd:"" name:"usbreset" hidden:"" help:"Take a modem off the USB bus and put it back (root; wvsms-usbreset@.service)."`
}

// helpVars are what stands as ${…} in the help.
func helpVars() kong.Vars {
	return kong.Vars{"config": defaultConfig, "profiles": profileNames()}
}

func main() {
	std := &stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
	var commands cli
	parser := kong.Must(&commands,
		kong.Name("wvsms"),
		kong.Description("A bridge between a local socket on port 3590 and the SMS network."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		helpVars(),
	)
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(std.Err, "wvsms: %v (wvsms --help shows the commands)\n", err)
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(std); err != nil {
		fmt.Fprintf(std.Err, "wvsms: %v\n", err)
		var usage usageError
		if errors.As(err, &usage) {
			os.Exit(exitUsage)
		}
		os.Exit(exitFailed)
	}
}
