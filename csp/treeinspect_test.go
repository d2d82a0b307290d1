package csp

import (
	"slices"
	"strings"
	"testing"
)

func TestInspectTree(t *testing.T) {
	const head12 = `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2">`
	const status = `<Session><SessionDescriptor><SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor>` +
		`<Transaction><TransactionDescriptor><TransactionMode>Response</TransactionMode><TransactionID>t1</TransactionID></TransactionDescriptor>` +
		`<TransactionContent><Status><Result><Code>201</Code><DetailedResult><Code>531</Code></DetailedResult></Result></Status></TransactionContent></Transaction>` +
		`<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID/></TransactionDescriptor>` +
		`<TransactionContent><Polling-Request/></TransactionContent></Transaction></Session></WV-CSP-Message>`
	for _, v := range []struct {
		name, xml string
		want      Message
	}{
		{"two transactions", head12 + status, Message{Version: "1.2", Session: "s1", Transactions: []Transaction{
			{ID: "t1", Primitive: "Status", Mode: Response, Status: 201}, {Primitive: "Polling-Request", Mode: Request}}}},
		{"version discovery", head12 + `<WV-CSP-VersionDiscovery-Request><VersionList/></WV-CSP-VersionDiscovery-Request></WV-CSP-Message>`,
			Message{Version: "1.2", Transactions: []Transaction{{Primitive: "WV-CSP-VersionDiscovery-Request", Mode: Request}}}},
		{"version discovery by itself", `<WV-CSP-VersionDiscovery-Response xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.3"/>`,
			Message{Version: "1.3", Transactions: []Transaction{{Primitive: "WV-CSP-VersionDiscovery-Response", Mode: Response}}}},
		{"a login", head12 + `<Session><Transaction><TransactionContent><Login-Response><Result><Code> 401 </Code></Result><SessionID>not of the descriptor</SessionID>` +
			`</Login-Response></TransactionContent></Transaction></Session></WV-CSP-Message>`,
			Message{Version: "1.2", Transactions: []Transaction{{Primitive: "Login-Response", Status: 401}}}},
	} {
		check := func(b []byte, syntax Syntax) {
			t.Helper()
			want := v.want
			want.Syntax = syntax
			got := Inspect(b)
			if got.Syntax != want.Syntax || got.Version != want.Version || got.Session != want.Session || !slices.Equal(got.Transactions, want.Transactions) {
				t.Errorf("%s:\n  is %+v\nwant %+v", v.name, got, want)
			}
		}
		check([]byte(v.xml), XML)
		wbxml, err := ToWBXML([]byte(v.xml))
		if err != nil {
			t.Fatal(err)
		}
		check(wbxml, WBXML)
		check(append(wbxml, 0x7F), WBXML)
	}

	broken := []byte(head12 + status)[:len(head12)+370]
	if got, want := Inspect(broken).String(), "XML 1.2 Status 201, transaction t1"; got != want {
		t.Errorf("of what breaks off: %s, want %s", got, want)
	}
	if got, want := Inspect([]byte(`<?xml version="1.0"?><html><body>`)).String(), "XML"; got != want {
		t.Errorf("of what is not CSP: %s, want %s", got, want)
	}
}

// A version that nobody knows is told as the document's namespace has it, not as the
// version whose tokens it is read with.
func TestInspectUnknownVersion(t *testing.T) {
	for _, v := range []struct{ message, want string }{
		{`<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.4"><Session/></WV-CSP-Message>`, "XML 1.4"},
		{`<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP 1.1//EN" ""><WV-CSP-Message xmlns="http://www.wireless-village.org/CSP2.10"/>`, "XML 2.10"},
		{"\x03\x10\x6A\x00\xC9\x05\x031.4\x00\x01\x6D\x01\x01", "WBXML 1.4"},
		{"\x03\x10\x6A\x00\xC9\x05\x03my words\x00\x01\x6D\x01\x01", "WBXML 1.1"},
		{`<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.my words"/>`, "XML"},
		{`<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP"/>`, "XML"},
	} {
		if got := Inspect([]byte(v.message)).String(); got != v.want {
			t.Errorf("%q: %s, want %s", v.message, got, v.want)
		}
	}
}

func TestDetectWBXML(t *testing.T) {
	for _, v := range []struct {
		name, wbxml string
		want        Syntax
	}{
		{"1.0", "03 0f 6a 00 7e 01", WBXML},
		{"1.1", "03 10 6a 00 6d", WBXML},
		{"of WBXML 1.1", "01 11 6a 00 6d", WBXML},
		{"in ASCII", "03 12 03 00 6d", WBXML},
		{"by name", "03 00 00 6a 1b 2d2f2f4f4d412f2f4454442057562d43535020312e322f2f454e00 49", WBXML},
		{"by another name", "03 00 00 6a 1b 2d2f2f4f4d412f2f4454442057562d43535020392e322f2f454e00 49", Opaque},
		{"by a name that is not there", "03 00 1b 6a 1b 2d2f2f4f4d412f2f4454442057562d43535020312e322f2f454e00 49", Opaque},
		{"unknown, with a namespace", "03 01 6a 00 c9 08 03 31 2e 32 00 01 6d 01 01", WBXML},
		{"unknown, with a Session", "03 01 6a 00 49 6d", WBXML},
		{"unknown, version discovery", "03 01 6a 00 00 0a 45 07", WBXML},
		{"unknown, another root", "03 01 6a 00 45 5c 4f", Opaque}, // ActiveSync
		{"unknown, no root", "03 01 6a 00", Opaque},
		{"service indication", "03 05 6a 00 45 c6 0c", Opaque},
		{"SyncML", "03 9f 51 6a 00 6d 6c", Opaque},
		{"WAP push", "01 06 04 03 ae 81 ea 02 05 6a 00 45", Opaque},
		{"UTF-16", "03 11 87 68 00 6d", Opaque},
		{"a string table beyond the end", "03 11 6a 7f 6d", Opaque},
		{"nothing", "", Opaque},
	} {
		if got := Detect(octets(t, v.wbxml)); got != v.want {
			t.Errorf("%s is %v, want %v", v.name, got, v.want)
		}
	}
}

// What is told of a message stands in logs: of one that is made for that, with a string
// table that stands for very much, it is no more than of others.
func TestInspectTellsLittle(t *testing.T) {
	of := tables().dialects[2].codes
	open := func(b []byte, names ...string) []byte {
		for _, name := range names {
			b = append(b, of[name].token|hasContent)
		}
		return b
	}
	long := strings.Repeat("z", 4000)
	b := append([]byte{wbxmlVersion, 0x11, charsetUTF8}, appendMB(nil, uint32(len(long)+1))...)
	b = open(append(append(b, long...), 0), "WV-CSP-Message", "Session")
	b = append(open(b, "SessionDescriptor", "SessionID"), tokenStrT, 0, tokenEnd, tokenEnd)
	for range 300 {
		b = append(open(b, "Transaction", "TransactionDescriptor", "TransactionID"), tokenStrT, 0, tokenEnd, tokenEnd)
		b = append(open(b, "TransactionContent"), tokenLiteral, 0, tokenEnd, tokenEnd)
	}
	m := Inspect(b)
	if len(m.Transactions) < 100 {
		t.Errorf("%d transactions", len(m.Transactions))
	}
	if m.Session != "" || m.Transactions[0] != (Transaction{}) {
		t.Errorf("session of %d octets, transaction %.100v", len(m.Session), m.Transactions[0])
	}
	if got := m.String(); len(got) > 1000 {
		t.Errorf("%d octets: %.100s…", len(got), got)
	}

	const head = `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session>`
	polls := head + strings.Repeat("<Transaction><TransactionContent><Polling-Request/></TransactionContent></Transaction>", 12)
	want := "XML 1.2" + strings.Repeat(" Polling-Request;", 7) + " Polling-Request; and 4 more"
	if got := Inspect([]byte(polls)).String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	code := "<Transaction><TransactionContent><Status><Result><Code>99999999999999999999</Code>"
	if got := Inspect([]byte(head + code)).Transactions; len(got) != 1 || got[0].Status != 0 {
		t.Errorf("a code of 20 digits: %v", got)
	}
}
