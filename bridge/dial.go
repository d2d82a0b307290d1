package bridge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
)

// Implementation.
const (
	letGo      = 5 * time.Second // in which a rival that has agreed to it closes the port
	letGoCheck = 200 * time.Millisecond
)

// A dialer opens terminals, and makes the truce that this needs.
type dialer struct {
	sys   string
	truce Truce
	open  func(c ModemConfig) (modem.Port, error)
	log   zerolog.Logger

	mu   sync.Mutex
	told map[string]bool // devices of which a truce was refused: said once
}

func newDialer(sys string, profiles modem.Profiles, log zerolog.Logger) *dialer {
	open := func(c ModemConfig) (modem.Port, error) { return c.Open(profiles) }
	return &dialer{sys: sys, truce: ModemManager{}, open: open, log: log, told: map[string]bool{}}
}

// dial is a Dial.
func (d *dialer) dial(ctx context.Context, c ModemConfig) (modem.Port, error) {
	release, err := d.inhibit(ctx, c.Device)
	if err != nil {
		d.complain(c, err)
	}
	port, err := d.open(c)
	for until := time.Now().Add(letGo); release != nil && busy(err) && time.Now().Before(until); {
		if !pause(ctx, letGoCheck, nil) {
			break
		}
		port, err = d.open(c)
	}
	if release == nil {
		return port, err
	}
	if err != nil {
		release()
		return nil, err
	}
	return &leased{Port: port, release: release}, nil
}

func busy(err error) bool {
	var p *modem.PortError
	return errors.As(err, &p) && p.Fault == modem.PortBusy
}

// inhibit keeps the rival off the device; release is nil where there is none, or none
// that knows the device.
func (d *dialer) inhibit(ctx context.Context, device string) (release func(), err error) {
	folder := usbFolder(d.sys, device)
	if folder == "" {
		return nil, nil
	}
	release, err = d.truce.Inhibit(ctx, folder)
	if errors.Is(err, errNoRival) {
		return nil, nil
	}
	return release, err
}

// complain says once of a device that ModemManager may interfere.
func (d *dialer) complain(c ModemConfig, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.told[c.Device] {
		return
	}
	d.told[c.Device] = true
	d.log.Warn().Err(err).Str("modem", c.Name).
		Msg("ModemManager runs and may take this modem: " + modem.KeepOff(c.Device))
}

// A leased port ends the truce when it is closed.
type leased struct {
	modem.Port
	release func()
	once    sync.Once
}

// Close closes the port and ends the truce.
func (l *leased) Close() error {
	err := l.Port.Close()
	l.once.Do(l.release)
	return err
}

// SetWriteDeadline is the port's, if it has one.
func (l *leased) SetWriteDeadline(t time.Time) error {
	if d, ok := l.Port.(interface{ SetWriteDeadline(time.Time) error }); ok {
		return d.SetWriteDeadline(t)
	}
	return fmt.Errorf("set a write deadline: %w", errors.ErrUnsupported)
}
