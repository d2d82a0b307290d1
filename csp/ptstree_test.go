package csp

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Forms that the oracle does not have: some its client reads, some it writes, some are
// nobody's and are shown as they are.
func TestPTSElement(t *testing.T) {
	for params, want := range map[string]string{
		// What it reads of a presence.
		"PR=wv:bob":                 "Presence { UserID=wv:bob }",
		"PR=(wv:bob)":               "Presence { UserID=wv:bob }",
		"PR=((wv:bob))":             "Presence { UserID=wv:bob }",
		"PR=((wv:bob),wv:carol)":    "Presence { UserID=wv:bob } Presence { UserID=wv:carol }",
		"PR=(a,((UA,AV)))":          "Presence { UserID=a PresenceSubList { UserAvailability=AVAILABLE } }",
		"PR=(a,(ua,,na))":           "Presence { UserID=a PresenceSubList { UserAvailability { PresenceValue=NOT_AVAILABLE } } }",
		"PR=(a,((CF,T,(CT,CO))))":   "Presence { UserID=a PresenceSubList { ClientInfo { Qualifier=T ClientType=COMPUTER } } }",
		"PR=(a,((ST,T,AV),(CT,T)))": "Presence { UserID=a PresenceSubList { StatusText { Qualifier=T PresenceValue=AV } ClientType=T } }",
		"PR=(a,((UA)))":             "Presence { UserID=a PresenceSubList { UserAvailability } }",
		// What it writes of one.
		"PS=os":                "PresenceSubList { OnlineStatus }",
		"PS=(CF,(CT,CP))":      "PresenceSubList { ClientInfo { ClientType ClientProducer } }",
		"PS=(OS,(CF,(CT,CP)))": "PresenceSubList { OnlineStatus ClientInfo { ClientType ClientProducer } }",
		"PS=(CF,(SC,(RC)))":    "PresenceSubList { ClientInfo StatusContent { ReferredContent } }",
		// The rest.
		"ST=(200)":             "Result { Code=200 }",
		"CP=(DN,x)":            "ContactListProperties { Property { Name=DisplayName Value=x } }",
		"CA=(SC,su)":           "CapabilityList { SupportedCIRMethod=SUDP }",
		"CA=((DL,ST),(ID,ss))": "CapabilityList { DefaultLanguage=ST InitialDeliveryMethod=ss }",
		"RF=FF":                "Functions { FundamentalFeat }",
		"NF=(ge,XX)":           "NotAvailableFunctions { GroupFeat XX }",
		"AN=((a,b)) RN=((,b))": "AddNickList { NickName { Name=a UserID=b } } RemoveNickList { NickName { Name UserID=b } }",
		"DC=a RL=T AS=F":       "DefaultContactList=a ReceiveList=T AutoSubscribe=F",
		"DI=a SH=b":            "DigestSchema=a DigestSchema=b",
		"UI=b TL=1 ST=200":     "Result { Code=200 } TimeToLive=1 UserID=b",
		"SI":                   "SessionID",
		"AR":                   "AllFunctionsRequest",
		// Nobody's.
		"SI=(1,2)":                 "SI=(1,2)",
		`TL=(1,"2")`:               `TL=(1,"2")`,
		"ST=(200,(x))":             "ST=(200,(x))",
		"ST=()":                    "Result { Code }",
		"CA=CT":                    "CA=CT",
		"CA=((CT,MP),(CT))":        "CA=((CT,MP),(CT))",
		"CA=((CT,MP),(PSX,1))":     "CA=((CT,MP),(PSX,1))",
		"RF=(FF,(IF))":             "RF=(FF,(IF))",
		"UN=((a,b,c))":             "UN=((a,b,c))",
		"UI=(a,(b))":               "UI=(a,(b))",
		"PR=(a,b)":                 "PR=(a,b)",
		"PR=(a,((UA,(T),AV)))":     "PR=(a,((UA,(T),AV)))",
		"PR=(a,((UA,X,AV)))":       "PR=(a,((UA,X,AV)))",
		"PR=(((a)))":               "PR=(((a)))",
		"PS=(OS,(UA,T,AV))":        "PS=(OS,(UA,T,AV))",
		"UV=UA":                    "UV=UA",
		"xy=1 XY=(a) odd=(b) odd":  "XY=1 XY=(a) ?=odd=(b) ?=odd",
		`XY="a b" XY=("a b",(,c))`: `XY=a b XY=("a b",(,c))`,
	} {
		m, err := ParsePTS([]byte("WV12LM1 " + params))
		if err != nil {
			t.Errorf("%s: %v", params, err)
			continue
		}
		var got string
		for _, child := range m.Element().Children {
			got += " " + oneLine(child)
		}
		if d := cmp.Diff(" "+want, got); d != "" {
			t.Errorf("%s: %s", params, d)
		}
	}
}

// oneLine is a tree as the tests have it.
func oneLine(e Element) string {
	s := e.Name
	if e.Text != "" {
		s += "=" + e.Text
	}
	if len(e.Children) > 0 {
		s += " {"
		for _, child := range e.Children {
			s += " " + oneLine(child)
		}
		s += " }"
	}
	return s
}

// A value built by hand may be one that cannot be written.
func TestPTSElementOfBadValues(t *testing.T) {
	for code := range ptsElements {
		for _, v := range []Value{{Group: []Value{}}, {Group: []Value{{Group: []Value{}}}}, ptsGroup(ptsText("a"), Value{Group: []Value{}})} {
			m := &PTSMessage{Preamble{Version: "12", Code: "UP", ID: "1"}, []Param{{code, &v}}}
			if e := m.Element(); len(e.Children) == 0 {
				t.Errorf("%s=%v: is not shown", code, v)
			}
			m.Redacted()
		}
	}
}

// The session is that of the descriptor, the status that of the Result; nothing is told
// of the slices of parts.
func TestInspectPTS(t *testing.T) {
	for message, want := range map[string]Message{
		`WV12RL1 SI=S42 ST=(401,"x")`:      {Version: "1.2", Transactions: []Transaction{{"1", "RL", "Login-Response", Response, 401}}},
		"WV13st007 si=S42 st=200":          {Version: "1.3", Session: "S42", Transactions: []Transaction{{"7", "ST", "Status", Response, 200}}},
		"WV12ST7 SI=1 ST=2 SI=2 ST=2000":   {Version: "1.2", Session: "2", Transactions: []Transaction{{"7", "ST", "Status", Response, 0}}},
		"WV12ST7 SI=S42 ST=200 X=(":        {Version: "1.2", Session: "S42", Transactions: []Transaction{{"7", "ST", "Status", Response, 200}}},
		"WV12ST7 ST=200 SI=(":              {Version: "1.2", Transactions: []Transaction{{"7", "ST", "Status", Response, 200}}},
		"WV12ST7 ST=abc SI=(S42)":          {Version: "1.2", Transactions: []Transaction{{"7", "ST", "Status", Response, 0}}},
		"WV12ST7 ST=((200)) SI":            {Version: "1.2", Transactions: []Transaction{{"7", "ST", "Status", Response, 0}}},
		"WV12PN7ac SI=S42 ST=200":          {Version: "1.2", Part: 1, Parts: 3, Transactions: []Transaction{{"7", "PN", "PresenceNotification-Request", Request, 0}}},
		"WV12OR7aa SI=S42":                 {Version: "1.2", Session: "S42", Part: 1, Parts: 1, Transactions: []Transaction{{"7", "OR", "Logout-Request", Request, 0}}},
		"WVxxVD1":                          {Version: "XX", Transactions: []Transaction{{"1", "VD", "", ModeUnknown, 0}}},
		"WV12LR1 PW=" + xs(maxMessage):     {Version: "1.2", Transactions: []Transaction{{"1", "LR", "Login-Request", Request, 0}}},
		"WV12LR1 SI=1" + "\n" + " PW=\xff": {Version: "1.2", Session: "1\n", Transactions: []Transaction{{"1", "LR", "Login-Request", Request, 0}}},
	} {
		want.Syntax = PTS
		if d := cmp.Diff(want, Inspect([]byte(message))); d != "" {
			t.Errorf("%.40s: %s", message, d)
		}
	}
}
