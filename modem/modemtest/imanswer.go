package modemtest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// An imTurn is the service's at a request.
type imTurn struct {
	s       *IMService
	now     time.Time
	from    string
	peer    *imPeer
	request *imMessage
	session *imSession
	after   []IMDatagram // what goes out behind the answer
}

// imAvailable is the value of UserAvailability; AV in plain text syntax.
const imAvailable = "AVAILABLE"

func (t *imTurn) answer() *imMessage {
	m := t.request
	if m.code == "LR" {
		return t.login()
	}
	if t.session = t.s.sessions[m.session]; t.session == nil && len(t.s.o.Accounts) > 0 {
		return t.status(imInvalidSession)
	}
	if t.session == nil {
		t.session = t.anybody()
	}
	a := t.s.account(t.session.user)
	switch m.code {
	case "CP":
		return t.reply("PC", imBody{
			pts: "AP=((CT,MP),(SC,SS),(PS,32767))",
			xml: imElement("AgreedCapabilityList", imElements("ClientType", "MOBILE_PHONE")+
				imElements("ParserSize", "32767")+imElements("SupportedCIRMethod", "WAPSMS")),
		})
	case "SQ":
		return t.reply("QS", imBody{pts: "AF=(FF,PF)", xml: imElement("AllFunctions",
			imElement("WVCSPFeat", "<FundamentalFeat/><PresenceFeat/>"))})
	case "KA":
		return t.reply("AK", imBody{pts: "KA=7200 ST=200",
			xml: imResultElement(imOK) + imElements("KeepAliveTime", "7200")})
	case "UP":
		told := m.texts(imAttributes)
		a.presence = "NOT_AVAILABLE"
		if slices.Contains(told, "AV") || slices.Contains(told, imAvailable) {
			a.presence = imAvailable
		}
	case "GP":
		return t.reply("PG", t.s.presence(m.texts(imUser)))
	case "CL":
		return t.create(a)
	case "DL":
		return t.remove(a)
	case "GL":
		return t.lists(a)
	case "LM":
		return t.list(a)
	case "SB":
		return t.subscribe(a)
	case "OR":
		t.s.end(t.session.id)
	case "PO":
	default:
		return t.status(imNotImplemented)
	}
	return t.status(imOK)
}

// anybody is the session of who needs none.
func (t *imTurn) anybody() *imSession {
	if s := t.s.sessions[t.peer.session]; s != nil {
		return s
	}
	return &imSession{id: "S42", user: t.from}
}

func (t *imTurn) reply(code string, body imBody) *imMessage {
	session := t.request.session
	if t.session != nil {
		session = t.session.id
	}
	return t.request.answer(code, session, body)
}

func (t *imTurn) status(code int) *imMessage { return t.reply("ST", imStatus(code)) }

// login lets in who proves to know the password: by the digest, or by the password
// itself. Who offers a schema is given a nonce.
func (t *imTurn) login() *imMessage {
	m := t.request
	user := m.text(imUser)
	password, known := t.s.o.Accounts[user]
	digest := imDigest(t.peer.nonce(t.from, user), password)
	switch {
	case len(t.s.o.Accounts) == 0:
	case !known:
		return t.refuse(imUnknownUser)
	case m.has(imDigestBytes) && m.text(imDigestBytes) != digest:
		return t.refuse(imInvalidPassword)
	case m.has(imDigestBytes):
	case m.has(imPassword) && m.text(imPassword) != password:
		return t.refuse(imInvalidPassword)
	case m.has(imPassword):
	default:
		return t.challenge(t.peer.nonce(t.from, user))
	}
	id := t.s.open(t.from, cmp.Or(user, t.from))
	return t.request.answer("RL", id, imBody{
		pts: "KA=7200 CR=T ST=200",
		xml: imResultElement(imOK) + imElements("SessionID", id) + imElements("KeepAliveTime", "7200") + imElements("CapabilityRequest", "T"),
	})
}

func (t *imTurn) refuse(status int) *imMessage {
	return t.request.answer("RL", "", imBody{pts: imStatus(status).pts + " CR=F",
		xml: imResultElement(status) + imElements("CapabilityRequest", "F")})
}

func (t *imTurn) challenge(nonce string) *imMessage {
	return t.request.answer("RL", "", imBody{
		pts: imStatus(imUnauthorized).pts + " NO=" + nonce + " DI=MD5 CR=F",
		xml: imResultElement(imUnauthorized) + imElements("Nonce", nonce) + imElements("DigestSchema", "MD5") + imElements("CapabilityRequest", "F"),
	})
}

// presence says of each user what was told of it.
func (s *IMService) presence(users []string) imBody {
	var told []string
	var xml strings.Builder
	for _, user := range users {
		value, code := s.account(user).presence, "NA"
		if value == imAvailable {
			code = "AV"
		}
		told = append(told, "("+imQuote(user)+",((UA,T,"+code+")))")
		xml.WriteString(imElement("Presence", imElements("UserID", user)+imSubList(imAvailability(value))))
	}
	body := imBody{xml: xml.String()}
	switch len(told) {
	case 0:
	case 1:
		body.pts = "PR=" + told[0]
	default:
		body.pts = "PR=(" + strings.Join(told, ",") + ")"
	}
	return body
}

func (t *imTurn) find(a *imAccount) (at int) {
	id := t.request.text(imLists)
	return slices.IndexFunc(a.lists, func(l imList) bool { return l.id == id })
}

// create makes a list, or makes it anew: a client that missed the answer asks again.
func (t *imTurn) create(a *imAccount) *imMessage {
	m := t.request
	if !m.has(imLists) {
		return t.status(imNoSuchList)
	}
	l := imList{id: m.text(imLists), nicks: m.texts(imNicks), properties: m.texts(imProperties)}
	for i, p := range l.properties {
		l.properties[i] = imNeutral(p)
	}
	if at := t.find(a); at >= 0 {
		a.lists[at] = l
	} else {
		a.lists = append(a.lists, l)
	}
	return t.status(imOK)
}

func (t *imTurn) remove(a *imAccount) *imMessage {
	at := t.find(a)
	if at < 0 {
		return t.status(imNoSuchList)
	}
	a.lists = slices.Delete(a.lists, at, at+1)
	return t.status(imOK)
}

func (t *imTurn) lists(a *imAccount) *imMessage {
	var ids []string
	for _, l := range a.lists {
		ids = append(ids, l.id)
	}
	if len(ids) == 0 {
		return t.reply("LG", imBody{})
	}
	return t.reply("LG", imBody{pts: "CL=" + imGroup(ids), xml: imElements("ContactList", ids...)})
}

// list gives the members of a list.
func (t *imTurn) list(a *imAccount) *imMessage {
	at := t.find(a)
	if at < 0 {
		return t.reply("ML", imBody{pts: imStatus(imNoSuchList).pts, xml: imResultElement(imNoSuchList)})
	}
	l := a.lists[at]
	body := imBody{pts: imStatus(imOK).pts, xml: imResultElement(imOK)}
	if len(l.nicks) > 0 {
		var nicks string
		for i := 0; i+1 < len(l.nicks); i += 2 {
			nicks += imElement("NickName", imElements("Name", l.nicks[i])+imElements("UserID", l.nicks[i+1]))
		}
		body.pts += " UN=" + imPairs(l.nicks)
		body.xml += imElement("NickList", nicks)
	}
	if len(l.properties) > 0 {
		var pts []string
		var xml string
		for i := 0; i+1 < len(l.properties); i += 2 {
			name, value := l.properties[i], l.properties[i+1]
			pts = append(pts, imCode(name), value)
			xml += imProperty(name, value)
		}
		body.pts += " CP=" + imPairs(pts)
		body.xml += imElement("ContactListProperties", xml)
	}
	return t.reply("ML", body)
}

// subscribe has the members of a list told of; once, for a client that missed the answer
// asks again.
func (t *imTurn) subscribe(a *imAccount) *imMessage {
	at := t.find(a)
	if at < 0 {
		return t.status(imNoSuchList)
	}
	l := &a.lists[at]
	var users []string
	for i := 1; i < len(l.nicks); i += 2 {
		users = append(users, l.nicks[i])
	}
	if len(users) > 0 && !slices.Contains(t.session.watches, l.id) {
		t.session.watches = append(t.session.watches, l.id)
		t.s.notify(t, t.session.id, t.s.presence(users))
	}
	return t.status(imOK)
}
