package modem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// settings are what was found out about a modem and chosen for it.
type settings struct {
	acks     atomic.Bool // phase 2+ (+CSMS=1): what it hands on wants +CNMA; runURCs reads it
	direct   bool        // messages are handed on (+CMT), not stored (+CMTI)
	cnmi     string      // as set
	cnmiSet  []string
	noDirect bool // handing on does not work with this modem
	blind    bool // no way was found to be told of messages: the stores are looked into often

	stores   []string    // those to look into
	memories int         // that may be selected
	store    string      // where received messages go (<mem3>)
	noName   atomic.Bool // there is a store, and no name for it; runURCs reads it
	apart    bool        // it takes no two commands in one line
	three    bool        // +CPMS takes three memories only

	noCMMS bool
	cnma   string          // form of +CNMA: "", "=0" or "=1"
	filled map[string]bool // stores that are known to be getting full
	drafts map[string]int  // messages in a store that were not received
	nacks  int             // acknowledgements refused in a row

	pinTried  string // for which SIM the PIN was used in this session
	pinDigest [32]byte
}

// setPDUMode: TS 27.005 3.2.3.
func (m *Modem) setPDUMode(ctx context.Context) error {
	_, err := m.patient(ctx, "+CMGF=0")
	if err != nil {
		if m.profile.Explain != "" {
			return fmt.Errorf("set PDU mode: %w: %s", err, m.profile.Explain)
		}
		return fmt.Errorf("set PDU mode (a modem without it cannot be used): %w", err)
	}
	return nil
}

// setCentre sets the service centre if one is configured, and reads it.
func (m *Modem) setCentre(ctx context.Context) error {
	if smsc := m.opt.SMSC; smsc != "" {
		toa := 129
		if strings.HasPrefix(smsc, "+") {
			toa = 145
		}
		if _, err := m.patient(ctx, fmt.Sprintf(`+CSCA="%s",%d`, smsc, toa)); err != nil {
			return fmt.Errorf("set service centre %s: %w", smsc, err)
		}
	}
	info, err := m.patient(ctx, "+CSCA?")
	refused := (*ResultError)(nil)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	m.noCentre = refused != nil && refused.Kind == CMS && refused.Code == 330 // SMSC address unknown
	if args, ok := answer(info, "+CSCA"); ok {
		m.mu.Lock()
		m.id.SMSC = fields(args)[0]
		m.noCentre = m.id.SMSC == ""
		m.mu.Unlock()
	}
	return nil
}
