package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"wvsms/modem"
	"wvsms/modem/modemtest"
	"wvsms/pdu"
)

func TestRedact(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`{"peer":"+491712345678","octets":1234567,"took":12.345678}`, `{"peer":"+49…78","octets":1234567,"took":12.345678}`},
		{`{"peer":"491712345678","why":"0171 is no 112233 but 12345"}`, `{"peer":"491…78","why":"0171 is no 112…33 but 12345"}`},
		{`{"imsi":"262011234567890","iccid":"8949020000123456789F","imei":"351234567890123"}`, `{"imsi":"262…90","iccid":"<20 hex digits>","imei":"351…23"}`},
		{`{"id":"01KB2ZQ4V70123456789012345","message":"01KB2ZQ4V70123456789012345 to wv:+491712345678/3590"}`, `{"id":"01KB2ZQ4V70123456789012345","message":"01KB2ZQ4V70123456789012345 to wv:+49…78/3590"}`},
		{`{"time":"2026-11-26T15:04:05.123Z","took":"1m2.123456789s","other":"12.345678ms","file":"x.damaged-20261126T150405Z"}`, `{"time":"2026-11-26T15:04:05.123Z","took":"1m2.123456789s","other":"12.345678ms","file":"x.damaged-20261126T150405Z"}`},
		{`{"message":"tel491712345678x, version 1.1712345678"}`, `{"message":"tel491…78x, version 1.171…78"}`},
		{`{"message":"a \"quoted +491712345678\" \u001b491712345678\n491712345678"}`, `{"message":"a \"quoted +49…78\" \u001b491…78\n491…78"}`},
		{`{"message":"AT < +CSCA: \"+491710760000\",145"}`, `{"message":"AT < +CSCA: \"+49…00\",145"}`},
		{`{"message":"AT > 07919471017600000100 0C9194"}`, `{"message":"AT > 079…00 0C9194"}`},
		{`{"message":"AT > 0011000C91947121436587<140 octets>"}`, `{"message":"AT > 0011000C91xxxxxxxxxxxx<140 octets>"}`},
		{`{"message":"AT > 0051AB0C919471214365870000AA<140 octets>"}`, `{"message":"AT > 0051AB0C91xxxxxxxxxxxx0000AA<140 octets>"}`},
		{`{"message":"AT < 07919471017600F0440B919471214365F7000462113251403040<31 octets>"}`, `{"message":"AT < 0791xxxxxxxxxxxx440B91xxxxxxxxxxxx000462113251403040<31 octets>"}`},
		{`{"message":"AT < 07919471017600F006A70C919471214365876211325140304062113251403040FF"}`, `{"message":"AT < 0791xxxxxxxxxxxx06A70C91xxxxxxxxxxxx6211325140304062113251403040FF"}`},
		{`{"message":"AT < 07919471017600F04"}`, `{"message":"AT < <17 hex digits>"}`},
		{`{"message":"the end 491712345678`, `{"message":"the end 491…78`},
		{`{"message":"the end \`, `{"message":"the end \`},
	} {
		if got := string(Redact([]byte(c.line))); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.line, got, c.want)
		}
	}
}

// Whatever a line has, JSON stays JSON, and no number is left.
func FuzzRedact(f *testing.F) {
	f.Add("AT < 07919471017600F0440B919471214365F7", "+491712345678")
	f.Add("\x1b\u009b\"\\", "123456")
	f.Fuzz(func(t *testing.T, text, word string) {
		line, err := json.Marshal(map[string]any{"message": text, "x": word, "n": 1234567})
		if err != nil {
			t.Fatal(err)
		}
		var back struct {
			Message, X string
			N          int
		}
		if err := json.Unmarshal(Redact(line), &back); err != nil || back.N != 1234567 {
			t.Fatalf("%s: %v", Redact(line), err)
		}
		if len(word) >= shortestNumber && longestNumber(word) == len(word) && back.X == word {
			t.Errorf("%s is left", word)
		}
	})
}

// swapped is how a number's digits stand in a PDU (TS 23.040 9.1.2.3).
func swapped(number string) string {
	if len(number)%2 == 1 {
		number += "F"
	}
	b := []byte(number)
	for i := 0; i < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

// A whole bridge at debug with a trace, and messages both ways between many numbers,
// delivered, failed, reported, in parts and foreign: none of them stands in any line.
func TestNumbersStayUnsaid(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3590, 6))
	change := func(c *Config) {
		c.Modems = []ModemConfig{{Name: "m0", Receive: modem.ReceiveStore}, {Name: "m1", Receive: modem.ReceiveDirect}}
		c.Limits.AllowTo = Patterns{"*"}
	}
	inRig(t, modemtest.AirOptions{Duplicate: 0.3, Reorder: 0.3}, change, func(r *rig) {
		r.stop()
		var trace bytes.Buffer
		log := zerolog.New(zerolog.SyncWriter(&trace))
		r.trace = Masked(func(modem string, sent bool, line string) {
			arrow := "< "
			if sent {
				arrow = "> "
			}
			log.Info().Str("modem", modem).Msg("AT " + arrow + line)
		})
		r.line = func(c net.Conn) net.Conn { return &chewer{Conn: c} }
		r.start()
		r.settle(time.Minute)
		r.sims["m0"].Fault(
			modemtest.Fault{On: "+CMGS", Kind: modemtest.LoseAnswer, Times: 1},
			modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 41", Times: 2},
			modemtest.Fault{On: "+CMGR", Kind: modemtest.Split, Text: "+CREG: 1", Times: 2},
		)
		count := 24
		if brief() {
			count = 9
		}
		var numbers []string
		for i := range count {
			number := fmt.Sprintf("+49%d", 1_000_000_000+random.Int64N(9_000_000_000))
			if i%3 == 0 {
				number += fmt.Sprint(random.IntN(10)) // an odd one
			}
			numbers = append(numbers, number)
			h := r.air.NewHandset(number, nil)
			if err := h.Send(ownNumber, datagram(strings.Repeat("x", 50+i*25))); err != nil {
				t.Fatal(err)
			}
			text, err := pdu.GSM7UserData("hi")
			if err != nil {
				t.Fatal(err)
			}
			if err := h.SendUserData(ownNumber[:len(ownNumber)-1]+"2", pdu.DCSGSM7, text); err != nil {
				t.Fatal(err)
			}
			r.accept(Request{To: number, Payload: bytes.Repeat([]byte("y"), 1+i*50), Report: i%2 == 0})
			r.accept(Request{To: fmt.Sprintf("0%d", random.Int64N(1e10)), Payload: []byte("z"), Unknown: "resend"})
			if i%10 == 0 {
				r.settle(time.Minute)
			}
		}
		r.settle(30 * time.Minute)
		r.stop()

		all := r.said.String() + trace.String()
		var redacted strings.Builder
		for line := range strings.Lines(all) {
			redacted.Write(Redact([]byte(line)))
		}
		before, after := strings.ToUpper(all), strings.ToUpper(redacted.String())
		// What is in the SIMs and modems has so many zeros that other things have them, too.
		for _, own := range []string{ownNumber[1:], "262491700000001", "262491700000002", "350491700000001", "350491700000002"} {
			if !strings.Contains(before, own) && !strings.Contains(before, swapped(own)) || strings.Contains(after, own) || strings.Contains(after, swapped(own)) {
				t.Errorf("%s is told, or never was", own)
			}
		}
		told := 0
		for _, number := range numbers {
			bare := strings.TrimPrefix(number, "+")
			national := strings.TrimPrefix(bare, "49")
			forms := []string{bare, national, national[:6], national[len(national)-6:], swapped(bare), swapped(national), swapped(bare[1:])[:8], swapped(bare)[4:10]}
			for _, form := range forms {
				if strings.Contains(before, form) {
					told++
				}
				if at := strings.Index(after, form); at >= 0 && !harmlessDigits(after, at) {
					from := strings.LastIndexByte(after[:at], '\n') + 1
					line, _, _ := strings.Cut(after[from:], "\n")
					t.Errorf("%s is told as %s: %s", number, form, line)
				}
			}
		}
		if told < 4*len(numbers) {
			t.Errorf("%d forms of %d numbers stand in the bare log: it proves little", told, len(numbers))
		}
		for _, want := range []string{`"+49…`, `AT+CMGS=`, `91XXXXXXXXXX`, `"LEVEL":"DEBUG"`, `"ACCEPTED"`} {
			if !strings.Contains(after, want) {
				t.Errorf("the log never says %s", want)
			}
		}
	})
}

// harmlessDigits: of an id, which may have six digits that a number has, too.
func harmlessDigits(said string, at int) bool {
	from, to := at, at
	for from > 0 && alphanumeric(said[from-1]) {
		from--
	}
	for to < len(said) && alphanumeric(said[to]) {
		to++
	}
	return anID.MatchString(said[from:to])
}
