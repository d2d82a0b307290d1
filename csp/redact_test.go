package csp

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is to be hidden has "secret" in it. The line is redactedText, the tree that of
// Parse and Redacted.
func TestRedactedPTS(t *testing.T) {
	for _, c := range []struct{ message, line, tree string }{
		{
			`WV12LR1 CI=JiMMY TL=7200 SC=secret PW="my se""cret secret" UI=wv:alice@example.com`,
			`WV12LR1 CI=JiMMY TL=7200 SC=(hidden) PW=(hidden) UI=wv:alice@example.com`,
			"Login-Request\n  ClientID = JiMMY\n  TimeToLive = 7200\n  SessionCookie = (hidden)\n  Password = (hidden)\n  UserID = wv:alice@example.com\n",
		}, {
			"WV12LR3 db=secret NO=secret",
			"WV12LR3 db=(hidden) NO=(hidden)",
			"Login-Request\n  DigestBytes = (hidden)\n  Nonce = (hidden)\n",
		}, {
			// In another form than the known one the value is of its code, which is no name.
			"WV12LR3 PW=(secret,se) TL=(1,2) ST=(200,ok,secret) RF=(FF,secret)",
			"WV12LR3 PW=(hidden) TL=(hidden) ST=(hidden) RF=(hidden)",
			"Login-Request\n  PW = (hidden)\n  TL = (hidden)\n  ST = (hidden)\n  RF = (hidden)\n",
		}, {
			// A password that lacks its quotes.
			"WV12LR3 PW=my secret password=secret TL=1",
			"WV12LR3 PW=(hidden) (hidden) (hidden) TL=1",
			"Login-Request\n  Password = (hidden)\n  ? = (hidden)\n  ? = (hidden)\n  TimeToLive = 1\n",
		}, {
			"WV12SM5 SI=S42 TX=secret ZZ=(a,(secret)) AR YY",
			"WV12SM5 SI=S42 TX=(hidden) ZZ=(hidden) AR YY",
			"SM\n  TX = (hidden)\n  ZZ = (hidden)\n  AllFunctionsRequest\n  YY\n",
		}, {
			`WV12RL1 SI=S42 ST=(401,"Further authorization") CA=((CT,MP),(XX,secret),(SC,SS))`,
			`WV12RL1 SI=S42 ST=(401,"Further authorization") CA=((CT,MP),(XX,(hidden)),(SC,SS))`,
			"Login-Response\n  Result\n    Code = 401\n    Description = Further authorization\n  SessionID = S42\n" +
				"  CapabilityList\n    ClientType = MOBILE_PHONE\n    XX = (hidden)\n    SupportedCIRMethod = SSMS\n",
		}, {
			`WV12UP6 SI=S42 UV=((UA,T,AV),(ST,T,"secret"),(SC,((RC,secret),(CY,text/plain))),(XX,T,secret))`,
			`WV12UP6 SI=S42 UV=((UA,T,AV),(ST,T,(hidden)),(SC,((RC,(hidden)),(CY,text/plain))),(XX,T,(hidden)))`,
			"UpdatePresence-Request\n  PresenceSubList\n    UserAvailability\n      Qualifier = T\n      PresenceValue = AVAILABLE\n" +
				"    StatusText\n      Qualifier = T\n      PresenceValue = (hidden)\n    StatusContent\n      ReferredContent = (hidden)\n      ContentType = text/plain\n" +
				"    XX\n      Qualifier = T\n      PresenceValue = (hidden)\n",
		}, {
			// What is said to be a number and is none may be a text at a wrong place.
			`WV12UP6 ST="secret" TL=secret KA=7200 CA=((PS,secret),(MT,1)) DL=`,
			`WV12UP6 ST=(hidden) TL=(hidden) KA=7200 CA=((PS,(hidden)),(MT,1)) DL=`,
			"UpdatePresence-Request\n  Result\n    Code = (hidden)\n  TimeToLive = (hidden)\n  KeepAliveTime = 7200\n" +
				"  CapabilityList\n    ParserSize = (hidden)\n    MultiTrans = 1\n  DefaultList\n",
		}, {
			`WV12ML9 UN=(("secret",wv:bob),(,wv:carol)) CP=((DN,"secret"),(DE,T),(XX,secret))`,
			`WV12ML9 UN=(((hidden),wv:bob),(,wv:carol)) CP=((DN,(hidden)),(DE,T),(XX,(hidden)))`,
			"ListManage-Response\n  NickList\n    NickName\n      Name = (hidden)\n      UserID = wv:bob\n    NickName\n      Name\n      UserID = wv:carol\n" +
				"  ContactListProperties\n    Property\n      Name = DisplayName\n      Value = (hidden)\n    Property\n      Name = Default\n      Value = T\n" +
				"    Property\n      Name = XX\n      Value = (hidden)\n",
		}, {
			"WVCI 1.2 secret", "WVCI 1.2 (hidden)", "WVCI\n  Version = 1.2\n  SessionCookie = (hidden)\n",
		}, {
			"helo secret\r\n", "HELO (hidden)", "HELO\n  SessionID = (hidden)\n",
		},
	} {
		if line := redactedText([]byte(c.message)); line != c.line {
			t.Errorf("%s: is\n%s, want\n%s", c.message, line, c.line)
		}
		e, err := Parse([]byte(c.message))
		if err != nil {
			t.Errorf("%s: %v", c.message, err)
		}
		if d := cmp.Diff(c.tree, e.Redacted().String()); d != "" {
			t.Errorf("%s: %s", c.message, d)
		}
		if !strings.Contains(e.String(), "secret") && strings.Contains(c.message, "secret") {
			t.Errorf("%s: Redacted changes the tree that it is called on: %s", c.message, e)
		}
	}
}

// Of what cannot be read, and of a part, nothing but the preamble is shown.
func TestRedactedUnread(t *testing.T) {
	for message, want := range map[string]string{
		`WV12LR1 PW="secret`:           "WV12LR1 (hidden)",
		"WV12LR1 UI=a PW=secret&":      "WV12LR1 (hidden)",
		"WV12LR1ab PW=sec":             "WV12LR1ab (hidden)",
		"WV12LR1bb secret TL=72":       "WV12LR1bb (hidden)",
		"WV12LR1 PW=" + xs(maxMessage): "WV12LR1 (hidden)",
		"secret":                       "(hidden)",
		"WVCI secret":                  "(hidden)",
		"<a>secret</a>":                "(hidden)",
		"":                             "(hidden)",
	} {
		if line := redactedText([]byte(message)); line != want {
			t.Errorf("%.40s: is %s, want %s", message, line, want)
		}
	}
	// Hiding makes it longer than a message may be.
	if line := redactedText([]byte("WV12LR1" + strings.Repeat(" PW=x", 6000))); line != "WV12LR1 (hidden)" {
		t.Errorf("is %.40s", line)
	}
}

// Each element that holds what opens a session or what people write is hidden, wherever
// it stands, and with it what is not known.
func TestRedactedElements(t *testing.T) {
	for name := range names(`Password DigestBytes Nonce SessionCookie VerificationKey ContentData SegmentContent
		ContentName SearchString InText SystemMessageText AnswerOptionText AnswerOptionsText InviteNote ResponseNote
		WelcomeNote Note Text FriendlyName Alias Cname StatusText ReferredContent DirectContent ReferredvCard
		PreferredvCard ContainedvCard InfoLink Link ExtendedData Extended-Data FreeTextLocation Address City Street
		Longitude Latitude NewPassword Unknown page-9-0x7A Name Value PresenceValue Presence ?`) {
		e := Element{Name: "WV-CSP-Message", Children: []Element{{Name: name, Text: "secret"}}}
		if s := e.Redacted().String(); s != "WV-CSP-Message\n  "+name+" = (hidden)\n" {
			t.Errorf("%s: %s", name, s)
		}
	}
	for _, place := range []string{"FreeTextLocation", "StatusText", "Unknown", "Alias"} {
		e := Element{Name: place, Children: []Element{{Name: "PresenceValue", Text: "secret"}}}
		if s := e.Redacted().String(); strings.Contains(s, "secret") {
			t.Errorf("%s: %s", place, s)
		}
	}
	shown := Element{Name: "SessionDescriptor", Text: "\n ", Space: "x", Children: []Element{{Name: "SessionID", Text: "S42"}, {Name: "Code", Text: "200"}}}
	if d := cmp.Diff(shown, shown.Redacted()); d != "" {
		t.Error(d)
	}
}

// A terminal obeys nothing of a message.
func TestElementString(t *testing.T) {
	e := Element{Name: "A\x1b", Text: "a\"b\\\n\x1b[2J\xff\u202eé漢\t\u0085", Children: []Element{{Name: "B"}}}
	if s, want := e.String(), `A\x1b = a"b\\\n\x1b[2J\xff\u202eé漢\t\u0085`+"\n  B\n"; s != want {
		t.Errorf("%q, want %q", s, want)
	}
}

func TestParseOpaque(t *testing.T) {
	if e, err := Parse([]byte("secret")); err == nil || strings.Contains(err.Error(), "secret") || !cmp.Equal(e, Element{}) {
		t.Errorf("%v, %v", e, err)
	}
	// Of what breaks off, the beginning.
	e, err := Parse([]byte("WV12RL1 SI=S42 ST=(200"))
	if s := e.String(); err == nil || s != "Login-Response\n  SessionID = S42\n" {
		t.Errorf("%s, %v", s, err)
	}
}

// The names that are decided about are names of elements: a slip would hide what may be
// shown.
func TestShownNames(t *testing.T) {
	r := csv.NewReader(bytes.NewReader(tokensCSV))
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var tags, values []string
	for _, row := range rows {
		switch row[0] {
		case "tag", "read-tag", "spelling":
			tags = append(tags, row[3])
		case "value", "read-value":
			values = append(values, row[3])
		}
	}
	for name := range shownElements {
		if !slices.Contains(tags, name) {
			t.Errorf("%s is no element", name)
		}
	}
	for name := range shownProperties {
		if !slices.Contains(values, name) {
			t.Errorf("%s is no property", name)
		}
	}
}

// The examples of XML, and the same in WBXML: none of what people write or what opens a
// session is shown, and the rest is.
func TestRedactedExamples(t *testing.T) {
	files, _ := filepath.Glob("testdata/csp-*/*.xml")
	if len(files) < 20 {
		t.Fatalf("there are %d examples", len(files))
	}
	secrets := names("Password DigestBytes Nonce SessionCookie ContentData InviteNote ResponseNote WelcomeNote SearchString StatusText Alias FreeTextLocation Note")
	texts, kept := 0, 0
	for _, file := range files {
		xml, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		messages := [][]byte{xml}
		if wbxml, err := ToWBXML(xml); err == nil {
			messages = append(messages, wbxml)
		}
		for _, message := range messages {
			e, err := Parse(message)
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			shown := e.Redacted().String()
			walk(e, false, func(e Element, secret bool) {
				if !secret {
					kept++
				} else if text := strings.TrimSpace(e.Text); len(text) > 3 && e.Name != "ContentType" {
					texts++
					if strings.Contains(shown, " = "+printable(text)+"\n") {
						t.Errorf("%s: %s is shown: %s", file, e.Name, text)
					}
				}
			}, secrets)
			if strings.Contains(e.String(), "    SessionID = ") && !strings.Contains(shown, "    SessionID = ") {
				t.Errorf("%s: the session is hidden", file)
			}
		}
	}
	if texts < 20 || kept < 1000 {
		t.Errorf("there are %d texts to hide and %d others", texts, kept)
	}
}

// walk visits all elements, each with whether it is a secret or in one.
func walk(e Element, secret bool, visit func(Element, bool), secrets map[string]bool) {
	secret = secret || secrets[e.Name]
	visit(e, secret)
	for _, child := range e.Children {
		walk(child, secret, visit, secrets)
	}
}

// redactedText is a message in plain text syntax or of the CIR channel in one line without
// its secrets. Of one that cannot be read the preamble is shown, which
// has no room for any; of what is of another syntax, nothing.
func redactedText(b []byte) string {
	switch Detect(b) {
	case PTS:
		m, err := readPTS(b)
		text, writeErr := m.Redacted().AppendText(nil)
		if err != nil || writeErr != nil {
			text, _ = m.Preamble.AppendText(nil)
			return string(text) + " " + hidden
		}
		return printable(string(text))
	case CIR:
		m, _ := ParseCIR(b)
		m.Value = hidden
		return m.String()
	}
	return hidden
}
