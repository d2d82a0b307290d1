package csp

import (
	"bytes"
	"testing"
)

// Documents worked out by hand from the tables, in the order in which the reference has
// them. The first three have no namespace, so that a document type tells the version.
func TestWorkedExamples(t *testing.T) {
	const type11 = `<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP 1.1//EN" "">`
	const type12 = `<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD WV-CSP 1.2//EN" "">`
	const type13 = `<!DOCTYPE WV-CSP-Message PUBLIC "-//OMA//DTD IMPS-CSP 1.3//EN" "">`
	const keepAlive = `<Session><SessionDescriptor><SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor>` +
		`<Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID>t1</TransactionID></TransactionDescriptor>`
	for _, v := range []struct{ name, xml, wbxml string }{
		{"KeepAlive", type11 + `<WV-CSP-Message>` + keepAlive +
			`<TransactionContent><KeepAlive-Request><TimeToLive>120</TimeToLive></KeepAlive-Request></TransactionContent></Transaction></Session></WV-CSP-Message>`,
			`03 10 6a 00 | 49 6d 6e | 70 80 11 01 | 6f 03 73 31 00 01 01 | 72 74 | 76 80 20 01 | 75 03 74 31 00 01 01 | 73 | 00 01 5b
			| 72 c3 01 78 01 | 01 01 01 01 01`},
		{"KeepAlive with namespaces", `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1">` + keepAlive +
			`<TransactionContent xmlns="http://www.wireless-village.org/TRC1.1"><KeepAlive-Request><TimeToLive>120</TimeToLive></KeepAlive-Request></TransactionContent></Transaction></Session></WV-CSP-Message>`,
			`03 10 6a 00 | c9 05 03 31 2e 31 00 01 6d 6e | 70 80 11 01 | 6f 03 73 31 00 01 01 | 72 74 | 76 80 20 01 | 75 03 74 31 00 01 01
			| f3 07 03 31 2e 31 00 01 | 00 01 5b | 72 c3 01 78 01 | 01 01 01 01 01`},
		{"SendMessage", type11 + `<SendMessage-Request><DeliveryReport>F</DeliveryReport><MessageInfo><ContentType>text/plain</ContentType>` +
			`<ContentSize>0</ContentSize><Sender><User><UserID>wv:a@b</UserID></User></Sender><DateTime>20011019T095031</DateTime></MessageInfo>` +
			`<ContentData>Hello</ContentData></SendMessage-Request>`,
			`03 10 6a 00 | 00 06 57 | 48 80 0b 01 | 53 | 00 00 50 80 28 01 | 4f c3 01 00 01 | 6c 79 7a 03 77 76 3a 61 40 62 00 01 01 01
			| 51 c3 06 1f 46 a6 9c 9f 00 01 | 01 | 4d 03 48 65 6c 6c 6f 00 01 | 01`},
		{"SubscribePresence", type12 + `<SubscribePresence-Request><User><UserID>wv:a@b</UserID></User><Auto-Subscribe>T</Auto-Subscribe></SubscribePresence-Request>`,
			`03 11 6a 00 | 00 04 5d | 00 00 79 7a 03 77 76 3a 61 40 62 00 01 01 | 00 04 5e 80 2c 01 | 01`},
		{"SessionType", `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><SessionDescriptor><SessionType>Outband</SessionType></SessionDescriptor></Session></WV-CSP-Message>`,
			`03 11 6a 00 | c9 08 03 31 2e 32 00 01 | 6d 6e 70 80 19 01 01 01 01`},
		{"ClientCapability", `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.3"><TransactionContent xmlns="http://www.openmobilealliance.org/DTD/IMPS-TRC1.3">` +
			`<ClientCapability-Request><CapabilityList><SupportedCIRMethod>SSMS</SupportedCIRMethod><MultiTransPerMessage>300</MultiTransPerMessage></CapabilityList>` +
			`</ClientCapability-Request></TransactionContent></WV-CSP-Message>`,
			`03 12 6a 00 | c9 0b 03 31 2e 33 00 01 | f3 0d 03 31 2e 33 00 01 | 00 01 4c 4a | 00 03 50 80 81 24 01 | 61 c3 02 01 2c 01 | 01 01 01 01`},
		{"Notification", type13 + `<Notification-Request><NotificationType>CLC</NotificationType><ContactListIDList><ContactList>wv:a/f@b</ContactList></ContactListIDList>` +
			`<GrantListInUse>T</GrantListInUse></Notification-Request>`,
			`03 12 6a 00 | 00 0a 4a | 00 09 56 80 81 11 01 | 00 0b 47 | 00 00 4c 03 77 76 3a 61 2f 66 40 62 00 01 01 | 00 0b 45 80 2c 01 | 01`},
	} {
		want := octets(t, v.wbxml)
		if got, err := ToWBXML([]byte(v.xml)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v\n  is %x\nwant %x", v.name, err, got, want)
		}
		back, err := ToXML(want)
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		if got, want := canonical(t, back), canonical(t, []byte(v.xml)); got != want {
			t.Errorf("%s:\n  is %s\nwant %s", v.name, got, want)
		}
	}
}

// What has no token stands in the string table, once.
func TestLiterals(t *testing.T) {
	const doc = `<?xml version="1.0" encoding="UTF-8"?><Session xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2">` +
		`<vendor xmlns="urn:x" a="1" xml:lang="de"><vendor xmlns="">T</vendor><ContentLimit/></vendor></Session>`
	want := octets(t, `03 11 6a 25 | 76656e646f7200 786d6c6e7300 6100 786d6c3a6c616e6700 436f6e74656e744c696d697400
		| ed 08 03 312e32 00 01 | c4 00 04 07 03 75726e3a78 00 04 0d 03 31 00 04 0f 03 6465 00 01 | c4 00 04 07 01 80 2c 01 | 04 18 | 01 01`)
	got, err := ToWBXML([]byte(doc))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n  is %x\nwant %x", err, got, want)
	}
	if got, err := ToXML(want); err != nil || string(got) != doc {
		t.Errorf("%v\n  is %s\nwant %s", err, got, doc)
	}
}
