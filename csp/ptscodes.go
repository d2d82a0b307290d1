package csp

// Codes of plain text syntax, as Android's IM client has them: login, service, presence
// and contact lists. Those of messages, groups, invitations and searches were not found
// anywhere. They serve for names alone: whoever carries a message does not look them up.

type ptsPrimitive struct {
	name string
	mode Mode
}

// ptsPrimitives are the transaction codes. The code of a response is that of its request
// turned round. Status answers requests of either side.
var ptsPrimitives = map[string]ptsPrimitive{
	"LR": {"Login-Request", Request},
	"RL": {"Login-Response", Response},
	"OR": {"Logout-Request", Request},
	"DI": {"Disconnect", Response},
	"CP": {"ClientCapability-Request", Request},
	"PC": {"ClientCapability-Response", Response},
	"SQ": {"Service-Request", Request},
	"QS": {"Service-Response", Response},
	"KA": {"KeepAlive-Request", Request},
	"AK": {"KeepAlive-Response", Response},
	"PO": {"Polling-Request", Request},
	"ST": {"Status", Response},
	"GL": {"GetList-Request", Request},
	"LG": {"GetList-Response", Response},
	"CL": {"CreateList-Request", Request},
	"DL": {"DeleteList-Request", Request},
	"LM": {"ListManage-Request", Request},
	"ML": {"ListManage-Response", Response},
	"GP": {"GetPresence-Request", Request},
	"PG": {"GetPresence-Response", Response},
	"SB": {"SubscribePresence-Request", Request},
	"PN": {"PresenceNotification-Request", Request},
	"UP": {"UpdatePresence-Request", Request},
	"GB": {"GetBlockedList-Request", Request},
	"CA": {"CreateAttributeList-Request", Request},
}
