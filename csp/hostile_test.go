package csp

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// What is not WBXML of CSP is a clear error, names an octet and takes no memory.
func TestHostileWBXML(t *testing.T) {
	table := strings.Repeat("61", 30<<10) + "00"
	bomb := "03 11 6a 81 f0 01" + table + "52" + strings.Repeat("8300", 10_000) + "01"
	names := "03 11 6a 81 f0 01" + table + "6d" + strings.Repeat("0400", 10_000) + "01"
	values := "03 11 6a 81 f0 03" + table + "62 00 6d" + strings.Repeat("ae 04 81f001 8300 01", 10_000) + "01"
	for _, v := range []struct{ name, wbxml, want string }{
		{"nothing", "", "octet 0: a document begins with its version"},
		{"another version", "04 11 6a 00 6d 01", "begins with its version, 01 to 03"},
		{"WBXML 1.0", "00 11 6a 00 6d 01", "begins with its version"},
		{"a head alone", "03 11 6a 00", "octet 4: it ends too early"},
		{"half a head", "03 11", "octet 2: it ends too early"},
		{"SyncML", "03 9f 51 6a 00 6d 01", "the public identifier is none of CSP"},
		{"an identifier of 64 bits", "03 ff ff ff ff ff ff ff ff 7f 6a 00 6d", "a number (mb_u_int32) has more than 32 bits"},
		{"an identifier of 33 bits", "03 90 80 80 80 00 6a 00 6d", "a number (mb_u_int32) has more than 32 bits"},
		{"an identifier without end", "03 91 80 80", "it ends too early"},
		{"an identifier outside of the table", "03 00 05 6a 02 61 00 6d", "offset 5 is outside of the string table, which has 2 octets"},
		{"an identifier that has no end", "03 00 00 6a 02 61 61 6d", "the string at offset 0 of the string table has no end"},
		{"an identifier of nobody", "03 00 00 6a 02 61 00 6d", "the public identifier is none of CSP"},
		{"UCS-2", "03 11 87 68 00 6d 01", "MIBenum 1000 is neither"},
		{"Latin 1", "03 11 04 00 6d 01", "MIBenum 4 is neither"},
		{"a character set of 4 GiB", "03 11 8f ff ff ff 7f 00 6d", "MIBenum 4294967295 is neither"},
		{"a string table of 4 GiB", "03 11 6a 8f ff ff ff 7f 61 00 6d 01", "it ends too early"},
		{"a string table beyond the end", "03 11 6a 05 61 00 6d 01", "it ends too early"},

		{"text before the root", "03 11 6a 00 03 61 00", "octet 4: a document begins with an element"},
		{"END before the root", "03 11 6a 00 01", "a document begins with an element"},
		{"two roots", "03 11 6a 00 2d 2d", "octet 5: there is something behind the root element"},
		{"octets behind the root", "03 11 6a 00 6d 01 00", "there is something behind the root element"},
		{"no END", "03 11 6a 00 6d", "octet 5, in Session: it ends too early"},
		{"a page without number", "03 11 6a 00 6d 00", "it ends too early"},
		{"page 255", "03 11 6a 00 00 ff 45 01", "octet 6: tag token 0x05 of code page 255 is not known in CSP 1.2"},
		{"a tag of 1.3 in 1.2", "03 11 6a 00 00 0b 45 01", "tag token 0x05 of code page 11 is not known in CSP 1.2"},
		{"too deep", "03 11 6a 00" + strings.Repeat("6d", 65) + strings.Repeat("01", 65), "elements nest deeper than 64"},
		{"much too deep", "03 11 6a 00" + strings.Repeat("6d", 1_000_000), "elements nest deeper than 64"},

		{"a string without end", "03 11 6a 00 6d 03 61 61", "octet 6, in Session: a string has no end"},
		{"a string outside of the table", "03 11 6a 02 61 00 6d 83 02 01", "offset 2 is outside of the string table"},
		{"a string of the table without end", "03 11 6a 02 61 61 6d 83 01 01", "the string at offset 1 of the string table has no end"},
		{"a string without table", "03 11 6a 00 6d 83 00 01", "offset 0 is outside of the string table, which has 0 octets"},
		{"an offset of 4 GiB", "03 11 6a 02 61 00 6d 83 8f ff ff ff 7f 01", "offset 4294967295 is outside"},
		{"a name outside of the table", "03 11 6a 00 44 07 01", "offset 7 is outside of the string table"},
		{"a name that is none", "03 11 6a 05 61 3e 3c 62 00 44 00 01", "no name of XML where one is used"},
		{"a name with attributes in it", "03 11 6a 08 61 20 62 3d 22 63 22 00 44 00 01", "no name of XML where one is used"},
		{"an empty name", "03 11 6a 01 00 44 00 01", "no name of XML where one is used"},
		{"a name with a prefix", "03 11 6a 04 78 3a 79 00 44 00 01", "no name of XML where one is used"},
		{"a string table bomb", bomb, "its strings have more than 1048576 octets together"},
		{"of names", names, "its strings have more than 1048576 octets together"},
		{"of values", values, "its strings have more than 1048576 octets together"},
		{"of elements", "03 11 6a 00 6d" + strings.Repeat("33", 100_000) + "01", "it would have more than 1048576 octets"},
		{"too long a document", "03 11 6a 00 6d" + strings.Repeat("00", 1<<20), "1048581 octets, of 1048576 at most"},

		{"octets of 4 GiB", "03 11 6a 00 6d c3 8f ff ff ff 7f 00", "in Session: it ends too early"},
		{"octets beyond the end", "03 11 6a 00 4b c3 05 01 02 01", "in Code: it ends too early"},
		{"an integer of nine octets", "03 11 6a 00 4b c3 09 01 02 03 04 05 06 07 08 09 01", "in Code: an integer has 9 octets, of 8 at most"},
		{"an integer beside a text", "03 11 6a 00 4b c3 01 05 03 36 00 01", "octets (OPAQUE) stand beside something else"},
		{"an integer beside an element", "03 11 6a 00 4b 2d c3 01 05 01", "octets (OPAQUE) stand beside something else"},
		{"a date-time of five octets", "03 11 6a 00 51 c3 05 1f 46 a6 9c 9f 01", "in DateTime: the octets of a date-time are none"},
		{"a date-time of month 0", "03 11 6a 00 51 c3 06 1f 44 26 9c 9f 00 01", "the octets of a date-time are none"},
		{"a date-time of zone J", "03 11 6a 00 51 c3 06 1f 46 a6 9c 9f 4a 01", "the octets of a date-time are none"},
		{"a date-time of a reserved bit", "03 11 6a 00 51 c3 06 9f 46 a6 9c 9f 00 01", "the octets of a date-time are none"},
		{"octets that are no text", "03 11 6a 00 4d c3 02 00 ff 01", "octets (OPAQUE) are neither"},
		{"a character beyond Unicode", "03 11 6a 00 6d 02 c4 80 00 01", "a character (ENTITY) is none of Unicode"},
		{"half a surrogate", "03 11 6a 00 6d 02 83 b0 00 01", "a character (ENTITY) is none of Unicode"},
		{"NUL as a character", "03 11 6a 00 6d 02 00 01", "characters that XML cannot have"},
		{"a control character", "03 11 6a 00 6d 03 07 00 01", "characters that XML cannot have"},
		{"not UTF-8", "03 11 6a 00 6d 03 c3 28 00 01", "is not UTF-8"},
		{"half a character at the end of a piece", "03 11 6a 00 6d 03 c3 00 03 a9 00 01", "is not UTF-8"},
		{"a value of 4 GiB", "03 11 6a 00 6d 80 8f ff ff ff 7f 01", "value token 0xFFFFFFFF is not known"},
		{"a processing instruction", "03 11 6a 00 6d 43 05 01 01", "token 0x43 has no meaning in CSP"},
		{"an extension with a text", "03 11 6a 00 6d 40 61 00 01", "token 0x40 has no meaning in CSP"},
		{"an extension of one octet", "03 11 6a 00 6d c0 01", "token 0xC0 has no meaning in CSP"},

		{"an attribute without end", "03 11 6a 00 ed 08 03 61 00", "it ends too early"},
		{"an attribute of nobody", "03 11 6a 00 ed 0e 01 01", "attribute token 0x0E of code page 0 is not known in CSP"},
		{"an attribute of another page", "03 11 6a 00 ed 00 01 08 01 01", "attribute token 0x08 of code page 1 is not known in CSP"},
		{"a value of an attribute of nobody", "03 11 6a 00 ed 08 85 01 01", "token 0x85 in an attribute is not known in CSP"},
		{"octets in an attribute", "03 11 6a 00 ed 08 c3 01 31 01 01", "token 0xC3 in an attribute is not known in CSP"},
		{"two namespaces", "03 11 6a 00 ed 08 03 31 00 09 03 31 00 01 01", "an attribute stands twice"},
		{"a declaration of a prefix", "03 11 6a 08 78 6d 6c 6e 73 3a 78 00 ed 04 00 03 31 00 01 01", "no name of XML where one is used"},
	} {
		doc := octets(t, v.wbxml)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ToXML(doc)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, want %s", v.name, err, v.want)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("%s takes %d MiB", v.name, used>>20)
		}
		parseWBXML(doc)
		Inspect(doc)
	}
}

// So is what is not XML of CSP, and it names a line. No entity is expanded.
func TestHostileXML(t *testing.T) {
	const head = `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1">`
	for _, v := range []struct{ name, doc, want string }{
		{"nothing", "", "line 1: there is no element"},
		{"a document type alone", "<!DOCTYPE a>", "there is no element"},
		{"no version", "<WV-CSP-Message/>", "neither the namespace of the root element nor a document type"},
		{"a version to come", `<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.4"/>`, "which version of CSP it is"},
		{"another language", `<SyncML xmlns="SYNCML:SYNCML1.2"/>`, "which version of CSP it is"},
		{"1.0", `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.0"/>`, "CSP 1.0 is read and not written"},
		{"billion laughs", `<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>`, "line 1: the document type declares something of its own"},
		{"an entity from elsewhere", `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>`, "the document type declares something of its own"},
		{"an unknown entity", head + "<Session>\n&b;</Session></WV-CSP-Message>", "line 2, in Session: invalid character entity"},
		{"a declaration", "<!ENTITY b 'c'>" + head, "there is a declaration outside of a document type"},
		{"a document type inside", head + "<!DOCTYPE a></WV-CSP-Message>", "a document type behind the root element's tag"},
		{"two roots", head + "</WV-CSP-Message><a/>", "there is something behind the root element"},
		{"text behind", head + "</WV-CSP-Message>a", "text outside of the root"},
		{"no end", head + "<Session>\n\n", "line 3, in Session: unexpected EOF"},
		{"NUL", head + "\x00</WV-CSP-Message>", "illegal character code"},
		{"NUL as a reference", head + "&#0;</WV-CSP-Message>", "illegal character code"},
		{"not UTF-8", head + "\xC3\x28</WV-CSP-Message>", "invalid UTF-8"},
		{"UTF-16", "\xFF\xFE<\x00a\x00/\x00>\x00", "invalid UTF-8"},
		{"Latin 1", `<?xml version="1.0" encoding="ISO-8859-1"?>` + head, "a document is in UTF-8 or in US-ASCII"},
		{"ASCII that is none", `<?xml version="1.0" encoding="US-ASCII"?>` + head + "ä</WV-CSP-Message>", "is not US-ASCII, which the document says it is in"},
		{"XML 1.1", `<?xml version="1.1"?>` + head + "</WV-CSP-Message>", "this is not XML 1.0"},
		{"an attribute twice", `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1" a="" a=""/>`, "an attribute stands twice"},
		{"an attribute of a namespace", `<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1" xmlns:b="c" b:a=""/>`, "an attribute has a namespace"},
		{"a prefix of nothing", head + "<b:Session/></WV-CSP-Message>", "the prefix of an element has no namespace"},
		{"a colon", head + "<:a/></WV-CSP-Message>", "a name has a colon too many"},
		{"too deep", head + strings.Repeat("<Session>", 64), "in Session: elements nest deeper than 64"},
		{"much too deep", head + strings.Repeat("<a>", 300_000), "elements nest deeper than 64"},
		{"too long", head + strings.Repeat(" ", 1<<20), "octets, of 1048576 at most"},
	} {
		if _, err := ToWBXML([]byte(v.doc)); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, want %s", v.name, err, v.want)
		}
		parseXML([]byte(v.doc))
		Inspect([]byte(v.doc))
	}
}

// An error tells where it is and never what stands there: a password may.
func TestErrorsQuoteNothing(t *testing.T) {
	const secret = "hunter2"
	xml := func(inside string) []byte {
		return []byte(`<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Password>` + inside + `</Password></WV-CSP-Message>`)
	}
	for _, inside := range []string{"&" + secret + ";", "&" + secret, "<" + secret, "<" + secret + ">", "<a " + secret + ">", "<a " + secret + "=b>",
		"</" + secret + ">", "<?" + secret, "<!" + secret, "<" + secret + ":a/>", "<" + secret + ">\x00", secret + "\x00", "<b:" + secret + " xmlns:c='d'/>"} {
		if _, err := ToWBXML(xml(inside)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", inside, err)
		}
	}
	hexSecret := fmt.Sprintf("%x", secret)
	for _, inside := range []string{"03" + hexSecret, "03" + hexSecret + "0700", "c308" + hexSecret + "00", "03" + hexSecret + "00 8105", "03" + hexSecret + "00 30"} {
		if _, err := ToXML(octets(t, "03 10 6a 00 00 01 61"+inside)); err == nil || strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "in Password") {
			t.Errorf("%s: %v", inside, err)
		}
	}
}

// Of every beginning of every document translating is an error, and showing gives no more
// than there is.
func TestEveryPrefix(t *testing.T) {
	t.Parallel()
	for name, doc := range documents(t) {
		wbxml, err := ToWBXML(doc)
		if err != nil {
			t.Fatal(err)
		}
		whole := Inspect(wbxml)
		for n := range wbxml {
			if _, err := ToXML(wbxml[:n]); err == nil {
				t.Errorf("%s: %d of %d octets are a document", name, n, len(wbxml))
			}
			if m := Inspect(wbxml[:n]); len(m.Transactions) > len(whole.Transactions) || m.Syntax == WBXML && n > 12 && m.Version != whole.Version {
				t.Errorf("%s: of %d octets of %d: %v", name, n, len(wbxml), m)
			}
		}
		doc = bytes.TrimSpace(doc)
		for n := 0; n < len(doc); n += 29 {
			if _, err := ToWBXML(doc[:n]); err == nil {
				t.Errorf("%s: %d of %d octets are a document", name, n, len(doc))
			}
		}
	}
}
