package modemtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"wvsms/csp"
)

// Parts come in any order, twice, and mixed with those of others.
func TestIMParts(t *testing.T) {
	message := []byte("WV12CL7 SI=S42 UN=((" + strings.Repeat("Zoë,wv:zoe@example.com),(", 20) + "x,y))")
	parts, err := csp.Split(message, IMSize)
	if err != nil {
		t.Fatal(err)
	}
	var p imParts
	for i := len(parts) - 1; i >= 0; i-- {
		another := append([]byte("WV12LG7"), parts[i][7:]...)
		if i > 0 && p.push("b", parts[i]) != nil || p.push("a", another) != nil && i > 0 {
			t.Error("what is incomplete is a message")
		}
		got := p.push("a", parts[i])
		if i > 0 && p.push("a", parts[i]) != nil {
			t.Error("a copy completes a message")
		}
		if (got != nil) != (i == 0) || i == 0 && !bytes.Equal(got, message) {
			t.Errorf("with part %d it is %q", i+1, got)
		}
	}
	for i := range 100 {
		p.push(fmt.Sprint(i), parts[0])
	}
	if len(p.open) > imMaxOpen {
		t.Errorf("parts of %d messages are kept", len(p.open))
	}
}

// As Android's, what needs more parts than there are letters is not sent.
func TestIMTooLong(t *testing.T) {
	if out := imCut(imServer, append([]byte("WV12CL7 "), bytes.Repeat([]byte("x"), 4000)...), IMSize); out != nil {
		t.Errorf("%d parts are sent", len(out))
	}
}

func FuzzIMParams(f *testing.F) {
	for _, seed := range []string{`SI=S42 UN=(("B, ""b""",x),(,y)) CP=((DN,"a b"),(DE,T)) CL=q`, "a", "A=", "A=((", `A="`, "A=(a)b", " =", "A=()"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		values, err := imParams(s)
		if err != nil {
			return
		}
		for code, list := range values {
			if strings.ContainsAny(code, " =") || code == "" || len(list) == 0 || len(list) == 1 && list[0] == "" {
				continue
			}
			again, err := imParams(code + "=" + imGroup(list))
			if err != nil || !slices.Equal(again[code], list) {
				t.Errorf("%s=%q comes back as %q: %v", code, list, again[code], err)
			}
		}
	})
}
