package modem

import (
	"context"
	"fmt"
	"strings"
)

// Query asks a modem that is ready something, "+CNMI?", and returns the lines of its
// answer. Only what changes nothing is asked: read and test commands (V.250 5.4.4)
// and a few that have neither form.
func (m *Modem) Query(ctx context.Context, cmd string) (info []string, err error) {
	if !harmless(cmd) {
		return nil, fmt.Errorf("ask AT%s: it is no query", maskPIN(cmd))
	}
	err = m.jobs.do(ctx, rankReceive, true, func(run context.Context) error {
		info, err = m.x.Command(run, cmd, simTimeout)
		return err
	})
	return info, err
}

func harmless(cmd string) bool {
	switch cmd {
	case "+GCAP", "+CSQ", "+CESQ", "+CEER", `+QCFG="ims"`:
		return true
	}
	return strings.HasSuffix(cmd, "?") && !strings.ContainsRune(cmd, ';')
}
