package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"

	"wvsms/bridge"
)

// A reloader reads the configuration again at SIGHUP. A file with a fault changes nothing.
type reloader struct {
	path  string
	level *logLevel
	log   zerolog.Logger
	hup   chan os.Signal // capacity 1: several at once are one
}

// newReloader takes SIGHUP from now on, also while the bridge is not open yet: a disk may
// be waited for.
func newReloader(path string, level *logLevel, log zerolog.Logger) *reloader {
	r := &reloader{path: path, level: level, log: log, hup: make(chan os.Signal, 1)}
	signal.Notify(r.hup, unix.SIGHUP)
	return r
}

func (r *reloader) stop() { signal.Stop(r.hup) }

// A reloadable is the bridge.
type reloadable interface {
	Reload(ctx context.Context, c bridge.Config) (changed, restart []string, err error)
}

func (r *reloader) run(ctx context.Context, b reloadable) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.hup:
			r.reload(ctx, b)
		}
	}
}

func (r *reloader) reload(ctx context.Context, b reloadable) {
	var changed, restart []string
	cfg, err := bridge.ReadConfig(r.path)
	if err == nil {
		changed, restart, err = b.Reload(ctx, cfg)
	}
	var faults bridge.Faults
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			r.log.Error().Str("key", f.Key).Str("fault", f.Text).Msg("the configuration is faulty: nothing has changed")
		}
		return
	case err != nil:
		r.log.Error().Err(err).Msg("the configuration cannot be read again: nothing has changed")
		return
	}
	r.level.set(cfg.Log.Level)
	line := r.log.Info()
	if len(restart) > 0 {
		line = r.log.Warn().Strs("after_restart", restart)
	}
	line.Strs("changed", changed).Msg("the configuration is read again")
}

// A logLevel lets through what is of a level or above, and may change: it samples, because
// loggers made of others keep what level these had.
type logLevel struct{ least atomic.Int32 }

func newLogLevel(name string) *logLevel {
	l := &logLevel{}
	l.set(name)
	return l
}

func (l *logLevel) set(name string) {
	level, err := zerolog.ParseLevel(name)
	if err != nil {
		level = zerolog.InfoLevel // the configuration was checked
	}
	l.least.Store(int32(level))
}

// Sample is zerolog's question for each line, before anything is put together.
func (l *logLevel) Sample(level zerolog.Level) bool { return int32(level) >= l.least.Load() }
