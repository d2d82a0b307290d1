package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"pgregory.net/rapid"

	"wvsms/pdu"
	"wvsms/pdu/pdutest"
)

// A pduVector is a line of ../../pdu/testdata/vectors/sms-pdus.txt.
type pduVector struct {
	name, hex string
	mode      []byte
	tpduLen   int
	direction pdu.Direction
}

func sharedVectors(t *testing.T) (vs []pduVector) {
	b, err := os.ReadFile("../../pdu/testdata/vectors/sms-pdus.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var v pduVector
		if _, err := fmt.Sscanf(line, "%s TPDUlen=%d %s", &v.name, &v.tpduLen, &v.hex); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if v.mode, err = pdu.DecodeHex(v.hex); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(v.name, "submit") {
			v.direction = pdu.MO
		}
		vs = append(vs, v)
	}
	return vs
}

// runPDU runs `wvsms pdu args…` and returns what it writes; usage is an error of the command line.
func runPDU(t testing.TB, in string, args ...string) (out, errOut string, usage, err error) {
	t.Helper()
	var command pduCmd
	parser, err := kong.New(&command, kong.Name("pdu"))
	if err != nil {
		t.Fatal(err)
	}
	parsed, usage := parser.Parse(args)
	if usage != nil {
		return "", "", usage, nil
	}
	var o, e bytes.Buffer
	err = parsed.Run(&stdio{In: strings.NewReader(in), Out: &o, Err: &e})
	return o.String(), e.String(), nil, err
}

// decodeJSON runs `pdu decode --json` on one argument.
func decodeJSON(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, _, usage, err := runPDU(t, "", append([]string{"decode", "--json"}, args...)...)
	if usage != nil {
		t.Fatal(usage)
	}
	return strings.TrimSuffix(out, "\n"), err
}

// What `pdu decode --json` prints for arguments. A case is a line of arguments, then the object.
func TestPDUDecode(t *testing.T) {
	for _, dialog := range readDialogs(t, "testdata/pdu-decode.txt") {
		got, err := decodeJSON(t, strings.Fields(dialog.in)...)
		if got != dialog.out {
			t.Errorf("%s\n%s\n got %s\nwant %s", dialog.title, dialog.in, got, dialog.out)
		}
		if failed := strings.Contains(got, `"error":`); failed != (err != nil) {
			t.Errorf("%s: exit with %v", dialog.title, err)
		}
	}
}

// What `pdu encode --json` makes of an object: hex, or what it says on standard error.
func TestPDUEncode(t *testing.T) {
	for _, dialog := range readDialogs(t, "testdata/pdu-encode.txt") {
		out, errOut, _, err := runPDU(t, dialog.in, "encode", "--json")
		if got := strings.TrimSpace(out + errOut); got != dialog.out {
			t.Errorf("%s\n%s\n got %s\nwant %s", dialog.title, dialog.in, got, dialog.out)
		}
		if (errOut != "") != (err != nil) {
			t.Errorf("%s: exit with %v", dialog.title, err)
		}
	}
}

// A dialog is what goes in ("> …") and what comes out ("< …"), under a title ("# …").
type dialog struct{ title, in, out string }

func readDialogs(t *testing.T, file string) (ds []dialog) {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	title := ""
	for line := range strings.Lines(string(b)) {
		kind, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch kind {
		case "#":
			title = text
		case ">":
			ds = append(ds, dialog{title: title, in: text})
		case "<":
			ds[len(ds)-1].out = text
		case "":
		default:
			t.Fatalf("%s: %q", file, line)
		}
	}
	if len(ds) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return ds
}

// Several arguments: all are printed, a line each, and the faulty ones make it fail afterwards.
func TestPDUDecodeGoesOnAfterAFault(t *testing.T) {
	v := sharedVectors(t)[1]
	out, _, usage, err := runPDU(t, "", "decode", "--json", "zz", v.hex, "", strings.ToLower(v.hex), "0,1")
	if usage != nil || err == nil || err.Error() != "3 of 5 PDUs are faulty" {
		t.Errorf("%v %v", usage, err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 || lines[1] != lines[3] || !strings.Contains(lines[1], `"type":"SMS-DELIVER"`) {
		t.Errorf("%s", out)
	}
	for _, i := range []int{0, 2, 4} {
		if !strings.HasPrefix(lines[i], `{"error":"hex: `) {
			t.Errorf("%s", lines[i])
		}
	}
}

func TestPDUUsage(t *testing.T) {
	for _, args := range [][]string{
		{"decode"}, {"decode", "--mo", "--mt", "00"}, {"decode", "--rp", "maybe", "00"}, {"encode", "00"}, {},
	} {
		if _, _, usage, _ := runPDU(t, "", args...); usage == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// Where decode gives no warning, encode gives the same octets back.
func TestPDUDecodeEncode(t *testing.T) {
	for _, v := range sharedVectors(t) {
		direction := "--mt"
		if v.direction == pdu.MO {
			direction = "--mo"
		}
		object, err := decodeJSON(t, direction, v.hex)
		if err != nil || strings.Contains(object, `"warnings"`) {
			t.Errorf("%s: %s", v.name, object)
		}
		if out, errOut, _, _ := runPDU(t, object+"\n", "encode", "--json"); out != v.hex+"\n" {
			t.Errorf("%s: %s%s\nwant %s", v.name, out, errOut, v.hex)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		s := pdutest.Samples().Draw(r, "sample")
		b, err := s.TPDU.AppendBinary(nil)
		if err != nil {
			r.Fatal(err)
		}
		b, err = pdu.Mode{SMSC: pdutest.Addresses().Draw(r, "SMSC"), TPDU: b}.AppendBinary(nil)
		if err != nil {
			r.Fatal(err)
		}
		checkEncodes(r, b, s.Direction)
	})
}

// checkEncodes decodes octets, and encodes them where there is neither fault nor warning.
func checkEncodes(t interface{ Fatalf(string, ...any) }, b []byte, d pdu.Direction) {
	o := (&pduDecodeCmd{MO: d == pdu.MO}).decode(fmt.Sprintf("%x", b))
	object, err := json.Marshal(o)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	if o.Error != nil || o.Warnings != nil {
		return
	}
	if again, err := (&pduEncodeCmd{}).encode(object); err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%x\ndecoded %s\nencoded %x %v", b, object, again, err)
	}
}

// Octets of any kind, decoded without a warning, are encoded again.
func FuzzPDUDecodeEncode(f *testing.F) {
	for seed := range 100 {
		s := pdutest.Samples().Example(seed)
		if b, err := s.TPDU.AppendBinary([]byte{0}); err == nil {
			f.Add(b, s.Direction == pdu.MO)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, mo bool) {
		if len(b) == 0 {
			return
		}
		d := pdu.MT
		if mo {
			d = pdu.MO
		}
		checkEncodes(t, b, d)
	})
}

// Cut anywhere, a PDU is printed with the fields before the cut and with the error; none of these changes.
func TestPDUDecodeTruncated(t *testing.T) {
	for _, v := range sharedVectors(t) {
		c := pduDecodeCmd{MO: v.direction == pdu.MO}
		whole := c.decode(v.hex).byKey()
		for n := 1; n < len(v.mode); n++ {
			o := c.decode(v.hex[:2*n])
			if o.Error == nil {
				t.Fatalf("%s: no error", v.hex[:2*n])
			}
			for key, value := range o.byKey() {
				if key != "error" && key != "udh" && !bytes.Equal(value, whole[key]) {
					t.Errorf("%s: %s is %s, in the whole %s", v.hex[:2*n], key, value, whole[key])
				}
			}
		}
	}
}

func TestPDUDecodeForPeople(t *testing.T) {
	v := sharedVectors(t)[3]
	out, _, _, err := runPDU(t, "", "decode", v.hex[:100], "0")
	want, readErr := os.ReadFile("testdata/pdu-decode.golden")
	if readErr != nil {
		t.Fatal(readErr)
	}
	if out != string(want) || err == nil {
		t.Errorf("%v\n%s\nwant\n%s", err, out, want)
	}
}

// What an alphanumeric sender calls himself starts no line of ours and moves no cursor.
func TestPDUDecodeObeysNoSender(t *testing.T) {
	out, _, _, err := runPDU(t, "", "decode", "--tpdu", "4412d08ac64651b426991b1e000462116251500502100605040e060e061b5b324a68656c6c6f")
	if err != nil || !strings.Contains(out, `  address      \x0a\x0d\x0cEVIL[`+"\n") {
		t.Errorf("%q, %v", out, err)
	}
}
