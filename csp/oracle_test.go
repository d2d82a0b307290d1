package csp

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

//go:embed testdata/pts-oracle.txt
var oracleText string

//go:embed testdata/pts-trees.txt
var treesText string

// An oracleCase is a message and what the known client makes of it.
type oracleCase struct {
	message string
	length  int    // of a message that it wrote
	inspect string // of one that it read: "mode=Response tid=1 sid=null"
	tree    string
	refused bool
}

func oracleCases(t *testing.T) []oracleCase {
	var cases []oracleCase
	for line := range strings.Lines(oracleText) {
		line = strings.TrimSuffix(line, "\n")
		last := len(cases) - 1
		switch fields := strings.Split(line, "\t"); {
		case len(fields) == 3:
			n, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			cases = append(cases, oracleCase{message: fields[2], length: n})
		case strings.HasPrefix(line, "PARSE "):
			cases = append(cases, oracleCase{message: line[len("PARSE "):]})
		case strings.HasPrefix(line, "  !! "):
			cases[last].refused = true
		case strings.HasPrefix(line, "  mode="):
			cases[last].inspect = strings.TrimSpace(line)
		case strings.HasPrefix(line, "SPLIT "):
			return cases
		case strings.HasPrefix(line, "  "):
			cases[last].tree += line[2:] + "\n"
		}
	}
	t.Fatal("the oracle has no SPLIT line")
	return nil
}

// What the oracle wrote is written by us as well, and what it reads as a tree is read as
// the same tree.
func TestPTSOracle(t *testing.T) {
	// What the client refuses and why, with what we make of it.
	ours := map[string]string{
		`wv12rl2 st=(401,"Further authorization required") no=e6b68ebd DI=MD5 cr=F`: "", // WV is upper case alone, for us too
		"WV12SM5 SI=S42":    "SM\n", // a code that it does not know
		"WVXXVD1":           "VD\n", // the version of its own comment, which its pattern does not take
		"WV12ST0001 ST=200": "",     // a transaction id has three digits at most, for us too
		"WV12ST1000 ST=200": "",
	}
	written := treeCases(t)
	for _, c := range oracleCases(t) {
		want := c.tree
		if c.length > 0 {
			want = written[c.message]
			if len(c.message) != c.length {
				t.Errorf("%s: has %d octets, not %d", c.message, len(c.message), c.length)
			}
		}
		if c.refused {
			var known bool
			if want, known = ours[c.message]; !known {
				t.Errorf("%s: is refused by the client and not named here", c.message)
			}
		}
		e, err := Parse([]byte(c.message))
		if (err == nil) != (want != "") {
			t.Errorf("%s: %v", c.message, err)
		}
		if err != nil {
			continue
		}
		if d := cmp.Diff(want, e.String()); d != "" {
			t.Errorf("%s: %s", c.message, d)
		}
		if c.inspect != "" {
			m := Inspect([]byte(c.message))
			session := m.Session
			if session == "" {
				session = "null"
			}
			got := fmt.Sprintf("mode=%v tid=%s sid=%s", m.Transactions[0].Mode, m.Transactions[0].ID, session)
			// A part is not read by us before it is joined, except by whoever wants the tree.
			if c.message == "WV12ST7ab SI=S42 ST=200" {
				got = strings.Replace(got, "null", "S42", 1)
			}
			if got != c.inspect {
				t.Errorf("%s: is %s, want %s", c.message, got, c.inspect)
			}
		}
		m, err := ParsePTS([]byte(c.message))
		if err != nil {
			t.Errorf("%s: %v", c.message, err)
			continue
		}
		if b, err := m.AppendText(nil); err != nil || string(b) != c.message {
			t.Errorf("%s: is written back as %s, %v", c.message, b, err)
		}
	}
}

// treeCases are the messages of pts-trees.txt, each with the tree below it.
func treeCases(t *testing.T) map[string]string {
	trees := map[string]string{}
	for _, c := range strings.Split(treesText, "\n\n") {
		message, tree, ok := strings.Cut(strings.TrimSuffix(c, "\n"), "\n")
		if !ok {
			t.Fatalf("no tree: %s", c)
		}
		trees[message] = tree + "\n"
	}
	return trees
}

// The oracle cuts and joins as we do, octet for octet.
func TestPTSOracleParts(t *testing.T) {
	_, rest, _ := strings.Cut(oracleText, "\nSPLIT ")
	var want [][]byte
	seen := 0
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		var n, segments int
		if whole, ok := strings.CutPrefix(line, "ASSEMBLED 343 "); ok {
			seen++
			parts, err := Split([]byte(whole), 133)
			if d := cmp.Diff(want, parts); err != nil || d != "" || len(whole) != 343 {
				t.Errorf("%v: %s", err, d)
			}
			if joined, err := Join(want); err != nil || string(joined) != whole {
				t.Errorf("joined: %s, %v", joined, err)
			}
		} else if _, err := fmt.Sscanf(line, "len=%d segs=%d", &n, &segments); err == nil {
			seen++
			checkLength(t, n, segments)
		} else if _, err := fmt.Sscanf(line, "  %d WV", &n); err == nil {
			part := line[len("  133 "):]
			if len(part) != n {
				t.Errorf("%s: has %d octets, not %d", part, len(part), n)
			}
			want = append(want, []byte(part))
		}
	}
	if len(want) != 3 || seen != 10 {
		t.Errorf("the oracle has %d parts and %d other lines", len(want), seen)
	}
}

// checkLength cuts messages of n octets. The oracle does not tell its preamble; its
// numbers are right for every length that one can have.
func checkLength(t *testing.T, n, segments int) {
	for _, preamble := range []string{"WV12CL1", "WV12CL12", "WV12CL123"} {
		whole := []byte(preamble + " " + xs(n-len(preamble)-1))
		parts, err := Split(whole, 133)
		if segments < 0 {
			if err == nil {
				t.Errorf("%d octets are %d parts", n, len(parts))
			}
			continue
		}
		if err != nil || len(parts) != segments {
			t.Errorf("%d octets are %d parts, %v, want %d", n, len(parts), err, segments)
			continue
		}
		if segments == 1 {
			parts = [][]byte{[]byte(preamble + "aa" + string(whole[len(preamble):]))}
		}
		if joined, err := Join(parts); err != nil || !bytes.Equal(joined, whole) {
			t.Errorf("%d octets are joined to %d, %v", n, len(joined), err)
		}
	}
}

// Every beginning of every message is read, or is a fault; it is never a panic, and what
// is read is written back.
func TestPTSPrefixes(t *testing.T) {
	for _, c := range oracleCases(t) {
		for n := range len(c.message) {
			checkOctets(t, []byte(c.message[:n]))
		}
	}
}

// checkOctets holds for any octets.
func checkOctets(t *testing.T, b []byte) {
	t.Helper()
	Inspect(b)
	e, _ := Parse(b)
	shown := strings.ReplaceAll(e.String()+e.Redacted().String(), "\n", "") + redactedText(b)
	if !utf8.ValidString(shown) || strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q: a terminal may obey %q", b, shown)
	}
	m, err := ParsePTS(b)
	if err != nil {
		return
	}
	if again, err := m.AppendText(nil); err != nil || !bytes.Equal(again, b) {
		t.Errorf("%q is written back as %q, %v", b, again, err)
	}
	redacted, err := m.Redacted().AppendText(nil)
	if err != nil {
		return // "(hidden)" is longer than what it stands for: the largest do not fit
	}
	if _, err := ParsePTS(redacted); err != nil {
		t.Errorf("%q is redacted to %q, which %v", b, redacted, err)
	}
}
