package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"pgregory.net/rapid"

	"wvsms/csp"
)

// cspDecode runs csp decode on octets.
func cspDecode(in []byte, c cspDecodeCmd) (string, error) {
	var out bytes.Buffer
	err := c.Run(&stdio{In: bytes.NewReader(in), Out: &out})
	return out.String(), err
}

func cspEncode(in string, json bool) ([]byte, error) {
	var out bytes.Buffer
	err := (&cspEncodeCmd{JSON: json, File: "-"}).Run(&stdio{In: strings.NewReader(in), Out: &out})
	return out.Bytes(), err
}

// Of the object of a message in plain text syntax the same octets are made again.
func TestCSPObjects(t *testing.T) {
	oracle, err := os.ReadFile("../../csp/testdata/pts-oracle.txt")
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for line := range strings.Lines(string(oracle)) {
		message := []byte(strings.TrimSuffix(strings.TrimPrefix(line, "PARSE "), "\n"))
		if csp.Detect(message) == csp.PTS {
			sameAgain(t, message)
			read++
		}
	}
	if read == 0 {
		t.Error("the oracle has no messages")
	}
	for _, message := range []string{
		"WVXXVD1", `WV12ST7 A B= C=""`, `WV12ST007 SI="S42"`, "WV12ST7 T=\xff", "WV12ST7 \xff=1", "WV12ST7ab SI=S4", "WV12ST7ab", "WV12ST7zz (,", `WV12UP6 UV=((UA,T,"A, ""B"""),())`,
	} {
		sameAgain(t, []byte(message))
	}
}

// The same of messages that nobody has thought of.
func TestCSPObjectsRandom(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z" ,()=&]{0,5}`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	var values func(depth int) *rapid.Generator[csp.Value]
	values = func(depth int) *rapid.Generator[csp.Value] {
		return rapid.Custom(func(r *rapid.T) csp.Value {
			if depth > 0 && rapid.Bool().Draw(r, "group") {
				return csp.Value{Group: rapid.SliceOfN(values(depth-1), 1, 3).Draw(r, "items")}
			}
			return csp.Value{Text: texts.Draw(r, "text"), Quoted: rapid.Bool().Draw(r, "quoted")}
		})
	}
	rapid.Check(t, func(r *rapid.T) {
		m := csp.PTSMessage{Preamble: csp.Preamble{Version: "12", Code: "LR", ID: "1"}}
		for range rapid.IntRange(0, 4).Draw(r, "params") {
			p := csp.Param{Code: rapid.StringMatching(`[A-Za-z]{2}`).Draw(r, "code")}
			if rapid.Bool().Draw(r, "valued") {
				v := values(3).Draw(r, "value")
				p.Value = &v
			}
			m.Params = append(m.Params, p)
		}
		b, err := m.AppendText(nil)
		if err != nil {
			r.Fatal(err)
		}
		sameAgain(r, b)
	})
}

func sameAgain(t interface{ Errorf(string, ...any) }, message []byte) {
	object, err := cspDecode(message, cspDecodeCmd{JSON: true})
	if err != nil {
		t.Errorf("%q: %v", message, err)
		return
	}
	want := withoutLineEnd(message)
	if again, err := cspEncode(object, true); err != nil || !bytes.Equal(again, want) {
		t.Errorf("%q\n is  %s again %q %v", message, object, again, err)
	}
}

// Of every message in testdata what decode shows makes the same WBXML again.
func TestCSPDocuments(t *testing.T) {
	files, err := filepath.Glob("../../csp/testdata/csp-*/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wbxml, err := cspEncode(string(doc), false)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, message := range [][]byte{doc, wbxml} {
			shown, err := cspDecode(message, cspDecodeCmd{})
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if again, err := cspEncode(shown, false); err != nil || !bytes.Equal(again, wbxml) {
				t.Errorf("%s: %v: of what is shown is made\n%x, and not\n%x", file, err, again, wbxml)
			}
			object, err := cspDecode(message, cspDecodeCmd{JSON: true})
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if again, err := cspEncode(object, true); err != nil || !bytes.Equal(again, message) {
				t.Errorf("%s: %v: of the object is made\n%q", file, err, again)
			}
		}
	}
}

// What has no name is shown by its number, and nothing of it is made WBXML.
func TestCSPUnknownTokens(t *testing.T) {
	wbxml := []byte("\x03\x11\x6a\x00\xc9\x08\x031.2\x00\x01\x00\x0b\x7a\x03abc\x00\x01\x01")
	shown, err := cspDecode(wbxml, cspDecodeCmd{})
	if err == nil || !strings.Contains(err.Error(), "code page 11") || !strings.Contains(shown, "<page-11-0x3A>abc</page-11-0x3A>") {
		t.Errorf("%v\n%s", err, shown)
	}
	object, err := cspDecode(wbxml, cspDecodeCmd{JSON: true})
	if err == nil || !strings.Contains(object, `"octets":"03116a00`) || !strings.Contains(object, `"error":"`) {
		t.Errorf("%v\n%s", err, object)
	}
	if _, err := cspEncode(object, true); err == nil {
		t.Error("an object with an error is encoded")
	}
}

// A terminal obeys nothing that is shown.
func TestCSPHarmless(t *testing.T) {
	const text = "a\u009b2Jb\u202ec"
	doc := `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Session><SessionDescriptor><SessionID>` + text + `</SessionID></SessionDescriptor></Session></WV-CSP-Message>`
	for _, c := range []cspDecodeCmd{{}, {Redact: true}} {
		shown, err := cspDecode([]byte(doc), c)
		if err != nil || !strings.Contains(shown, "<SessionID>a&#x9B;2Jb&#x202E;c</SessionID>") {
			t.Errorf("%v\n%s", err, shown)
		}
	}
	shown, err := cspDecode([]byte("WV12ST7 ZZ=\"\x1b[2J\nx\""), cspDecodeCmd{})
	if err != nil || !strings.Contains(shown, `  ZZ = \x1b[2J\nx`+"\n") {
		t.Errorf("%v\n%s", err, shown)
	}
}

// WBXML is not written to a terminal, and what is too long is no message.
func TestCSPRefuses(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	doc := `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"/>`
	err = (&cspEncodeCmd{File: "-"}).Run(&stdio{In: strings.NewReader(doc), Out: slave})
	if usage := (usageError{}); !errors.As(err, &usage) {
		t.Errorf("to a terminal: %v", err)
	}
	long := strings.Repeat("x", longestCSP+1)
	if _, err := cspDecode([]byte(long), cspDecodeCmd{}); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("too long: %v", err)
	}
}
