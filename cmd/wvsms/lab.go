package main

import (
	"context"
	"errors"
	"regexp"

	"golang.org/x/sync/errgroup"

	"wvsms/bridge"
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

// ptsPreamble is WVaaBBccc: version, primitive, transaction.
var ptsPreamble = regexp.MustCompile(`^WV(\d\d)([A-Za-z]{2})(\d{1,3})( |$)`)

// answerAsService answers CSP requests in plain text syntax as a small IMPS
// service would: a login with its session, anything else with status 200.
// What is no CSP goes back as it came.
func answerAsService(d wdp.Datagram) []byte {
	m := ptsPreamble.FindSubmatch(d.Data)
	switch {
	case m == nil:
		return d.Data
	case string(m[2]) == "LR":
		return []byte("WV" + string(m[1]) + "RL" + string(m[3]) + " SI=S42 KA=7200 CR=T ST=200")
	case string(m[2]) == "ST":
		return nil // the end of a transaction
	}
	return []byte("WV" + string(m[1]) + "ST" + string(m[3]) + " SI=S42 ST=200")
}
