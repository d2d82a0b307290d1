package csp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func asParts(s ...string) (parts [][]byte) {
	for _, part := range s {
		parts = append(parts, []byte(part))
	}
	return parts
}

// Parts are cut between octets: in a character of UTF-8, in a doubled quote, in a name.
func TestSplit(t *testing.T) {
	whole := []byte(`WV12LR1 PW="ä""b" TL=1`)
	want := asParts("WV12LR1ac PW=\"\xc3", "WV12LR1bc \xa4\"\"b\"", "WV12LR1cc  TL=1")
	parts, err := Split(whole, 15)
	if d := cmp.Diff(want, parts); err != nil || d != "" {
		t.Errorf("%v: %s", err, d)
	}
	if joined, err := Join(parts); err != nil || !bytes.Equal(joined, whole) {
		t.Errorf("joined: %q, %v", joined, err)
	}
	if parts, err := Split(whole, len(whole)+1); err != nil || !cmp.Equal(parts, [][]byte{whole}) {
		t.Errorf("%q, %v", parts, err)
	}
}

func TestSplitFaults(t *testing.T) {
	for message, want := range map[string]string{
		"WV12LR1ab SI=1":        "it is a part already",
		"WV12LR1000 SI=1":       "octet 6",
		"hello":                 "octet 0",
		"WV12LR123 " + xs(26*4): "",
		"WV12LR123 " + xs(105):  "split 115 octets: a message in plain text syntax is cut into 26 parts at most",
	} {
		parts, err := Split([]byte(message), 16)
		if want == "" {
			if err != nil || len(parts) != maxParts || string(parts[25]) != "WV12LR123zz xxxx" {
				t.Errorf("%s: %q, %v", message, parts, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", message, err, want)
		}
		if errors.Is(err, ErrTooManyParts) != strings.Contains(want, "26 parts") {
			t.Errorf("%s: %v", message, err)
		}
	}
	for size := range 13 {
		if parts, err := Split([]byte("WV12LR123 SI=S42"), size); err == nil {
			t.Errorf("%d octets hold %q", size, parts)
		}
	}
}

func TestJoin(t *testing.T) {
	for want, parts := range map[string][][]byte{
		"WV12LR1 SI=1 TL=2": asParts("WV12LR1ac SI=1", "WV12LR1bc  TL=", "WV12LR1cc 2"),
		"WV12lr1 SI=1":      asParts("WV12lr1AB SI", "WV12LR01bB =1"),
		"WVXXVD1 A=1":       asParts("WVXXVD1aB A=", "WVxxvd1Bb 1"),
		"WV12ST7 ST=200":    asParts("WV12ST7aa ST=200"),
		"WV12ST7":           asParts("WV12ST7aa"),
		"WV12OR7":           asParts("WV12OR7ab ", "WV12OR7bb"),
	} {
		if joined, err := Join(parts); err != nil || string(joined) != want {
			t.Errorf("%q, %v, want %q", joined, err, want)
		}
	}
	if joined, err := Join(nil); err == nil {
		t.Errorf("no parts are joined to %q", joined)
	}
	big := fmt.Sprintf("WV12LR1ab %s|WV12LR1bb %s", xs(maxMessage), "x")
	for parts, want := range map[string]string{
		"WV12LR1ab SI=1":                "part 1 of 1: it is named \"ab\"",
		"WV12LR1bb SI|WV12LR1ab =1":     "part 1 of 2: it is named \"bb\"",
		"WV12LR1ab SI|WV12LR1ab SI":     "part 2 of 2: it is named \"ab\"",
		"WV12LR1ab SI|WV12LR1bc =1":     "part 2 of 2: it is named \"bc\"",
		"WV12LR1ab SI|WV12LR1ba =1":     "part 2 of 2: it is named \"ba\"",
		"WV12LR1ab SI|WV12LR1 =1":       "part 2 of 2: it is named \"\"",
		"WV12LR1ab SI|secret, whatever": "part 2 of 2: read PTS preamble: octet 0",
		"WV12LR1ab SI|WV12LR2bb =1":     "part 2 of 2: it belongs to another message",
		"WV12LR1ab SI|WV12RL1bb =1":     "part 2 of 2: it belongs to another message",
		"WV12LR1ab SI|WV13LR1bb =1":     "part 2 of 2: it belongs to another message",
		big:                             "part 2 of 2: the whole has more octets than the largest datagram",
	} {
		joined, err := Join(asParts(strings.Split(parts, "|")...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %.60q, %v, want %s", parts, joined, err, want)
		}
	}
}

// Any message that can be cut is joined to itself, and no part is longer than allowed.
func FuzzParts(f *testing.F) {
	f.Add([]byte("WV12CL123 SI=S42 CL=wv:alice/friends@example.com UN=((nick0,wv:user0@example.com))"), 30)
	f.Add([]byte("WV12LR1 PW=\"\xc3\xa4\"\"\""), 13)
	f.Add([]byte("WVXXVD1"), 7)
	f.Fuzz(func(t *testing.T, message []byte, size int) {
		p, _, err := ParsePreamble(message)
		if err != nil {
			return
		}
		if head, err := p.AppendText(nil); err != nil || !bytes.HasPrefix(message, head) {
			t.Fatalf("%q: the preamble is written back as %q, %v", message, head, err)
		}
		parts, err := Split(message, size)
		if err != nil || len(parts) == 1 {
			return
		}
		for _, part := range parts {
			if len(part) > size {
				t.Fatalf("%q has more than %d octets", part, size)
			}
		}
		joined, err := Join(parts)
		if len(message) <= maxMessage && (err != nil || !bytes.Equal(joined, message)) {
			t.Fatalf("%q is joined to %q, %v", message, joined, err)
		}
	})
}
