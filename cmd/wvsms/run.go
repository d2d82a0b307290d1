package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"wvsms/bridge"
	"wvsms/bridge/web"
	"wvsms/modem"
)

type runCmd struct {
	File    string `name:"config" placeholder:"FILE" xor:"sim" help:"Configuration file (${config})."`
	Sim     bool   `xor:"sim,recover" help:"Simulated modem and handset; no configuration, no budget, nothing kept."`
	Socket  string `placeholder:"ADDR" help:"With --sim: where the socket listens (127.0.0.1:3590)."`
	HTTP    string `name:"http" placeholder:"ADDR" help:"With --sim: where the status page and the HTTP interface listen (nowhere)."`
	Recover bool   `xor:"recover" help:"If the spool is damaged, set it aside and go on with what can be read of it."`
	Trace   bool   `help:"Print every AT line among the log, without what messages hold."`
	Payload bool   `help:"With --trace: that too, passwords included."`
}

// instrument lets tests look into the daemon that they run as a process, and end it.
var instrument = func(*bridge.Options) {}

// gcPercent keeps the heap small, of which little lives: 3 MiB less at the peak, for a collection
// more now and then. GOGC says otherwise.
const gcPercent = 50

// Run is the daemon.
func (c *runCmd) Run(ctx context.Context, std *stdio) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	cfg, err := c.config()
	if err != nil {
		return usageError{err}
	}
	level := newLogLevel(cfg.Log.Level)
	var tail *web.LogTail // for the page, if there is one or systemd may have a socket for it
	var others []io.Writer
	if cfg.HTTP.Listen != "" || os.Getenv("LISTEN_FDS") != "" {
		tail = &web.LogTail{}
		others = append(others, tail)
	}
	log := newLogger(std.Err, cfg.Log, others...).Sample(level)
	o := bridge.Options{Log: log}
	o.Profiles = siteProfiles(c.file())
	if c.Sim {
		o.Profiles = os.DevNull // a simulated modem is the same at every site
	}
	if _, err := modem.ReadProfiles(o.Profiles); err != nil {
		return usageError{err}
	}
	instrument(&o)
	if c.Trace {
		o.Trace = func(modem string, sent bool, line string) {
			log.Info().Str("modem", modem).Msg("AT " + arrow(sent) + line)
		}
		if c.Payload && cfg.Log.Redact {
			return usageError{errors.New("--payload prints the numbers that log.numbers = \"redact\" hides: one of them has to go")}
		}
		if !c.Payload {
			o.Trace = bridge.Masked(o.Trace)
		}
	}
	if c.Sim {
		dir, err := os.MkdirTemp("", "wvsms-sim-")
		if err != nil {
			return fmt.Errorf("make a place for the simulation's spool: %w", err)
		}
		defer os.RemoveAll(dir)
		cfg.Spool.Path = filepath.Join(dir, "spool.db")
		cfg.Limits.SegmentsPerDay, cfg.Limits.LoopSegments = 0, 0
		lab, err := newLab(filepath.Join(dir, "modem"))
		if err != nil {
			return err
		}
		cfg.Modems = []bridge.ModemConfig{lab.modem}
		lab.service(simNumber)
		log.Info().Str("handset", simNumber).Msg("simulated: a message to the handset is answered")
		return lab.run(ctx, func(ctx context.Context) error { return serve(ctx, cfg, o, tail, nil) })
	}
	reload := newReloader(c.file(), level, log)
	defer reload.stop()
	if c.Recover {
		if err := recoverSpool(cfg.Spool.Path, log, std.Err); err != nil {
			return err
		}
	}
	return serve(ctx, cfg, o, tail, reload)
}

// file is the configuration's.
func (c *runCmd) file() string { return cmp.Or(c.File, defaultConfig) }

func (c *runCmd) config() (bridge.Config, error) {
	switch {
	case c.Payload && !c.Trace:
		return bridge.Config{}, errors.New("--payload goes with --trace")
	case c.Sim:
		cfg := bridge.Defaults()
		if c.Socket != "" {
			cfg.Socket.Listen = []string{c.Socket}
		}
		if cfg.HTTP.Listen = c.HTTP; c.HTTP != "" {
			if err := bridge.CheckLoopback(c.HTTP); err != nil {
				return cfg, err
			}
		}
		return cfg, bridge.CheckLoopback(cfg.Socket.Listen[0])
	case c.Socket != "":
		return bridge.Config{}, errors.New("--socket goes with --sim: the configuration has [socket] listen")
	case c.HTTP != "":
		return bridge.Config{}, errors.New("--http goes with --sim: the configuration has [http] listen")
	}
	return bridge.ReadConfig(c.file())
}

func arrow(sent bool) string {
	if sent {
		return "> "
	}
	return "< "
}
