package csp

import (
	"encoding/binary"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tsharkNames are the names of Wireshark where they are not ours (see tokens.csv).
var tsharkNames = map[string]string{
	"Auto-Subscribe":              "AutoSubscribe",
	"WV-CSP-NSDiscovery-Request":  "WV-CSP-VersionDiscovery-Request",
	"WV-CSP-NSDiscovery-Response": "WV-CSP-VersionDiscovery-Response",
	"=-1":                         "=4294967295", // it has signed integers
}

// tsharkOpaque are integers that it does not take for any, as libwbxml and AOSP do.
const tsharkOpaque = "=(1 bytes of unparsed opaque"

// tshark shows the same elements and texts in the same order, in all three versions.
func TestTsharkReadsOurs(t *testing.T) {
	t.Parallel()
	program := tool(t, "tshark", "tshark")
	docs := documents(t)
	maps.Copy(docs, everything())
	names := slices.Sorted(maps.Keys(docs))
	var frames [][]byte
	var want [][]string
	for _, name := range names {
		wbxml, err := ToWBXML(docs[name])
		if err != nil {
			t.Fatal(err)
		}
		r, err := newWBXMLReader(wbxml)
		if err != nil {
			t.Fatal(err)
		}
		var seen []string
		if err := copyTo(func(e event) error {
			switch e.kind {
			case startEvent:
				seen = append(seen, e.name)
			case textEvent:
				seen = append(seen, "="+plain(normalText(e.name, e.text)))
			}
			return nil
		}, r); err != nil {
			t.Fatal(err)
		}
		frames, want = append(frames, wbxml), append(want, seen)
	}
	got := tsharkShows(t, program, frames)
	if len(got) != len(want) {
		t.Fatalf("tshark has %d documents of %d", len(got), len(want))
	}
	steps, opaque := 0, 0
	for i, name := range names {
		for at, step := range got[i] {
			if ours, ok := tsharkNames[step]; ok {
				got[i][at] = ours
			}
			if step == tsharkOpaque && at < len(want[i]) && isNumber(want[i][at][1:]) {
				got[i][at] = want[i][at]
				opaque++
			}
		}
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("%s:\n tshark %q\n     we %q", name, got[i], want[i])
		}
		steps += len(want[i])
	}
	t.Logf("%d documents agree in %d names and texts, but for %d integers that it leaves as octets", len(names), steps, opaque)
}

// plain is a text as far as all write it alike.
func plain(s string) string {
	for i, c := range s {
		if c < ' ' || c > '~' || c == '\\' {
			return s[:i]
		}
	}
	return s
}

var (
	tsharkTag   = regexp.MustCompile(`^(?:Known Tag|LITERAL).*?\|\s+<([^>\s/]+)`)
	tsharkText  = regexp.MustCompile(`^(?:STR_I|EXT_T_0).*?\|\s+(?:[A-Za-z ]+ Value: )?'(.*)'$`)
	tsharkValue = regexp.MustCompile(`^OPAQUE.*?\|\s+(?:WV-CSP (?:Integer|DateTime): )?(.*?)(?: data\))?$`)
)

// tsharkShows runs tshark over all documents at once, each a frame of a capture whose
// link layer is said to be WBXML, and takes names and texts from its drawings.
func tsharkShows(t *testing.T, program string, frames [][]byte) [][]string {
	capture := filepath.Join(t.TempDir(), "csp.pcap")
	if err := os.WriteFile(capture, pcap(frames), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "-r", capture, "-V", "-o", `uat:user_dlts:"User 0 (DLT=147)","wbxml","0","","0",""`)
	command.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %v", command, err)
	}
	var all [][]string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "WAP Binary XML,") {
			all = append(all, nil)
		}
		cells := strings.SplitN(line, "|", 4)
		if len(all) == 0 || len(cells) < 4 || strings.TrimSpace(cells[1]) != "Tag" {
			continue
		}
		last := &all[len(all)-1]
		token := strings.TrimSpace(cells[3])
		if m := tsharkTag.FindStringSubmatch(token); m != nil {
			*last = append(*last, m[1])
		} else if m := tsharkText.FindStringSubmatch(token); m != nil {
			value, _ := normalDateTime(m[1])
			*last = append(*last, "="+plain(value))
		} else if m := tsharkValue.FindStringSubmatch(token); m != nil {
			value, _ := normalDateTime(m[1])
			*last = append(*last, "="+value)
		}
	}
	return all
}

// pcap is a capture file with the link type USER0.
func pcap(frames [][]byte) []byte {
	word := binary.LittleEndian.AppendUint32
	b := word(nil, 0xA1B2C3D4)
	b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, 2), 4)
	b = word(word(word(word(b, 0), 0), 1<<16), 147)
	for _, f := range frames {
		b = word(word(word(word(b, 0), 0), uint32(len(f))), uint32(len(f)))
		b = append(b, f...)
	}
	return b
}
