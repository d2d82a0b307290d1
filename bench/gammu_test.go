package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

var gammuPeer = peer{
	name: "gammu-smsd", programs: []string{"gammu-smsd"}, many: 30, open: openGammu,
	cannot: map[string]string{"inbound-direct": "it reads the store, and does not ask for +CMT"},
}

// gammu is gammu-smsd with its files backend.
type gammu struct {
	dir, conf string
	serial    atomic.Int64
	p         *process
}

func openGammu(b *testing.B, s seat) gateway {
	g := &gammu{dir: s.dir}
	folders(b, s.dir, "inbox", "outbox", "sent", "error")
	g.conf = configure(b, "gammu-smsd.conf", s.dir, map[string]any{"Device": s.device, "Dir": s.dir})
	watch(b, filepath.Join(s.dir, "inbox"), s.arrived)
	return g
}

func (g *gammu) start(b *testing.B)    { g.p = start(b, nil, "gammu-smsd", "--config", g.conf) }
func (g *gammu) processes() []*process { return []*process{g.p} }

// submit writes an SMS backup file, which may hold all segments of a message; the daemon
// cuts text only.
func (g *gammu) submit(to string, payload []byte) error {
	serial := g.serial.Add(1)
	segments, err := segmentsOf(payload, uint16(serial))
	if err != nil {
		return err
	}
	var file bytes.Buffer
	for i, ud := range segments {
		fmt.Fprintf(&file, "[SMSBackup%03d]\nPDU = Submit\nSMSC = \"\"\nState = UnSent\nNumber = %q\n", i, to)
		fmt.Fprintf(&file, "UDH = %s\nCoding = 8bit\nClass = -1\nFolder = 2\nLength = %d\n", headerOf(ud), len(ud.Data))
		text := strings.ToUpper(hex.EncodeToString(ud.Data))
		for line := 0; len(text) > 0; line++ {
			n := min(200, len(text))
			fmt.Fprintf(&file, "Text%02d = %s\n", line, text[:n])
			text = text[n:]
		}
		file.WriteString("\n\n")
	}
	return put(filepath.Join(g.dir, "outbox", fmt.Sprintf("OUTC20260101_%06d_00_%s_sms0.smsbackup", serial, to)), file.Bytes())
}
