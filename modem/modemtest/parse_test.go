package modemtest

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseLine(t *testing.T) {
	for line, want := range map[string][]command{
		"":         nil,
		"E0V1":     {{name: "E"}, {name: "V", n: 1}},
		"E0;+CSQ":  {{name: "E"}, {name: "+CSQ"}},
		"&f0&W":    {{name: "&F"}, {name: "&W"}},
		"S3=13S4?": {{name: "S", n: 3, form: write, args: "13"}, {name: "S", n: 4, form: read}},
		"+cmgf=0;^CURC=0;+CMGF?": {
			{name: "+CMGF", form: write, args: "0"},
			{name: "^CURC", form: write, args: "0"},
			{name: "+CMGF", form: read},
		},
		"+CNMI=?":            {{name: "+CNMI", form: test}},
		`+CPIN="12;34";+CSQ`: {{name: "+CPIN", form: write, args: `"12;34"`}, {name: "+CSQ"}},
		"D*99#;":             {{name: "D", args: "*99#;"}},
		" + CSQ":             nil,
		"+CSQ ; Z":           {{name: "+CSQ"}, {name: "Z"}},
	} {
		got, err := parseLine(line)
		if !slices.Equal(got, want) {
			t.Errorf("parseLine(%q) = %v, %v, want %v", line, got, err, want)
		}
	}
	for line, before := range map[string]int{
		"+": 0, ";": 0, "S": 0, "S3": 0, "S3=13+CSQ;;": 2, "E9999999": 0, "&1": 0, "+CSQ!x y": 0, "+CSQ E0": 0, "~": 0,
	} {
		got, err := parseLine(line)
		if !errors.Is(err, errSyntax) || len(got) != before {
			t.Errorf("parseLine(%q) = %v, %v, want %d commands and a syntax error", line, got, err, before)
		}
	}
}

func TestArguments(t *testing.T) {
	c := command{name: "+X", args: `2,,"a,b", 7 ,""`}
	a := c.split()
	for i, want := range []string{"2", "", "a,b", "7", "", ""} {
		if a.text(i) != want {
			t.Errorf("argument %d is %q, want %q", i, a.text(i), want)
		}
	}
	if n, err := a.number(1, 42); n != 42 || err != nil {
		t.Errorf("an omitted number is %d, %v, want the usual one", n, err)
	}
	if _, err := a.number(2, 0); err != cme(50) {
		t.Errorf("a number that is none: %v, want %v", err, cme(50))
	}
	if _, err := a.oneOf(3, 0, 1, 2); err != cme(50) {
		t.Errorf("a number not offered: %v, want %v", err, cme(50))
	}
}

// FuzzParseLine: what was read, written and read again is the same.
func FuzzParseLine(f *testing.F) {
	for _, seed := range []string{
		"E0;+CMEE=1;+CSQ", "S3=13S4?&F", `+CMGS="+49170";^CURC?`, "+CNMI=?;+CNMI=2,1,0,1,0", "D*99#", "Z+",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		cmds, err := parseLine(line)
		if err == nil && len(cmds) == 0 && strings.Trim(line, " ") != "" {
			t.Fatalf("parseLine(%q) lost the line", line)
		}
		var b strings.Builder
		for _, c := range cmds {
			c.split()
			b.WriteString(c.String())
			if c.name != "D" {
				b.WriteByte(';')
			}
		}
		again, err := parseLine(b.String())
		if err != nil || !slices.Equal(again, cmds) {
			t.Fatalf("parseLine(%q) = %q, and again from %q %q, %v", line, cmds, b.String(), again, err)
		}
	})
}
