package modem

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bareLine is an executor that talks to a script, without a Modem above it.
type bareLine struct {
	*executor
	t    *testing.T
	s    *script
	ours Port
	all  sync.WaitGroup
}

func newBareLine(t *testing.T) *bareLine {
	t.Helper()
	ours, theirs := net.Pipe()
	return newBareLineOn(t, ours, theirs)
}

func newBareLineOn(t *testing.T, ours Port, theirs net.Conn) *bareLine {
	t.Helper()
	l := &bareLine{executor: newExecutor(ours, nil), t: t, ours: ours}
	l.all.Go(l.run)
	if theirs != nil {
		l.s = newScript(t, theirs)
	}
	l.line.watch()
	return l
}

func (l *bareLine) close() {
	l.hangUp(context.Canceled)
	if l.s != nil {
		_ = l.s.line.Close()
	}
	l.all.Wait()
}

func (l *bareLine) play(text string) {
	l.t.Helper()
	if err := l.s.play(text); err != nil {
		l.close()
		l.t.Fatal(err)
	}
}

// command starts a Command and returns a channel for what it gives: the lines
// of the answer, then OK or the error.
func (l *bareLine) command(cmd string, d time.Duration) <-chan string {
	out := make(chan string, 1)
	go func() {
		info, err := l.Command(context.Background(), cmd, d)
		if err == nil {
			info = append(info, "OK")
		} else {
			info = append(info, err.Error())
		}
		out <- strings.Join(info, "|")
	}()
	return out
}

// urcs are the codes queued so far, in words.
func (l *bareLine) urcs() string {
	synctest.Wait()
	l.line.mu.Lock()
	defer l.line.mu.Unlock()
	var out []string
	for _, u := range l.line.urcs {
		out = append(out, strings.TrimSpace(kindNames[u.kind]+" "+u.args+" "+u.text))
	}
	return strings.Join(out, "|")
}

var kindNames = map[urcKind]string{
	urcMessage: "message", urcReport: "report", urcStored: "stored", urcStoredReport: "stored report",
	urcReg: "reg", urcPSReg: "psreg", urcEPSReg: "eps", urcSIM: "sim", urcFull: "full", urcReady: "ready",
}

// exchange is one command with what the modem says to it.
type exchange struct {
	name, cmd, dialog string
	want              string // the answer
	urcs              string
}

func (e exchange) run(t *testing.T) {
	t.Run(e.name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newBareLine(t)
			defer l.close()
			got := l.command(e.cmd, 10*time.Second)
			l.play("> AT" + e.cmd + "\n" + e.dialog)
			if got := <-got; got != e.want {
				t.Errorf("answer %q, want %q", got, e.want)
			}
			if got := l.urcs(); got != e.urcs {
				t.Errorf("unsolicited %q, want %q", got, e.urcs)
			}
		})
	})
}
