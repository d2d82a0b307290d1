package csp

import "testing"

func TestCanonical(t *testing.T) {
	const space = `xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"`
	for _, v := range []struct{ name, doc, want string }{
		{"what is not the message",
			"\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!DOCTYPE Session SYSTEM \"a.dtd\"><?a b?><!-- c -->\n<Session>\n <!-- d -->\t<Poll>T<?e f?></Poll>\r\n</Session><!-- g -->\n",
			`<Session><Poll>T</Poll></Session>`},
		{"empty elements", `<a><b></b><c/><d> </d></a>`, `<a><b/><c/><d/></a>`},
		{"text stays", "<a>\n b  c </a>", "<a>\n b  c </a>"},
		{"text among elements stays", `<a> b <c/> d <e/> </a>`, `<a> b <c/> d <e/></a>`},
		{"a message of spaces stays", `<ContentData> </ContentData>`, `<ContentData> </ContentData>`},
		{"CDATA and references", `<a><![CDATA[<b>]]>&#99;&gt;</a>`, `<a>&lt;b&gt;c&gt;</a>`},
		{"attributes in order", `<a c='1' b="&quot;'&#10;"/>`, `<a b="&quot;'&#xA;" c="1"/>`},
		{"a namespace once", `<Session ` + space + `><Poll ` + space + `>T</Poll></Session>`, `<Session ` + space + `><Poll>T</Poll></Session>`},
		{"a namespace by prefix", `<x:a xmlns:x="u" xmlns="v"><b/><x:c/></x:a>`, `<a xmlns="u"><b xmlns="v"/><c/></a>`},
		{"no namespace", `<a xmlns="u"><b xmlns=""/></a>`, `<a xmlns="u"><b xmlns=""/></a>`},
		{"language", `<a xml:lang="de"/>`, `<a xml:lang="de"/>`},
		{"integers", `<Code> 007 </Code>`, `<Code>7</Code>`},
		{"zero", `<Code>000</Code>`, `<Code>0</Code>`},
		{"an integer beyond all bounds", `<Code>0123456789012345678901234567890</Code>`, `<Code>123456789012345678901234567890</Code>`},
		{"no integer", `<Code> 0x7 </Code>`, `<Code> 0x7 </Code>`},
		{"an integer elsewhere", `<UserID>007</UserID>`, `<UserID>007</UserID>`},
		{"date-times", `<DateTime> 2001-09-25T13:40Z </DateTime>`, `<DateTime>20010925T134000Z</DateTime>`},
		{"with an offset", `<DateTime>20010925T134013+01:00</DateTime>`, `<DateTime>20010925T134013+0100</DateTime>`},
		{"no date-time", `<DateTime>20011325T134013</DateTime>`, `<DateTime>20011325T134013</DateTime>`},
		{"a spelling", `<Session ` + space + `><Auto-Subscribe>T</Auto-Subscribe></Session>`, `<Session ` + space + `><AutoSubscribe>T</AutoSubscribe></Session>`},
		{"a spelling by document type", `<!DOCTYPE a PUBLIC '-//OMA//DTD WV-CSP 1.1//EN' ""><BlockEntity-Request/>`, `<BlockUser-Request/>`},
		{"ASCII", `<?xml version="1.0" encoding="US-ASCII"?><a>&#228;</a>`, `<a>ä</a>`},
	} {
		if got := canonical(t, []byte(v.doc)); got != v.want {
			t.Errorf("%s:\n  is %s\nwant %s", v.name, got, v.want)
		}
		if got := canonical(t, []byte(v.want)); got != v.want {
			t.Errorf("%s, again:\n  is %s\nwant %s", v.name, got, v.want)
		}
		indented, err := IndentXML([]byte(v.doc))
		if err != nil {
			t.Fatal(err)
		}
		if got := canonical(t, indented); got != v.want {
			t.Errorf("%s, indented:\n  is %s\nwant %s", v.name, got, v.want)
		}
	}
}

func TestIndentXML(t *testing.T) {
	got, err := IndentXML([]byte(`<!DOCTYPE a PUBLIC "-//OMA//DTD WV-CSP 1.1//EN" ""><a xmlns="u"><b><c>1</c><d/></b>text<e><f/></e></a>`))
	const want = `<!DOCTYPE a PUBLIC "-//OMA//DTD WV-CSP 1.1//EN" "">
<a xmlns="u">
  <b>
    <c>1</c>
    <d/>
  </b>text<e>
    <f/>
  </e></a>
`
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}
