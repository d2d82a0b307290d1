package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"wvsms/bridge"
	"wvsms/bridge/web"
)

const (
	openPause  = 3 * time.Second  // before a spool that could not be opened is tried again
	unwatched  = 10 * time.Minute // between looks whether all goes on, which only the log hears of
	statusLine = 400              // octets of a status; systemctl shows one line
)

// serve runs the bridge, and tells systemd of it where that started the program:
// READY when the sockets are open, STATUS in plain words, WATCHDOG while every loop of
// the bridge goes round. All of it is nothing elsewhere. tail and reload may be nil.
func serve(ctx context.Context, cfg bridge.Config, o bridge.Options, tail *web.LogTail, reload *reloader) error {
	var page net.Listener
	o.Listeners, page = passed()
	var meter *web.Meter
	if cfg.HTTP.Listen != "" || page != nil {
		meter = web.NewMeter()
		o.Meter = meter
	}
	b, err := open(ctx, cfg, o)
	if faults := (bridge.Faults{}); errors.As(err, &faults) {
		return usageError{err}
	}
	if err != nil || b == nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	if cfg.HTTP.Listen != "" || page != nil {
		page, err := web.Listen(ctx, b, web.Options{Listen: cfg.HTTP.Listen, Passed: page, Hosts: cfg.HTTP.Hosts, Meter: meter, Tail: tail, TLS: b.TLS(), Log: o.Log})
		if err != nil {
			b.Close()
			return err
		}
		g.Go(func() error { return page.Run(ctx) })
	}
	if reload != nil {
		g.Go(func() error { reload.run(ctx, b); return nil })
	}
	g.Go(func() error { return b.Run(ctx) })
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		o.Log.Warn().Err(err).Msg("cannot read what systemd wants of a watchdog: it is not fed")
	}
	g.Go(func() error { report(ctx, b, every, notify, o.Log); return nil })
	return g.Wait()
}

// passed are the sockets that systemd has bound: the one that its unit names "http"
// (FileDescriptorName=) is the status page's, all others are the bridge's. One that is
// none of a stream is nil.
func passed() (sockets []net.Listener, page net.Listener) {
	for _, f := range activation.Files(true) {
		l, err := net.FileListener(f)
		if err != nil {
			l = nil
		}
		f.Close()
		if f.Name() == "http" && page == nil {
			page = l
		} else {
			sockets = append(sockets, l)
		}
	}
	return sockets, page
}

// A reporter is what systemd hears of.
type reporter interface {
	Summary() (text string, changed <-chan struct{})
	Stuck() string
}

// open opens the bridge. A disk that is full or not there yet at boot is waited for:
// nothing can be accepted until it is, so nothing is served, but a site that nobody
// visits must come up by itself when there is room. nil, nil: ctx ended before.
func open(ctx context.Context, cfg bridge.Config, o bridge.Options) (*bridge.Bridge, error) {
	for told := ""; ; {
		b, err := bridge.Open(ctx, cfg, o)
		if err == nil || !bridge.Passes(err) {
			return b, err
		}
		if told != err.Error() {
			told = err.Error()
			o.Log.Error().Err(err).Msg("waiting: nothing is served until the spool opens")
		}
		// The start may take as long as it takes (sd_notify(3)).
		notify(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", (10*openPause).Microseconds()), status("waiting: "+told))
		select {
		case <-time.After(openPause):
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// report tells systemd how the bridge is until ctx ends; every is how often it wants to
// hear that all goes on, 0 never.
func report(ctx context.Context, b reporter, every time.Duration, notify func(...string), log zerolog.Logger) {
	watched := every > 0
	if every = every / 3; !watched {
		every = unwatched
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	notify(daemon.SdNotifyReady)
	said, stuck := "", ""
	for {
		text, changed := b.Summary()
		if text != said {
			said = text
			notify(status(text))
		}
		now := b.Stuck()
		if watched && now == "" {
			notify(daemon.SdNotifyWatchdog)
		}
		if now != stuck && now != "" {
			log.Error().Str("loops", now).Bool("watched", watched).Msg("a part of the bridge does not go on: the watchdog is no longer fed")
		}
		stuck = now
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			notify(daemon.SdNotifyStopping, status("stopping"))
			return
		}
	}
}

// notify sends assignments. There is nobody to tell when that fails.
func notify(states ...string) { daemon.SdNotify(false, strings.Join(states, "\n")) }

func status(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > statusLine {
		text = strings.ToValidUTF8(text[:statusLine], "") + "…"
	}
	return "STATUS=" + text
}
