package bridge

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wvsms/pdu"
	"wvsms/pdu/pdutest"
)

// dialogue masks lines, "> " those to the modem and "< " those from it.
func maskedDialogue(lines ...string) (shown []string) {
	var trace = Masked(func(_ string, sent bool, line string) {
		way := "< "
		if sent {
			way = "> "
		}
		shown = append(shown, way+line)
	})
	for _, line := range lines {
		trace("m0", line[0] == '>', line[2:])
	}
	return shown
}

func TestMasked(t *testing.T) {
	t.Parallel()
	const (
		head    = "07915805010000F0440C9153481032547600F562904021000080150605040E060E06"
		body    = "57563132504F302053493D533432"
		in      = head + body
		out     = "0041000C91534810325476000415" + "0605040E060E06" + body
		outHead = "0041000C91534810325476000415" + "0605040E060E06"
	)
	tests := []struct {
		name  string
		lines []string
		want  []string
	}{
		{"what is no message's", []string{"> AT+CSQ", "< +CSQ: 20,99", "< OK", `< +CMTI: "SM",3`, "< +CREG: 1", "< ^RSSI:14", "< RDY", "< NO CARRIER", "< +CMS ERROR: 500", "> AT+CPIN=****", "> ^[", "< >"}, nil},
		{"who the modem is", []string{"> AT+CGMM", "< EC25", "< OK", "> AT+CIMI", "< 262011234567890", "> AT+CCID", "< 89490200001234567890"}, nil},
		{"a PDU out", []string{"> AT+CMGS=34", "< >", "> " + out + "^Z", "< +CMGS: 7", "< OK"},
			[]string{"> AT+CMGS=34", "< >", "> " + outHead + "<14 octets>^Z", "< +CMGS: 7", "< OK"}},
		{"its echo", []string{"> AT+CMGS=34", "< AT+CMGS=34", "< " + out}, []string{"> AT+CMGS=34", "< AT+CMGS=34", fmt.Sprintf("< <%d hex digits>", len(out))}},
		{"another length", []string{"> AT+CMGS=33", "> " + out + "^Z"}, []string{"> AT+CMGS=33", "> <35 octets>^Z"}},
		{"handed on", []string{"< +CMT: ,40", "< " + in}, []string{"< +CMT: ,40", "< " + head + "<14 octets>"}},
		{"handed on by a phone book's name", []string{`< +CMT: "Bob",40`, "< " + in}, []string{"< +CMT: <8 characters>", "< " + head + "<14 octets>"}},
		{"read", []string{"> AT+CMGR=3", "< +CMGR: 1,,40", "< " + strings.ToLower(in), "< OK"}, []string{"> AT+CMGR=3", "< +CMGR: 1,,40", "< " + strings.ToLower(head) + "<14 octets>", "< OK"}},
		{"another code before it", []string{"< +CMT: ,40", "< +CREG: 1", "< " + in}, []string{"< +CMT: ,40", "< +CREG: 1", "< " + head + "<14 octets>"}},
		{"a draft", []string{"< +CMGL: 1,2,\"\",34", "< " + out}, []string{"< +CMGL: 1,2,\"\",34", "< " + outHead + "<14 octets>"}},
		{"without its header", []string{"< " + in}, []string{fmt.Sprintf("< <%d hex digits>", len(in))}},
		{"half an octet lost", []string{"< +CMT: ,40", "< " + in[:50] + in[51:]}, []string{"< +CMT: ,40", fmt.Sprintf("< <%d hex digits>", len(in)-1)}},
		{"cut", []string{"< +CMT: ,40", "< " + in[:60]}, []string{"< +CMT: ,40", "< <30 octets>"}},
		{"doubled", []string{"< +CMT: ,40", "< " + in + in}, []string{"< +CMT: ,40", "< <96 octets>"}},
		{"characters of another kind in it", []string{"< +CMT: ,40", "< " + in[:50] + "?" + in[51:]}, []string{"< +CMT: ,40", "< <96 characters>"}},
		{"in two lines", []string{"> AT+CIMI", "< +CMT: ,40", "< " + in[:60], "< " + in[60:], "< OK", "> AT+CIMI", "< 262011234567890"},
			[]string{"> AT+CIMI", "< +CMT: ,40", "< <30 octets>", "< <36 hex digits>", "< OK", "> AT+CIMI", "< 262011234567890"}},
		{"in the line of its header", []string{"< +CMT: ,40" + in}, []string{fmt.Sprintf("< +CMT: <%d characters>", len(",40"+in))}},
		{"in another line", []string{"< +CREG: 1" + in, "< OK" + in}, []string{fmt.Sprintf("< +CREG: <%d hex digits>", len(in)+1), fmt.Sprintf("< <%d characters>", len(in)+2)}},
		{"a header damaged into user data", []string{"< +CMT: ,40", "< 07915805010000F0440C9153481032547600F56290402100008015" + "0C57" + "0A" + strings.Repeat("41", 18)},
			[]string{"< +CMT: ,40", "< 07915805010000F0440C9153481032547600F56290402100008015<21 octets>"}},
		{"texts", []string{"> AT+CMGR=3", `< +CMGR: "REC UNREAD","+4917",,"26/11/26,12:00:00+04"`, "< WVCI 1.2 4711", "< +COOKIE: 4711", "< OK"},
			[]string{"> AT+CMGR=3", "< +CMGR: <44 characters>", "< <13 characters>", "< <13 characters>", "< OK"}},
		{"texts, until PDU mode", []string{`< +CMT: "+4917",,"26/11/26,12:00:00+04"`, "< WV12PO0", "< SI=S42", "> AT+CMGF=0", "< OK", "> AT+CGMI", "< Quectel"},
			[]string{"< +CMT: <31 characters>", "< <7 characters>", "< <6 characters>", "> AT+CMGF=0", "< OK", "> AT+CGMI", "< Quectel"}},
		{"a plain line that nobody asked for", []string{"> AT+CSQ", "< PW=secret"}, []string{"> AT+CSQ", "< <9 characters>"}},
	}
	for _, test := range tests {
		want := test.want
		if want == nil {
			want = test.lines
		}
		if got := maskedDialogue(test.lines...); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Two modems talk at once: what one announces says nothing of the other's lines.
func TestMaskedApart(t *testing.T) {
	t.Parallel()
	var got []string
	trace := Masked(func(modem string, _ bool, line string) { got = append(got, modem+" "+line) })
	trace("m0", false, "+CMT: ,40")
	trace("m1", false, "5756313250")
	if want := "m0 +CMT: ,40|m1 <10 hex digits>"; strings.Join(got, "|") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Of any message, what is shown is what stands before its user data; whatever a line
// loses, doubles or damages of it, no run of user data is shown.
func TestMaskedPDUs(t *testing.T) {
	t.Parallel()
	const marker = "\xAB\xCD\xEF\xAC\xDC\xBA" // in no header that a sample has
	text := strings.ToUpper(hex.EncodeToString([]byte(marker)))
	rapid.Check(t, func(t *rapid.T) {
		data := bytes.Repeat([]byte(marker), rapid.IntRange(2, 20).Draw(t, "times"))
		ud := pdu.UserData{UDHI: true, UDH: []pdu.IE{pdu.PortIE(3590, 3590)}, Data: data}
		oa, err := pdu.ParseNumber("+491712345678")
		if err != nil {
			t.Fatal(err)
		}
		var tpdu pdu.TPDU = &pdu.Deliver{OA: oa, DCS: 4, UD: ud, SCTS: pdu.NewTimestamp(time.Unix(1e9, 0))}
		sent := rapid.Bool().Draw(t, "sent")
		if sent {
			tpdu = &pdu.Submit{DA: oa, DCS: 4, UD: ud}
		}
		octets, err := tpdu.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		mode, err := pdu.Mode{TPDU: octets}.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.ToUpper(hex.EncodeToString(mode))
		whole := maskedDialogue(header(sent, len(octets)), way(sent)+line)[1]
		if want := way(sent) + line[:len(line)-2*len(data)] + fmt.Sprintf("<%d octets>", len(data)); whole != want {
			t.Fatalf("%s, want %s", whole, want)
		}
		at := rapid.IntRange(0, len(line)-1).Draw(t, "at")
		damaged := map[string]string{
			"cut":     line[:at],
			"begun":   line[at:],
			"lost":    line[:at] + line[min(at+rapid.IntRange(1, 8).Draw(t, "lost"), len(line)):],
			"doubled": line[:at] + line,
			"changed": line[:at] + rapid.StringMatching("[0-9A-F]").Draw(t, "digit") + line[at+1:],
			"noise":   line[:at] + rapid.StringMatching("[!-~]").Draw(t, "character") + line[at:],
		}
		for what, line := range damaged {
			if line == "" {
				continue
			}
			shown := strings.ToUpper(maskedDialogue(header(sent, len(octets)), way(sent)+line)[1])
			for shift := range len(text) { // of the run of markers
				if turned := text[shift:] + text[:shift]; strings.Contains(shown, turned) {
					t.Fatalf("%s at %d: %s shows %s", what, at, shown, turned)
				}
			}
		}
	})
}

func header(sent bool, length int) string {
	if sent {
		return fmt.Sprintf("> AT+CMGS=%d", length)
	}
	return fmt.Sprintf("< +CMT: ,%d", length)
}

func way(sent bool) string {
	if sent {
		return "> "
	}
	return "< "
}

// Samples of every type: what is shown is always a beginning of the line.
func TestMaskPDUSamples(t *testing.T) {
	t.Parallel()
	for seed := range 500 {
		s := pdutest.Samples().Example(seed)
		tpdu, err := s.TPDU.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		line := hex.EncodeToString(append([]byte{0}, tpdu...))
		shown := MaskPDU(line)
		head, _, masked := strings.Cut(shown, "<")
		if !strings.HasPrefix(line, head) || !masked && shown != line {
			t.Errorf("%s is shown as %s", line, shown)
		}
	}
}
