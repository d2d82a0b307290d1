package csp

import "strings"

// hidden stands in place of a text. It is a group in plain text syntax, so that a
// message can still be read with it.
const hidden = "(hidden)"

// Redacted is the element without what opens a session, what people write and where
// they are. Shown are the texts of the elements that are known to hold nothing of that;
// those of all others are hidden, of elements that are not known as well, as nobody
// knows what they hold.
func (e Element) Redacted() Element {
	return e.redacted(&Element{})
}

func (e Element) redacted(parent *Element) Element {
	r := e
	if strings.TrimSpace(e.Text) != "" && !e.isShown(parent) {
		r.Text = hidden
	}
	r.Children = nil
	for _, child := range e.Children {
		r.Children = append(r.Children, child.redacted(&e))
	}
	return r
}

// isShown reports whether the text of an element may be shown. What some hold depends on
// where they stand.
func (e Element) isShown(parent *Element) bool {
	switch e.Name {
	case "SessionID": // whoever sends it by CIR is taken for the client
		return parent.Name != wordHELO
	case "Version":
		return parent.Name == wordCIR
	case "Name": // of a NickName people write it
		return parent.Name == "Property"
	case "Value":
		return parent.Name == "Property" && shownProperties[parent.child("Name")]
	case "PresenceValue":
		return shownElements[parent.Name]
	}
	return shownElements[e.Name] && (tables().kinds[e.Name] != integer || isInteger(e.Text))
}

// isInteger takes 7200, and 0x1C20, as an example of the specification has SearchID.
// Anything else where an integer belongs is a text at a wrong place.
func isInteger(s string) bool {
	s = strings.Trim(s, whiteSpace)
	digits, hexadecimal := strings.CutPrefix(s, "0x")
	return isNumber(s) || hexadecimal && strings.Trim(digits, "0123456789ABCDEFabcdef") == ""
}

// child is the text of a child.
func (e Element) child(name string) string {
	for _, child := range e.Children {
		if child.Name == name {
			return child.Text
		}
	}
	return ""
}

// names makes a set of words.
func names(s string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(s) {
		set[name] = true
	}
	return set
}

// shownProperties are those of contact lists and groups that nobody words.
var shownProperties = names(`AccessType ActiveUsers AutoDelete AutoJoin Default History MaxActiveUsers
	MinimumAge PrivateMessaging PrivilegeLevel RequireInvitation Searchable ShowID Type Validity`)

// shownElements are addresses, numbers, dates, switches and enumerations. Not among
// them are, of the elements that have texts: Password, DigestBytes, Nonce, SessionCookie,
// VerificationKey; ContentData, SegmentContent, ContentName, SearchString, InText,
// SystemMessageText, AnswerOptionText, AnswerOptionsText, InviteNote, ResponseNote,
// WelcomeNote, Note, Text; FriendlyName, Alias, Cname; StatusText, ReferredContent,
// DirectContent, vCards, InfoLink, Link, Contact, Caddr, Logo, Extended-Data; and what
// tells a place: FreeTextLocation and the elements of Address and GeoLocation.
var shownElements = names(`
	Acceptance ClientID Code ContactList ContentEncoding ContentSize ContentType DateTime Description
	GroupID InUse MessageCount MessageID MessageURI MSISDN Poll Qualifier SName SessionType
	TransactionID TransactionMode URL UserID Validity

	AllFunctionsRequest CapabilityRequest CompletionFlag DigestSchema InviteID InviteType KeepAliveTime
	OtherServer PresenceAttributeNSName ReceiveList SearchElement SearchFindings SearchID SearchIndex
	SearchLimit SearchOnlineStatus SessionNSName TimeToLive TransactionNSName

	AcceptedCharset AcceptedCharSet AcceptedContentLength AcceptedContentType AcceptedPullLength
	AcceptedPushLength AcceptedRichContentLength AcceptedTextContentLength AcceptedTransferEncoding
	AnyContent CIRHTTPAddress CIRSMSAddress CIRURL ClientType ContentPolicy ContentPolicyLimit
	DefaultLanguage InitialDeliveryMethod MultiTrans MultiTransPerMessage OfflineETEMHandling
	OnlineETEMHandling ParserSize PlainTextCharset ServerPollMin SessionPriority SupportedBearer
	SupportedCIRMethod SupportedOfflineBearer TCPAddress TCPPort UDPAddress UDPPort UserSessionLimit

	Auto-Subscribe AutoSubscribe DefaultAttributeList DefaultContactList DefaultList

	AddrPref Cap ClientContentLimit ClientIMPriority ClientProducer ClientVersion Cpriority Cstatus
	DevManufacturer Language MaxPullLength MaxPushLength Model OnlineStatus PLMN PrefC
	PreferredLanguage Registration StatusMood TimeZone UserAvailability Zone

	DeliveryMethod DeliveryReport DeliveryTime JoinGroup JoinedRequest SubscribeNotification SubscribeType

	AnswerOptionID ApplicationID AuthorizeAndGrant BlockListInUse CIR ChosenOptionID ClearPublicProfile
	Color ContactListNotify DefaultNotify Domain ExtBlock ExtBlockETEM ExtendConversationID
	GrantListInUse GroupContentLimit HistoryPeriod MaxWatcherList MessageTotalCount NotificationType
	PairID ReactiveAuthState RequiresResponse SegmentCount SegmentID SegmentReference Size Style
	SystemMessageID TryAgainTimeout VerificationMechanism WatcherCount WatcherStatus`)
