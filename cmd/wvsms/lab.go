package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wvsms/bridge"
	"wvsms/csp"
	"wvsms/modem/modemtest"
	"wvsms/pdu/wdp"
)

// Numbers of the simulated network.
const (
	simModem  = "+491700000001"
	simNumber = "+491712345678" // the handset
)

// A lab is a simulated network with one modem on a pseudo terminal.
type lab struct {
	air   *modemtest.Air
	sim   *modemtest.Modem
	line  *modemtest.PTY
	modem bridge.ModemConfig
}

// newLab makes the network; link is a path for the modem's terminal.
func newLab(link string) (*lab, error) {
	line, err := modemtest.OpenPTY(link)
	if err != nil {
		return nil, err
	}
	air := modemtest.NewAir(modemtest.AirOptions{})
	return &lab{
		air:   air,
		sim:   air.NewModem(modemtest.ModemOptions{Number: simModem}),
		line:  line,
		modem: bridge.ModemConfig{Name: "m0", Device: line.Name(), Baud: 115200},
	}, nil
}

// handset puts a handset on the air that answers what it receives; no answer is
// nil.
func (l *lab) handset(number string, answer func(wdp.Datagram) []byte) *modemtest.Handset {
	return l.air.NewHandset(number, func(h *modemtest.Handset, from string, d wdp.Datagram) {
		if payload := answer(d); payload != nil {
			h.Send(from, wdp.Datagram{Dst: d.Dst, Data: payload})
		}
	})
}

// run keeps the network alive while f runs.
func (l *lab) run(ctx context.Context, f func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return ended(l.air.Run(ctx)) })
	g.Go(func() error { return ended(l.sim.Serve(ctx, l.line)) })
	g.Go(func() error {
		defer stop()
		return f(ctx)
	})
	return g.Wait()
}

func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// service answers what comes to the handset of `run --sim` as a small IMPS service would
// that lets everybody in. What is no CSP, and no message that a service answers, goes back
// as it came.
func (l *lab) service(number string) {
	s := modemtest.NewIMService(modemtest.IMServiceOptions{})
	var mu sync.Mutex
	l.air.NewHandset(number, func(h *modemtest.Handset, from string, d wdp.Datagram) {
		answers := []modemtest.IMDatagram{{To: from, Data: d.Data}}
		switch csp.Detect(d.Data) {
		case csp.PTS, csp.XML, csp.WBXML:
			mu.Lock()
			answers = s.Push(time.Now(), from, d.Data)
			mu.Unlock()
		}
		for _, a := range answers {
			_ = h.Send(a.To, wdp.Datagram{Dst: d.Dst, Data: a.Data})
		}
	})
}
