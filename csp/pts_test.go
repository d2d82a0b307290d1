package csp

import (
	"reflect"
	"strings"
	"testing"
)

func ptsText(s string) Value        { return Value{Text: s} }
func ptsQuoted(s string) Value      { return Value{Text: s, Quoted: true} }
func ptsGroup(items ...Value) Value { return Value{Group: items} }

// Each form of the grammar, read and written back octet for octet.
func TestParsePTS(t *testing.T) {
	for _, c := range []struct {
		params string
		want   []Param
	}{
		{"", nil},
		{" AR", []Param{{"AR", nil}}},
		{" SI=S42 ST=200", []Param{{"SI", ptsRef(ptsText("S42"))}, {"ST", ptsRef(ptsText("200"))}}},
		{" SI=", []Param{{"SI", ptsRef(ptsText(""))}}},
		{" SI= st=200", []Param{{"SI", ptsRef(ptsText(""))}, {"st", ptsRef(ptsText("200"))}}},
		{` PW="se cr""et"`, []Param{{"PW", ptsRef(ptsQuoted(`se cr"et`))}}},
		{` PW=""""`, []Param{{"PW", ptsRef(ptsQuoted(`"`))}}},
		{` PW="" TL=1`, []Param{{"PW", ptsRef(ptsQuoted(""))}, {"TL", ptsRef(ptsText("1"))}}},
		{` DN="plain"`, []Param{{"DN", ptsRef(ptsQuoted("plain"))}}},
		{" DN=\"two\r\nlines\"", []Param{{"DN", ptsRef(ptsQuoted("two\r\nlines"))}}},
		{" DN=\xff\x00\xc3", []Param{{"DN", ptsRef(ptsText("\xff\x00\xc3"))}}},
		{" UI=(a,b)", []Param{{"UI", ptsRef(ptsGroup(ptsText("a"), ptsText("b")))}}},
		{" UN=(,b)", []Param{{"UN", ptsRef(ptsGroup(ptsText(""), ptsText("b")))}}},
		{" UN=()", []Param{{"UN", ptsRef(ptsGroup(ptsText("")))}}},
		{` UN=(("B, ""b""",x),(,y))`, []Param{{"UN", ptsRef(ptsGroup(ptsGroup(ptsQuoted(`B, "b"`), ptsText("x")), ptsGroup(ptsText(""), ptsText("y"))))}}},
		{" long-code=1 (=2", []Param{{"long-code", ptsRef(ptsText("1"))}, {"(", ptsRef(ptsText("2"))}}},
		{" A=" + ptsNested(maxNesting), []Param{{"A", ptsRef(ptsNest(maxNesting))}}},
	} {
		message := "WV12LR1" + c.params
		m, err := ParsePTS([]byte(message))
		if err != nil {
			t.Errorf("%q: %v", message, err)
			continue
		}
		if !reflect.DeepEqual(c.want, m.Params) {
			t.Errorf("%q: %+v, want %+v", message, m.Params, c.want)
		}
		if b, err := m.AppendText([]byte("x")); err != nil || string(b) != "x"+message {
			t.Errorf("%q is written back as %q, %v", message, b, err)
		}
	}
}

func ptsRef(v Value) *Value { return &v }

// ptsNested is a text in n groups, ptsNest its value.
func ptsNested(n int) string { return strings.Repeat("(", n) + "x" + strings.Repeat(")", n) }

func ptsNest(n int) Value {
	v := ptsText("x")
	for range n {
		v = ptsGroup(v)
	}
	return v
}

// Faults name octet and parameter. "secret" stands for what must not be in an error.
func TestParsePTSFaults(t *testing.T) {
	for message, want := range map[string]string{
		"":                             "octet 0: ",
		"secret, and long enough":      "octet 0: ",
		"wv12LR1":                      "octet 0: ",
		"WVsecret12":                   "octet 2: a version",
		"WV1XLR1":                      "octet 2: a version",
		"WV12L11":                      "octet 4: a code",
		"WV12LR ":                      "octet 0: ",
		"WV12LRsecret":                 "octet 6: a transaction id",
		"WV12ST1000 ST=200":            "octet 6: a transaction id",
		"WV12LR1secret":                "octet 7: behind the transaction id",
		"WV12LR1a SI=1":                "octet 7: behind the transaction id",
		"WV12LR1\n":                    "octet 7: behind the transaction id",
		"WV12LR1 ":                     "octet 8: parameter 1: there is no code",
		"WV12LR1  SI=1":                "octet 8: parameter 1: there is no code",
		"WV12LR1 SI=1 ":                "octet 13: parameter 2: there is no code",
		"WV12LR1 =secret":              "octet 8: parameter 1: there is no code",
		"WV12LR1 SI=1 PW=sec=ret":      "octet 19: parameter PW: a text with this character belongs into quotes",
		"WV12LR1 pw=secret&":           "octet 17: parameter PW: a text with this character belongs into quotes",
		"WV12LR1 PW=sec\"ret":          "octet 14: parameter PW: a text with this character belongs into quotes",
		"WV12LR1 PW=sec(ret)":          "octet 14: parameter PW: a text with this character belongs into quotes",
		"WV12LR1 PW=secret,x":          "octet 17: parameter PW: a space or the end",
		"WV12LR1 PW=secret)":           "octet 17: parameter PW: a space or the end",
		"WV12LR1 PW=\"secret\"x":       "octet 19: parameter PW: a space or the end",
		"WV12LR1 PW=\"secret":          "octet 18: parameter PW: the closing quote",
		"WV12LR1 PW=\"secret\"\"":      "octet 20: parameter PW: the closing quote",
		"WV12LR1 secret=(a":            "octet 17: parameter 1: a comma or )",
		"WV12LR1 UN=(a b)":             "octet 13: parameter UN: a comma or )",
		"WV12LR1 UN=((a)(b))":          "octet 15: parameter UN: a comma or )",
		"WV12LR1 A=" + ptsNested(17):   "octet 26: parameter 1: groups nest deeper than 16",
		"WV12LR1 PW=" + xs(maxMessage): "32651 octets are more than the largest datagram has",
	} {
		m, err := ParsePTS([]byte(message))
		if err == nil || m != nil || !strings.HasPrefix(err.Error(), "read PTS") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", message, err, want)
		} else if strings.Contains(strings.ToLower(err.Error()), "secret") {
			t.Errorf("%.40q: what stands there is in the error: %v", message, err)
		}
	}
}

func xs(n int) string { return strings.Repeat("x", n) }

func TestAppendPTS(t *testing.T) {
	preamble := Preamble{Version: "12", Code: "LR", ID: "1"}
	for want, v := range map[string]Value{
		"plain":          ptsText("plain"),
		`"a b"`:          ptsText("a b"),
		`"a,b"`:          ptsText("a,b"),
		`"(b"`:           ptsText("(b"),
		`"b)"`:           ptsText("b)"),
		`"a=b"`:          ptsText("a=b"),
		`"a&b"`:          ptsText("a&b"),
		`"say ""b"""`:    ptsText(`say "b"`),
		`"as is"`:        ptsQuoted("as is"),
		"line\nline":     ptsText("line\nline"),
		`("a b",(,"="))`: ptsGroup(ptsText("a b"), ptsGroup(ptsText(""), ptsText("="))),
	} {
		m := PTSMessage{preamble, []Param{{"XY", &v}}}
		b, err := m.AppendText(nil)
		if err != nil || string(b) != "WV12LR1 XY="+want {
			t.Errorf("%q, %v, want %q", b, err, want)
		}
	}
	for want, m := range map[string]PTSMessage{
		"preamble":                  {Preamble{Version: "1", Code: "LR", ID: "1"}, nil},
		"1 to 3 digits":             {Preamble{Version: "12", Code: "LR", ID: "1000"}, nil},
		"write PTS preamble":        {Preamble{Version: "12", Code: "LR", ID: "1 "}, nil},
		"parameter 1: its code":     {preamble, []Param{{"", nil}}},
		"parameter 2: its code":     {preamble, []Param{{"AR", nil}, {"A R", nil}}},
		"PW: a value is a group or": {preamble, []Param{{"PW", &Value{Text: "a", Group: []Value{{}}}}}},
		"UN: a group has one":       {preamble, []Param{{"UN", ptsRef(ptsGroup(Value{Group: []Value{}}))}}},
		"UN: groups nest deeper":    {preamble, []Param{{"UN", ptsRef(ptsNest(17))}}},
		"more than the largest":     {preamble, []Param{{"PW", ptsRef(ptsText(xs(maxMessage)))}}},
	} {
		if b, err := m.AppendText(nil); err == nil || b != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q, %v, want %s", b, err, want)
		}
	}
}

func TestPTSParam(t *testing.T) {
	m, err := ParsePTS([]byte("WV12LR1 si=1 AR SI=2 SIX=3"))
	if err != nil {
		t.Fatal(err)
	}
	if v := m.Param("Si"); v == nil || v.Text != "2" {
		t.Errorf("SI is %v", v)
	}
	if v := m.Param("AR"); v != nil {
		t.Errorf("AR is %v", v)
	}
	if v := m.Param("XX"); v != nil {
		t.Errorf("XX is %v", v)
	}
}
