package bridge

import (
	"strings"
	"testing"
	"time"
)

func TestValues(t *testing.T) {
	tests := []struct{ value, token string }{
		{"login-1", "login-1"},
		{"+49171", "+49171"},
		{`C:\dir`, `C:\dir`}, // a backslash needs no quotes
		{"", `""`},
		{"two words", `"two\x20words"`},
		{`a"b`, `"a\"b"`},
		{`a "\`, `"a\x20\"\\"`},
		{"line\r\nend", `"line\x0D\x0Aend"`},
		{"Bänk", `"B\xC3\xA4nk"`},
		{"\x7f", `"\x7F"`},
	}
	for _, tt := range tests {
		if got := string(AppendValue(nil, tt.value)); got != tt.token {
			t.Errorf("%q is written %s, want %s", tt.value, got, tt.token)
		}
		if got, err := ParseValue(tt.token); got != tt.value || err != nil {
			t.Errorf("%s is read %q, want %q (%v)", tt.token, got, tt.value, err)
		}
	}
}

func TestValuesThatAreNone(t *testing.T) {
	for _, token := range []string{
		"", `a"b`, `"`, `"a`, `"a"b`, `"a""`, `"a\`, `"a\"`, `"\n"`, `"\x"`, `"\x0"`, `"\xGG"`, `"\x+1"`,
		"ä", "\"ä\"", "a\rb", "a\x00", `"\xFF"`, "\"a b\"",
	} {
		if got, err := ParseValue(token); err == nil {
			t.Errorf("%s is read %q", token, got)
		}
	}
	// Escapes of either case are one octet each.
	if got, err := ParseValue(`"\xc3\xA4"`); got != "ä" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestDurations(t *testing.T) {
	good := map[string]time.Duration{
		"0s": 0, "1s": time.Second, "10m": 10 * time.Minute, "24h": day, "30d": 30 * day, "007s": 7 * time.Second,
		"106751d": 106751 * day,
	}
	for s, want := range good {
		if got, err := parseDuration(s); got != want || err != nil {
			t.Errorf("%s: %v, want %v (%v)", s, got, want, err)
		}
	}
	for _, s := range []string{"", "s", "1", "1.5h", "-1s", "+1s", "1h30m", "1 h", "1w", "1ms", "106752d", "99999999999999999999s", "٣s"} {
		if got, err := parseDuration(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func TestPorts(t *testing.T) {
	if got, err := parsePorts("3590,3716,1,49151"); err != nil || len(got) != 4 || got[3] != 49151 {
		t.Errorf("%v %v", got, err)
	}
	for _, s := range []string{"", ",", "1,", "0", "49152", "65536", "-1", "0x10", "1;2"} {
		if got, err := parsePorts(s); err == nil {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

// Whatever stands in a value, it is one token of a line and comes back as it was.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"", "a", "a b", `\`, `"`, "\x00\xff", "ä\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		token := string(AppendValue(nil, s))
		if words := splitLine("x " + token + " y"); len(words) != 3 || words[1] != token {
			t.Fatalf("%q is written %s, which splits", s, token)
		}
		if got, err := ParseValue(token); err != nil || got != strings.ToValidUTF8(s, "\uFFFD") {
			t.Fatalf("%q is written %s and read %q (%v)", s, token, got, err)
		}
		quoted := string(appendQuoted(nil, s))
		if got, err := ParseValue(quoted); err != nil || got != strings.ToValidUTF8(s, "\uFFFD") {
			t.Fatalf("%q is quoted %s and read %q (%v)", s, quoted, got, err)
		}
	})
}

// A line from a client is read or refused, and what is read means the same when it is written again.
func FuzzLine(f *testing.F) {
	f.Add("SEND +491712345678 27 key=login-1 ttl=10m report=yes")
	f.Add(`SEND "\x2B49" 0 key="a\\b" port=1 unknown=hold`)
	f.Add("RECV port=3590,3716 max=64 ack-wait=60s")
	f.Add("NAK 01JE delay=30s x=\"\xff\"")
	f.Fuzz(func(t *testing.T, line string) {
		words := splitLine(line)
		if len(words) < 2 {
			return
		}
		known := []string{"port", "from-port", "key", "ttl", "report", "modem", "unknown", "delay"}
		options, err := parseOptions(words[1:], known...)
		if err == nil {
			again := []string{}
			for key, value := range options {
				again = append(again, key+"="+string(AppendValue(nil, value)))
			}
			second, err := parseOptions(again, known...)
			if err != nil || len(second) != len(options) {
				t.Fatalf("%q is written %q: %v", line, again, err)
			}
			for key, value := range options {
				if second[key] != value {
					t.Fatalf("%s=%q became %q", key, value, second[key])
				}
			}
		}
		if len(words) >= 3 {
			if r, err := parseRequest(words[1:]); err == nil && (r.TTL <= 0 || r.To == "" && words[1] != `""`) {
				t.Fatalf("%q is read as %+v", line, r)
			}
		}
		parseDuration(words[1])
		parsePorts(words[1])
	})
}
