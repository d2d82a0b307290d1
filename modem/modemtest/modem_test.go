package modemtest

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is an air with one modem on a pipe, in a synctest bubble.
type lab struct {
	*testing.T
	air *Air
	m   *Modem
	te  net.Conn

	ctx context.Context
	wg  sync.WaitGroup
	end context.CancelFunc
}

// inLab runs f with a modem being served.
func inLab(t *testing.T, ao AirOptions, mo ModemOptions, f func(l *lab)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if mo.Number == "" {
			mo.Number = "+491701"
		}
		l := &lab{T: t, air: NewAir(ao)}
		l.ctx, l.end = context.WithCancel(context.Background())
		l.m = l.air.NewModem(mo)
		l.wg.Go(func() { l.air.Run(l.ctx) })
		l.te = l.plug(l.m)
		f(l)
		l.end()
		l.te.Close()
		l.wg.Wait()
	})
}

// plug serves m on a new line.
func (l *lab) plug(m *Modem) net.Conn {
	te, line := net.Pipe()
	l.wg.Go(func() {
		if err := m.Serve(l.ctx, line); err != nil {
			l.Errorf("serve: %v", err)
		}
	})
	return te
}

func (l *lab) talk(script string) {
	l.Helper()
	Talk(l.T, l.te, script)
}

// dialogue is a talk with a generic modem that has nothing to remember.
func dialogue(t *testing.T, mo ModemOptions, script string) {
	t.Helper()
	inLab(t, AirOptions{}, mo, func(l *lab) { l.talk(script) })
}
