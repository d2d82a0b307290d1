package csp

// Codes of plain text syntax, as Android's IM client has them: login, service, presence
// and contact lists. Those of messages, groups, invitations and searches were not found
// anywhere. They serve for names alone: whoever carries a message does not look them up.
// What a code means depends on where it stands: SC is a cookie among the parameters, a
// method among capabilities and a content in a presence.

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

// ptsElements are the parameters. DigestSchema has two codes, one for each direction.
var ptsElements = map[string]string{
	"SI": "SessionID",
	"UI": "UserID",
	"CI": "ClientID",
	"PW": "Password",
	"SH": "DigestSchema", // of requests
	"DI": "DigestSchema", // of responses
	"DB": "DigestBytes",
	"NO": "Nonce",
	"SC": "SessionCookie",
	"TL": "TimeToLive",
	"KA": "KeepAliveTime",
	"CR": "CapabilityRequest",
	"CA": "CapabilityList", // of requests
	"AP": "AgreedCapabilityList",
	"RF": "Functions",
	"AR": "AllFunctionsRequest",
	"AF": "AllFunctions",
	"NF": "NotAvailableFunctions",
	"ST": "Result",
	"CL": "ContactList",
	"DC": "DefaultContactList",
	"DL": "DefaultList", // of requests; see ptsElement
	"UN": "NickList",
	"AN": "AddNickList",
	"RN": "RemoveNickList",
	"CP": "ContactListProperties",
	"RL": "ReceiveList",
	"AS": "AutoSubscribe",
	"PS": "PresenceSubList", // attributes that are asked for
	"UV": "PresenceSubList", // attributes and their values, of UpdatePresence
	"PR": "Presence",
}

// ptsElement is the name of a parameter in a primitive, "" of a code that is not known.
// The client has the code DC for the DefaultContactList and yet reads DL as that.
func ptsElement(code string, mode Mode) string {
	if code == "DL" && mode == Response {
		return "DefaultContactList"
	}
	return ptsElements[code]
}

// ptsCapabilities stand in CapabilityList and AgreedCapabilityList.
var ptsCapabilities = map[string]string{
	"CT": "ClientType",
	"CI": "CIRHTTPAddress",
	"DL": "DefaultLanguage",
	"ID": "InitialDeliveryMethod",
	"MT": "MultiTrans",
	"PS": "ParserSize",
	"PM": "ServerPollMin",
	"SB": "SupportedBearer",
	"SC": "SupportedCIRMethod",
	"TA": "TCPAddress",
	"TP": "TCPPort",
	"UP": "UDPPort",
}

// ptsServices are the features of Functions, AllFunctions and NotAvailableFunctions.
var ptsServices = map[string]string{
	"WV": "WVCSPFeat",
	"FF": "FundamentalFeat",
	"PF": "PresenceFeat",
	"IF": "IMFeat",
	"GE": "GroupFeat",
}

// ptsProperties are the names of ContactListProperties.
var ptsProperties = map[string]string{
	"DN": "DisplayName",
	"DE": "Default",
}

// ptsAttributes stand in PresenceSubList.
var ptsAttributes = map[string]string{
	"OS": "OnlineStatus",
	"CF": "ClientInfo",
	"UA": "UserAvailability",
	"ST": "StatusText",
	"SC": "StatusContent",
	"CT": "ClientType",      // of ClientInfo
	"CP": "ClientProducer",  // of ClientInfo
	"CV": "ClientVersion",   // of ClientInfo
	"RC": "ReferredContent", // of StatusContent
	"CY": "ContentType",     // of StatusContent
}

// ptsParts are the attributes that stand in another one.
var ptsParts = map[string][]string{
	"CF": {"CT", "CP", "CV"},
	"SC": {"RC", "CY"},
}

// ptsValues are the values that have codes, by element: of capabilities and attributes.
var ptsValues = map[string]map[string]string{
	"SupportedCIRMethod": {
		"SS": "SSMS",
		"ST": "STCP",
		"SU": "SUDP",
		"WS": "WAPSMS",
		"WU": "WAPUDP",
	},
	"ClientType": {
		"MP": "MOBILE_PHONE",
		"CO": "COMPUTER",
		"PD": "PDA",
		"CL": "CLI",
		"OT": "OTHER",
	},
	"UserAvailability": {
		"AV": "AVAILABLE",
		"DI": "DISCREET",
		"NA": "NOT_AVAILABLE",
	},
}

// ptsValue is the value of an element as the other syntaxes write it.
func ptsValue(element, value string) string {
	if name, ok := ptsValues[element][upper(value)]; ok {
		return name
	}
	return value
}
