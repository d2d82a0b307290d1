package modemtest

import (
	"errors"
	"fmt"
	"slices"
)

// An imStep is a transaction of the client's script, or the service's request that is
// waited for.
type imStep struct {
	request, answer string
	status          []int // of the answer; 0: it has none
	body            func(c *IMClient) imBody
	took            func(c *IMClient, m *imMessage) error
	awaits          string
}

// imScript is a session as Android's client has it: who comes in asks for capabilities and
// services, tells and asks who is there, makes a list, asks for all lists and for that one,
// subscribes to it, hears of its members, and leaves.
var imScript = []imStep{
	{request: "LR", answer: "RL", status: []int{imUnauthorized, imOK}, body: (*IMClient).offer, took: (*IMClient).challenged},
	{request: "LR", answer: "RL", status: []int{imOK}, body: (*IMClient).prove, took: (*IMClient).letIn},
	{request: "CP", answer: "PC", status: []int{0}, body: (*IMClient).capabilities},
	{request: "SQ", answer: "QS", status: []int{0}, body: (*IMClient).services},
	{request: "UP", answer: "ST", status: []int{imOK}, body: (*IMClient).present},
	{request: "GP", answer: "PG", status: []int{0}, body: (*IMClient).whoIsThere, took: (*IMClient).isThere},
	{request: "CL", answer: "ST", status: []int{imOK}, body: (*IMClient).friends},
	{request: "GL", answer: "LG", status: []int{0}, body: (*IMClient).nothing, took: (*IMClient).hasList},
	{request: "LM", answer: "ML", status: []int{imOK}, body: (*IMClient).show, took: (*IMClient).isWhole},
	{request: "SB", answer: "ST", status: []int{imOK}, body: (*IMClient).subscribe},
	{awaits: "PN"},
	// Android leaves whatever the answer is: one that was lost has ended the session.
	{request: "OR", answer: "ST", status: []int{imOK, imInvalidSession}, body: (*IMClient).nothing},
}

// imFriends are the members of the list that the script makes, name and address; with
// what a syntax has to take care of, and long enough for several short messages.
var imFriends = []string{
	`Bob, the "B"`, "wv:bob@example.com",
	"", "wv:carol@example.com",
	"Zoë <zoë>", "wv:zoe@example.com",
	"Łukasz & Ана", "wv:lukasz@example.com",
	"Dave (work)", "wv:dave.of.the.second.floor@example.com",
	"Erin=Erin", "wv:erin@example.com",
	"Frank", "wv:frank/home@example.com",
	"Grace", "wv:grace.with.a.long.address@example.com",
}

// list is the address of the list that the script makes.
func (c *IMClient) list() string { return "wv:" + imLocal(c.o.User) + "/friends@example.com" }

// login is what both requests of a login have in front and behind.
func (c *IMClient) login(pts, xml string) imBody {
	return imBody{
		pts: "CI=" + imQuote(c.o.Client) + " TL=7200 SC=" + imQuote(c.o.Cookie) + " " + pts + " UI=" + imQuote(c.o.User),
		xml: imElements("UserID", c.o.User) + imElement("ClientID", imElements("URL", c.o.Client)) + xml +
			imElements("TimeToLive", "7200") + imElements("SessionCookie", c.o.Cookie),
	}
}

func (c *IMClient) offer() imBody {
	return c.login("SH=MD5", imElements("DigestSchema", "MD5"))
}

// challenged goes on with the nonce; a service that asks for none lets in at once.
func (c *IMClient) challenged(m *imMessage) error {
	if m.session != "" {
		c.step++
		return c.letIn(m)
	}
	if c.nonce = m.text(imNonce); c.nonce == "" {
		return errors.New("log in: the service wants a digest and gives no nonce")
	}
	return nil
}

func (c *IMClient) prove() imBody {
	digest := imDigest(c.nonce, c.o.Password)
	return c.login("DB="+imQuote(digest), imElements("DigestBytes", digest))
}

func (c *IMClient) letIn(m *imMessage) error {
	if c.session = m.session; c.session == "" {
		return errors.New("log in: the answer has no session")
	}
	return nil
}

func (c *IMClient) capabilities() imBody {
	return imBody{
		pts: "CA=((CT,MP),(PS,32767),(MT,1),(ID,P),(PM,2),(SB,SMS),(SC,SS))",
		xml: imElement("CapabilityList", imElements("ClientType", "MOBILE_PHONE")+imElements("ParserSize", "32767")+
			imElements("MultiTrans", "1")+imElements("InitialDeliveryMethod", "P")+imElements("ServerPollMin", "2")+
			imElements("SupportedBearer", "SMS")+imElements("SupportedCIRMethod", "WAPSMS")),
	}
}

func (c *IMClient) services() imBody {
	return imBody{
		pts: "RF=(FF,PF,IF,GE) AR=T",
		xml: imElement("Functions", imElement("WVCSPFeat",
			"<FundamentalFeat/><PresenceFeat/><IMFeat/><GroupFeat/>")) + imElements("AllFunctionsRequest", "T"),
	}
}

func (c *IMClient) present() imBody {
	return imBody{pts: "UV=((UA,T,AV))", xml: imSubList(imAvailability(imAvailable))}
}

func (c *IMClient) whoIsThere() imBody {
	return imBody{
		pts: "PS=(OS,UA) UI=" + imGroup([]string{c.o.User, "wv:bob@example.com"}),
		xml: imElement("User", imElements("UserID", c.o.User)) + imElement("User", imElements("UserID", "wv:bob@example.com")) +
			imSubList("<OnlineStatus/><UserAvailability/>"),
	}
}

// isThere looks for the presence that was told before.
func (c *IMClient) isThere(m *imMessage) error {
	told := m.texts(imPresence)
	at := slices.Index(told, c.o.User)
	if at < 0 || !slices.ContainsFunc(told[at:], func(s string) bool { return s == "AV" || s == imAvailable }) {
		return fmt.Errorf("ask for presence: of %s it says %q", c.o.User, told)
	}
	return nil
}

func (c *IMClient) friends() imBody {
	var nicks string
	for i := 0; i < len(imFriends); i += 2 {
		nicks += imElement("NickName", imElements("Name", imFriends[i])+imElements("UserID", imFriends[i+1]))
	}
	return imBody{
		pts: "UN=" + imPairs(imFriends) + ` CP=((DN,"My friends"),(DE,T)) CL=` + imQuote(c.list()),
		xml: imElements("ContactList", c.list()) + imElement("NickList", nicks) +
			imElement("ContactListProperties", imProperty("DisplayName", "My friends")+imProperty("Default", "T")),
	}
}

func (c *IMClient) nothing() imBody { return imBody{} }

func (c *IMClient) hasList(m *imMessage) error {
	if lists := m.texts(imLists); !slices.Contains(lists, c.list()) {
		return fmt.Errorf("ask for the lists: %s is not among %q", c.list(), lists)
	}
	return nil
}

func (c *IMClient) show() imBody {
	return imBody{
		pts: "RL=T CL=" + imQuote(c.list()),
		xml: imElements("ContactList", c.list()) + imElements("ReceiveList", "T"),
	}
}

// isWhole wants the members that were given, in their order.
func (c *IMClient) isWhole(m *imMessage) error {
	if got := m.texts(imNicks); !slices.Equal(got, imFriends) {
		return fmt.Errorf("ask for a list: its members are %q, and not %q", got, imFriends)
	}
	return nil
}

func (c *IMClient) subscribe() imBody {
	return imBody{pts: "CL=" + imQuote(c.list()), xml: imElements("ContactList", c.list())}
}
