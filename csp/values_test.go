package csp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// What a text becomes in WBXML, and what it is when it comes back.
func TestValues(t *testing.T) {
	const space = ` xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.3"`
	for _, v := range []struct{ name, element, text, wbxml, back string }{
		{"integer", "Code", "200", "c3 01 c8", "200"},
		{"zero", "Code", "0", "c3 01 00", "0"},
		{"octets without zeros", "Code", "70000", "c3 03 01 11 70", "70000"},
		{"zeros before", "Code", "007", "c3 01 07", "7"},
		{"space around", "Code", " 5\n", "c3 01 05", "5"},
		{"largest", "Code", "4294967295", "c3 04 ff ff ff ff", "4294967295"},
		{"too large", "Code", "4294967296", "03 34323934393637323936 00", "4294967296"},
		{"negative", "Code", "-1", "03 2d31 00", "-1"},
		{"with a sign", "Code", "+1", "03 2b31 00", "+1"},
		{"hexadecimal", "Code", "0x1F", "03 30783146 00", "0x1F"},
		{"no number", "Code", "T", "80 2c", "T"},
		{"an integer to baraza alone", "ClientIMPriority", "7", "03 37 00", "7"},
		{"an integer no more in 1.3", "SearchID", "7", "03 37 00", "7"},
		{"no integer", "TransactionID", "007", "03 303037 00", "007"},

		{"date-time", "DateTime", "20011019T095031", "c3 06 1f46a69c9f00", "20011019T095031"},
		{"in UTC", "DateTime", "20010925T165859Z", "c3 06 1f46730ebb5a", "20010925T165859Z"},
		{"with separators", "DeliveryTime", "2001-09-25T16:58:59Z", "c3 06 1f46730ebb5a", "20010925T165859Z"},
		{"without seconds", "DateTime", "20010925T1658Z", "c3 06 1f46730e805a", "20010925T165800Z"},
		{"in another zone", "DateTime", "20010925T165859A", "c3 06 1f46730ebb41", "20010925T165859A"},
		{"with an offset", "DateTime", "2001-09-25T16:58:59+02:00", "03 323030312d30392d32355431363a35383a35392b30323a3030 00", "2001-09-25T16:58:59+02:00"},
		{"a day that is not", "DateTime", "20010230T165859Z", "03 3230303130323330543136353835395a 00", "20010230T165859Z"},
		{"no zone", "DateTime", "20010925T165859J", "03 3230303130393235543136353835394a 00", "20010925T165859J"},
		{"a year beyond twelve bits", "DateTime", "40960101T000000Z", "03 3430393630313031543030303030305a 00", "40960101T000000Z"},

		{"token", "SessionType", "Inband", "80 11", "Inband"},
		{"token of two octets", "NotificationType", "CLC", "80 81 11", "CLC"},
		{"token anywhere", "Description", "T", "80 2c", "T"},
		{"not quite", "SessionType", "Inband ", "03 496e62616e6420 00", "Inband "},
		{"a start of it", "URL", "http://a", "03 687474703a2f2f61 00", "http://a"},
		{"access where all take it", "SupportedBearer", "SMS", "80 43", "SMS"},
		{"access elsewhere", "PrefC", "SMS", "03 534d53 00", "SMS"},
		{"presence where all take it", "PrefC", "MMS", "80 6e", "MMS"},
		{"presence elsewhere", "SupportedBearer", "MMS", "03 4d4d53 00", "MMS"},
		{"one token, two meanings", "Name", "History", "03 486973746f7279 00", "History"},
		{"the other one", "SearchElement", "GROUP_ID", "03 47524f55505f4944 00", "GROUP_ID"},
		{"common", "Cap", "IM", "80 12", "IM"},

		{"a message", "ContentData", "T", "03 54 00", "T"},
		{"a message of spaces", "ContentData", " \n", "03 200a 00", " \n"},
		{"a line of two ends", "ContentData", "a&#13;\nb", "03 610d0a62 00", "a&#xD;\nb"},
		{"characters", "ContentData", "&lt;&amp;é€&#x1F600;", "03 3c26c3a9e282acf09f9880 00", "&lt;&amp;é€\U0001F600"},
		{"in pieces", "ContentData", "a<!-- b --><![CDATA[<c>]]>", "03 613c633e 00", "a&lt;c&gt;"},
	} {
		doc := fmt.Sprintf("<%s%s>%s</%[1]s>", v.element, space, v.text)
		wbxml, err := ToWBXML([]byte(doc))
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		want := append(octets(t, "0b 03 312e33 00 01"), octets(t, v.wbxml)...)
		if !bytes.HasSuffix(wbxml, append(want, tokenEnd)) {
			t.Errorf("%s: %x does not end in %x", v.name, wbxml, want)
		}
		back, err := ToXML(wbxml)
		if want := fmt.Sprintf("<%s%s>%s</%[1]s>", v.element, space, v.back); err != nil || !strings.HasSuffix(string(back), want) {
			t.Errorf("%s: %v\n  is %s\nwant %s", v.name, err, back, want)
		}
		if got, want := canonical(t, back), canonical(t, []byte(doc)); got != want {
			t.Errorf("%s:\n  is %s\nwant %s", v.name, got, want)
		}
	}
}

// Whatever others write is read, wherever in a document it may stand.
func TestVariants(t *testing.T) {
	for _, v := range []struct{ name, wbxml, want string }{
		{"zero of no octet", "03 11 6a 00 | 4b c3 00 01", `Code="0"`},
		{"zeros before an integer", "03 11 6a 00 | 4b c3 03 00 00 05 01", `Code="5"`},
		{"an integer of eight octets", "03 11 6a 00 | 4b c3 08 ff ff ff ff ff ff ff ff 01", `Code="18446744073709551615"`},
		{"an integer as text", "03 11 6a 00 | 4b 03 32 30 30 00 01", `Code="200"`},
		{"SearchID in 1.3", "03 12 6a 00 | 00 01 66 c3 01 07 01", `SearchID="7"`},
		{"ClientIMPriority", "03 12 6a 00 | 00 05 7c c3 01 07 01", `ClientIMPriority="7"`},
		{"pieces", "03 11 6a 03 61 62 00 | 52 03 78 00 83 00 02 81 20 83 01 80 2c 01", `Description="xab\u00a0bT"`},
		{"a page switched between pieces", "03 11 6a 00 | 6d 6e 6f 03 78 00 00 05 03 79 00 01 00 00 01 01", `Session{SessionDescriptor{SessionID="xy"}}`},
		{"a page switched twice, and before END", "03 11 6a 00 | 6d 00 05 00 00 6e 30 00 07 01 01", `Session{SessionDescriptor{SessionType}}`},
		{"a number of two octets where one would do", "03 11 6a 00 | 70 80 80 11 01", `SessionType="Inband"`},
		{"empty with content", "03 11 6a 00 | 6d 01", `Session`},
		{"empty without", "03 11 6a 00 | 2d", `Session`},
		{"a namespace from the table", "03 12 6a 04 31 2e 33 00 | ad 0b 83 00 01", `Session@http://www.openmobilealliance.org/DTD/IMPS-CSP1.3`},
		{"a namespace in pieces", "03 12 6a 02 33 00 | ad 0b 03 31 2e 00 83 00 01", `Session@http://www.openmobilealliance.org/DTD/IMPS-CSP1.3`},
		{"a tag from the table", "03 11 6a 02 78 00 | 6d 04 00 44 00 03 31 00 01 01", `Session{x x="1"}`},
		{"a tag from the table with attributes", "03 11 6a 04 78 00 79 00 | 6d c4 00 04 02 03 31 00 01 03 61 00 01 84 00 04 02 01 01", `Session{x="a" x}`},
		{"the namespace against the identifier", "03 10 6a 00 | c9 08 03 31 2e 32 00 01 00 04 5e 80 2c 01 01",
			`WV-CSP-Message@http://www.openmobilealliance.org/DTD/WV-CSP1.2{AutoSubscribe="T"}`},
		{"no identifier and a namespace", "03 01 6a 00 | ad 0b 03 31 2e 33 00 01", `Session@http://www.openmobilealliance.org/DTD/IMPS-CSP1.3`},
		{"no identifier at all is 1.1", "03 01 6a 00 | 00 06 06", `BlockUser-Request`},
		{"1.0", "03 0f 6a 00 | 7e 6d 01 01", `WV-CSP-Message{Session}`},
		{"1.0 by name", byName("-//WIRELESSVILLAGE//DTD CSP 1.0//EN") + "7e 01", `WV-CSP-Message`},
		{"the other names of 1.1", byName("-//IMPS/DTD Imps v1.1/EN") + "00 06 06", `BlockUser-Request`},
		{"and", byName("-//OMA//DTD WV-CSP 1.1//EN") + "00 06 06", `BlockUser-Request`},
		{"and", byName("-//WIRELESSVILLAGE//DTD CSP 1.1//EN") + "00 06 06", `BlockUser-Request`},
		{"the names of 1.2", byName("-//OMA//DTD WV-CSP 1.2//EN") + "00 06 06", `BlockEntity-Request`},
		{"and", byName("-//OMA//DTD IMPS-CSP 1.2//EN") + "00 09 0b", `ReactiveAuthState`},
		{"the name of 1.3", byName("-//OMA//DTD IMPS-CSP 1.3//EN") + "00 09 0b", `AnswerOptionText`},
		{"IM and SMS of presence", "03 10 6a 00 | 00 05 47 63 80 68 01 63 80 75 01 01", `AddrPref{PrefC="IM" PrefC="SMS"}`},
		{"SSMS in 1.2", "03 11 6a 00 | 00 03 50 80 81 24 01", `SupportedCIRMethod="SSMS"`},
		{"AP in 1.3", "03 12 6a 00 | 00 00 64 80 68 01", `PresenceValue="AP"`},
		{"History", "03 12 6a 00 | 65 5e 80 3d 01 01", `Property{Name="History"}`},
		{"GROUP_ID", "03 12 6a 00 | 00 01 64 80 3d 01", `SearchElement="GROUP_ID"`},
		{"ContentType of page 5", "03 11 6a 00 | 00 05 76 80 28 01", `ContentType="text/plain"`},
		{"a text as octets", "03 11 6a 00 | 4d c3 02 48 69 01", `ContentData="Hi"`},
		{"octets in BASE64", "03 11 6a 00 | 59 4e 80 07 01 4d c3 03 00 ff 80 01 01", `Logo{ContentEncoding="BASE64" ContentData="AP+A"}`},
		{"BASE64 as octets", "03 11 6a 00 | 59 4e 80 07 01 4d c3 04 41 50 2b 41 01 01", `Logo{ContentEncoding="BASE64" ContentData="AP+A"}`},
		{"spaces among elements", "03 11 6a 00 | 6d 03 0a 20 00 6e 01 03 0a 00 01", `Session{SessionDescriptor}`},
		{"of WBXML 1.1 in ASCII", "01 11 03 00 | 6d 01", `Session`},
	} {
		doc, err := ToXML(octets(t, v.wbxml))
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		e, err := parseXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := spaced(e); got != v.want {
			t.Errorf("%s:\n  is %s\nwant %s", v.name, got, v.want)
		}
	}
}

// spaced is shown with the namespace of the root.
func spaced(e Element) string {
	if e.Space != "" {
		e.Name += "@" + e.Space
	}
	return shown(e)
}

// byName is the head of a document that names its public identifier.
func byName(id string) string { return fmt.Sprintf("03 00 00 6a %02x %x 00", len(id)+1, id) }
