package main

import (
	"context"
	"encoding/json"
	"fmt"

	"wvsms/bridge"
	"wvsms/spool"
)

type spoolCmd struct {
	Backup spoolBackupCmd `cmd:"" help:"Copy the spool to a file, while the bridge runs or not."`
}

type spoolBackupCmd struct {
	File   string `arg:"" help:"Where the copy goes. It is whole and durable, or not there."`
	Config string `placeholder:"FILE" xor:"spool" help:"The configuration that names the spool (${config})."`
	Spool  string `placeholder:"PATH" xor:"spool" help:"The spool, where no configuration does."`
	Force  bool   `help:"Replace the file if it is there already."`
	JSON   bool   `name:"json" help:"Print an object."`
}

// Help is the longer help.
func (spoolBackupCmd) Help() string {
	return `The copy has all that was accepted or received when the backup began: what messages hold, too. The bridge goes on meanwhile.

To restore it: stop the bridge, put the copy in the place of the spool, without the -wal and -shm files beside that, and start the bridge.

What happened since the backup is not in the copy. What was queued then and has been sent since is sent again, and what has been acknowledged since is offered again: docs/backup.md tells how to look before.`
}

// Run makes the copy.
func (c *spoolBackupCmd) Run(ctx context.Context, std *stdio) error {
	path := c.Spool
	if path == "" {
		if c.Config == "" {
			c.Config = defaultConfig
		}
		cfg, err := bridge.ReadConfig(c.Config)
		if err != nil {
			return usageError{err}
		}
		path = cfg.Spool.Path
	}
	made, err := spool.Backup(ctx, path, c.File, c.Force)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(std.Out).Encode(map[string]any{
			"spool": path, "file": c.File, "octets": made.Octets, "schema": made.Schema, "outbound": made.Outbound, "inbound": made.Inbound,
		})
	}
	_, err = fmt.Fprintf(std.Out, "%s: a copy of %s, %d octets, schema %d: %s sent or to be sent, %s received\n",
		visible(c.File), visible(path), made.Octets, made.Schema, count(made.Outbound, "message"), count(made.Inbound, "message"))
	return err
}
