package modem

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzConditioner gives a modem's word to the conditioner in pieces, around a
// command, and checks what it promises: nothing blocks, no code in an answer,
// no PDU of a code lost, each line at most one destination.
func FuzzConditioner(f *testing.F) {
	f.Add([]byte("\r\n+CMT: ,22\r\n"+mtA+"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"), uint8(3), "+CSQ", false)
	f.Add([]byte("\r\n> \r\n+CMGS: 3\r\n\r\nOK\r\n"), uint8(1), "+CMGS=16", true)
	f.Add([]byte("\x00\x00AT+CREG?\r+CREG: 2,1\n\r+CREG: 5\rERROR\r"), uint8(200), "+CREG?", false)
	f.Add([]byte("+CMGL: 1,1,,22\r\r\n"+mtA+"\r+CMTI: \"SM\",3\r\n+CDS: 25\n+CMS ERROR : 38"), uint8(7), "+CMGL=4", false)
	f.Add([]byte("^SYSSTART\r\nRDY\r\nNO CARRIER\r\n0\r\n>>> >\r\n"), uint8(2), "+CIMI", false)
	f.Fuzz(func(t *testing.T, said []byte, chunk uint8, cmd string, sms bool) {
		if len(said) > 1<<16 || strings.ContainsFunc(cmd, unprintable) {
			return
		}
		var lines []string
		c := newConditioner(&sink{}, func(sent bool, line string) {
			if !sent {
				lines = append(lines, line)
			}
		})
		c.watch()
		tx := newTransaction(context.Background(), cmd)
		tx.timer = time.NewTimer(time.Hour)
		defer tx.timer.Stop()
		if sms {
			tx.pdu = pduA
		}
		c.begin(tx)
		if _, err := c.Write([]byte("AT" + cmd + "\r\n")); err != nil {
			t.Fatal(err)
		}
		for rest := said; len(rest) > 0; {
			n := min(int(chunk)+1, len(rest))
			c.feed(rest[:n])
			rest = rest[n:]
		}
		c.fail(io.EOF)
		c.collect(tx)

		var toAT bytes.Buffer
		if _, err := io.Copy(&toAT, c); err != nil {
			t.Fatal(err)
		}
		answer := check(t, tx, toAT.String())
		spoken := strings.Count(strings.Join(lines, "\n")+"\n", "\n")
		if used := len(answer) + len(c.urcs); used > spoken {
			t.Errorf("%d lines became %d", spoken, used)
		}
		for _, u := range c.urcs {
			// Prompts may stand before a line without a line end between them.
			if u.text != "" && !slices.ContainsFunc(lines, func(line string) bool {
				return line == u.text || strings.TrimLeft(line, "> ") == u.text
			}) {
				t.Errorf("%q was not said", u.text)
			}
		}
		for _, line := range lines {
			if len(line) > maxLine || strings.ContainsAny(line, "\r\n\x00") {
				t.Errorf("no line: %q", line)
			}
		}
	})
}

// check reads what at is given as at would, and returns the info lines.
func check(t *testing.T, tx *transaction, s string) (info []string) {
	t.Helper()
	finals, prompts := 0, 0
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, ">"); ok && tx.pdu != "" {
			prompts++
			line = rest
		}
		switch {
		case line == "":
		case line == "OK" || line == "ERROR":
			finals++
		case strings.HasPrefix(line, mark) && finals == 0:
			line = strings.TrimPrefix(line, mark)
			if urcNames[codeName(line)].precious() && codeName(line) != tx.name {
				t.Errorf("code in the answer: %q", line)
			}
			info = append(info, line)
		default:
			t.Errorf("at reads %q", line)
		}
	}
	if finals > 1 || prompts > 1 {
		t.Errorf("%d finals, %d prompts", finals, prompts)
	}
	return info
}

// sink is a port that takes everything and says nothing.
type sink struct{}

func (*sink) Read([]byte) (int, error)    { return 0, io.EOF }
func (*sink) Write(b []byte) (int, error) { return len(b), nil }
func (*sink) Close() error                { return nil }

// FuzzAnswers reads what a modem may answer to the queries of the bringing up.
func FuzzAnswers(f *testing.F) {
	f.Add(`("SM","ME"),("SM"),(0-3,5)`)
	f.Add(`(("SM","BM"),("SM"))`)
	f.Add(`1,"",22`)
	f.Add(`0-99999999999,(1-`)
	f.Fuzz(func(t *testing.T, args string) {
		for _, set := range sets(args) {
			if len(values(set)) > len(set)*256 {
				t.Errorf("%q: too many values", set)
			}
		}
		for _, set := range (Profile{}).cnmiCandidates(args, len(args)%2 == 0) {
			if strings.ContainsFunc(set, func(r rune) bool { return r != ',' && (r < '0' || r > '9') }) {
				t.Errorf("%q", set)
			}
		}
		listed([]string{"+CMGL: " + args, args, "+CMGL: " + args}, "+CMGL", true)
		place(args)
		pduLength(args)
		rssi(args)
		registration(args, true)
		note{Received: Received{Text: args}}.complete()
	})
}
