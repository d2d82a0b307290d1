package modemtest

import (
	"fmt"
	"time"

	"wvsms/csp"
)

// An IMActor is one side of CSP as the scripts play it, [IMClient] or [IMService]: it is
// told what comes and how late it is, and says what is to be sent. It has no clock, no
// lock and no line, so that it serves on the air ([Air.NewIMHandset]) and on a socket.
type IMActor interface {
	// Push takes a datagram that came from a number.
	Push(now time.Time, from string, data []byte) []IMDatagram
	// Expire does what is due.
	Expire(now time.Time) []IMDatagram
	// Deadline is when Expire has something to do; false: not before a Push.
	Deadline() (time.Time, bool)
}

// An IMDatagram is something to send.
type IMDatagram struct {
	To   string
	Data []byte
}

// IMReply is how long the Android client waits for an answer.
const IMReply = 45 * time.Second

// IMSize is how much the Android client believes to fit into a short message: 140 octets
// less a header with ports. It sends whole what is shorter than that, and the rest in
// parts of that size.
const IMSize = 133

// An imMessage is a message of the scripts.
type imMessage struct {
	syntax  csp.Syntax
	version string // "1.2"
	code    string // "LR", in XML too
	id      string
	session string // of the descriptor; of a login's answer its content
	body    imBody
	leaves  func(imKey) []string // what came; nil in what is to be sent
}

// An imBody is the content of a primitive, written down for each syntax.
type imBody struct{ pts, xml string }

// An imKey is where something stands in either syntax: a parameter, an element.
type imKey struct{ code, element string }

var (
	imUser        = imKey{"UI", "UserID"}
	imPassword    = imKey{"PW", "Password"}
	imDigestBytes = imKey{"DB", "DigestBytes"}
	imNonce       = imKey{"NO", "Nonce"}
	imResult      = imKey{"ST", "Result"}
	imLists       = imKey{"CL", "ContactList"}
	imNicks       = imKey{"UN", "NickList"}
	imProperties  = imKey{"CP", "ContactListProperties"}
	imAttributes  = imKey{"UV", "PresenceSubList"} // with values
	imPresence    = imKey{"PR", "Presence"}
)

// imPrimitives are the names of the codes that the scripts know.
var imPrimitives = map[string]string{
	"LR": "Login-Request", "RL": "Login-Response",
	"CP": "ClientCapability-Request", "PC": "ClientCapability-Response",
	"SQ": "Service-Request", "QS": "Service-Response",
	"KA": "KeepAlive-Request", "AK": "KeepAlive-Response",
	"UP": "UpdatePresence-Request",
	"GP": "GetPresence-Request", "PG": "GetPresence-Response",
	"SB": "SubscribePresence-Request", "PN": "PresenceNotification-Request",
	"CL": "CreateList-Request", "DL": "DeleteList-Request",
	"GL": "GetList-Request", "LG": "GetList-Response",
	"LM": "ListManage-Request", "ML": "ListManage-Response",
	"PO": "Polling-Request", "OR": "Logout-Request", "DI": "Disconnect", "ST": "Status",
}

// imIsAnswer tells whether a primitive answers another one. PTS does not say: it follows
// from the code.
func imIsAnswer(code string) bool {
	switch code {
	case "RL", "PC", "QS", "AK", "PG", "LG", "ML", "ST", "DI":
		return true
	}
	return false
}

// texts are all values below a key, in their order, groups and elements flattened: a
// list of nicknames is name, address, name, address in either syntax.
func (m *imMessage) texts(k imKey) []string {
	if m.leaves == nil {
		return nil
	}
	return m.leaves(k)
}

// text is the first of them.
func (m *imMessage) text(k imKey) string {
	if all := m.texts(k); len(all) > 0 {
		return all[0]
	}
	return ""
}

// has tells whether there is such a value.
func (m *imMessage) has(k imKey) bool { return len(m.texts(k)) > 0 }

// write gives the message in its syntax; nil where that has no way to say it.
func (m *imMessage) write() []byte {
	switch m.syntax {
	case csp.PTS:
		return m.appendPTS(nil)
	case csp.WBXML:
		binary, _ := csp.ToWBXML(m.appendXML(nil))
		return binary
	}
	return m.appendXML(nil)
}

// parseIM reads a whole message. There is one with an error too where its head can be read.
func parseIM(b []byte) (*imMessage, error) {
	switch s := csp.Detect(b); s {
	case csp.PTS:
		return parseIMPTS(b)
	case csp.XML:
		return parseIMXML(b)
	case csp.WBXML:
		doc, err := csp.ToXML(b)
		if err != nil {
			return nil, err
		}
		m, err := parseIMXML(doc)
		if err == nil {
			m.syntax = csp.WBXML
		}
		return m, err
	default:
		return nil, fmt.Errorf("read a message of the script: it is %v, and no PTS, XML or WBXML", s)
	}
}

// answer begins the answer to a message.
func (m *imMessage) answer(code, session string, body imBody) *imMessage {
	return &imMessage{syntax: m.syntax, version: m.version, code: code, id: m.id, session: session, body: body}
}
