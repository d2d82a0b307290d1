package doctor

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wvsms/bridge"
	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

// What is recorded plays the modem again: the same is found out. Nobody's number and
// no text is in it.
func TestRecordPlaysBack(t *testing.T) {
	for _, p := range makes() {
		t.Run(p.Name, func(t *testing.T) {
			inWard(t, modemtest.ModemOptions{Profile: p, SIMTime: 7 * time.Second}, modemtest.AirOptions{}, func(w *ward) {
				h := w.air.NewHandset("+491712345678", nil)
				if err := h.SendText(w.sim.Number(), "a secret, kept in the store"); err != nil {
					t.Fatal(err)
				}
				ud, _ := pdu.GSM7UserData("another secret", pdu.PortIE(3590, 0))
				if err := h.SendUserData(w.sim.Number(), pdu.DCSGSM7, ud); err != nil {
					t.Fatal(err)
				}
				w.examine(t) // has them stored from now on
				port, _ := w.o.Dial(context.Background(), bridge.ModemConfig{})
				time.Sleep(time.Minute)
				port.Close()

				there, dials := w.o.Dial, 0
				w.o.Dial = func(ctx context.Context, c bridge.ModemConfig) (modem.Port, error) {
					dials++
					return there(ctx, c)
				}
				var script strings.Builder
				w.o.Record = &script
				live, text := w.examine(t)
				for _, secret := range []string{"350491700000001", "262491700000001", "491700000001", "491710760000", "8949000491700000001",
					"491712345678", "1917214365", pduOf("a secret")} {
					if strings.Contains(script.String(), secret) {
						t.Errorf("%s is in the record:\n%s", secret, &script)
					}
				}
				if live.OK && !strings.Contains(text, "own number") || live.OK && !strings.HasPrefix(p.Name, "stranger") && strings.Count(script.String(), "\n< +CMGL: ") < 2 {
					t.Errorf("little was recorded:\n%s", &script)
				}

				var played sync.WaitGroup
				w.o.Record = nil
				w.o.Dial = func(ctx context.Context, c bridge.ModemConfig) (modem.Port, error) {
					if dials--; dials > 0 { // to see whether it opens and answers
						return there(ctx, c)
					}
					ours, theirs := net.Pipe()
					played.Go(func() { modemtest.Play(t, theirs, script.String()); theirs.Close() })
					return ours, nil
				}
				again, text := w.examine(t)
				played.Wait()
				if len(again.Checks) != len(live.Checks) {
					t.Fatalf("played back:\n%s", text)
				}
				for i, c := range live.Checks {
					got := again.Checks[i]
					if got.Name != c.Name || got.State != c.State || c.Name != "modem" && c.Name != "SIM" && c.Name != "SMSC" && got.Text != c.Text {
						t.Errorf("%+v, live %+v", got, c)
					}
				}
			})
		})
	}
}

// pduOf is how a text begins in a PDU.
func pduOf(text string) string {
	ud, _ := pdu.GSM7UserData(text)
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, o := range ud.Data {
		b.WriteByte(digits[o>>4])
		b.WriteByte(digits[o&15])
	}
	return b.String()
}

// PDUs keep their form and lose what is private.
func TestBlankPDU(t *testing.T) {
	a := newAliases()
	for _, c := range []struct{ name, line, want string }{
		{"DELIVER", "07919471016700004410" + "0C919471214365870000" + "62112090000040" + "0B" + "06050E060E060001020304", ""},
		{"SUBMIT", "0011000C919471214365870004AA05" + "68656C6C6F", "0011000C919400000000200004AA050000000000"},
		{"unreadable", "07919471016700FFFFFFFFFFFFFFFF", "070000000000000000000000000000"},
		{"lower case", "0011000c919471214365870004aa05" + "68656c6c6f", "0011000c919400000000200004aa050000000000"},
	} {
		got := a.inPDU(c.line)
		if len(got) != len(c.line) || strings.Contains(got, "947121436587") || c.want != "" && got != c.want {
			t.Errorf("%s:\n%s\n%s", c.name, c.line, got)
		}
	}
	if got := a.inText(`+CSCA: "+491712345678",145`); got != `+CSCA: "+490000000002",145` {
		t.Errorf("the same number has another alias in text: %s", got)
	}
}

// Of several modems one has to be chosen: two dialogues in one script play as none.
func TestRecordOne(t *testing.T) {
	inWard(t, modemtest.ModemOptions{}, modemtest.AirOptions{}, func(w *ward) {
		two := wardConfig + "[[modem]]\nname = \"m1\"\ndevice = \"/dev/ttyS8\"\n"
		if err := os.WriteFile(filepath.Clean("wvsms.toml"), []byte(two), 0o600); err != nil {
			t.Fatal(err)
		}
		w.o.Record = &strings.Builder{}
		if _, err := Examine(context.Background(), w.o); err == nil || !strings.Contains(err.Error(), "name the device of one") {
			t.Error(err)
		}
	})
}

// What the line's noise has left of a PDU, and a text, are blank as well.
func TestRecordBlanksWhatIsDamaged(t *testing.T) {
	r := newRecorder()
	const text = "WVCI 1.2 4711-cookie"
	hex := strings.ToUpper(pduOf(text))
	for _, line := range []string{
		"+CMGR: 1,,40", hex[1:], "OK", "+CMT: ,40", hex[:20] + "~" + hex[20:], `+CMGR: "REC READ","+49"`, text, "OK", "+CMT: ,40", "+CREG: 1", "+CMT: ,40",
	} {
		r.line(false, line)
	}
	r.line(true, "AT+CSQ")
	var script strings.Builder
	if err := r.write(&script, "a test"); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{text, hex[4:20], hex[20:]} {
		if strings.Contains(script.String(), secret) {
			t.Errorf("%s is in the record:\n%s", secret, &script)
		}
	}
	if strings.Count(script.String(), "< OK") != 2 || !strings.Contains(script.String(), "< +CREG: 1") || !strings.Contains(script.String(), "> AT+CSQ") {
		t.Errorf("what is no message is not in the record:\n%s", &script)
	}
}
