// Package csp knows the messages of the Client-Server Protocol of Wireless Village /
// OMA IMPS in the four forms in which they travel, and knows nothing of how they do:
//
//	PTS    WV12LR1 CI=alice TL=7200 SC=4711      plain text syntax, by SMS
//	CIR    WVCI 1.2 4711                         "poll me", by SMS, push, UDP or TCP
//	XML    <WV-CSP-Message xmlns="…"> …          by HTTP
//	WBXML  03 11 6A 00 C9 08 03 31 2E 32 …       the same in binary
//
// Detect tells which it is and Inspect what it says, without changing anything and
// without an error: what is not known is Opaque, and whoever carries messages carries
// it as it is. Parse makes a tree of any of the four for displays, and Redacted hides in
// it what opens a session and what people write. ParsePTS reads plain text syntax and
// writes it back octet for octet; Split and Join cut and mend it for bearers of short
// messages. ToWBXML and ToXML translate between the other two.
//
// What is known of PTS rests on one client, Android's IM application; of CIR on three.
package csp
