package bridge

import (
	"strings"

	"wvsms/modem"
)

// sends tells whether the session's modem may be given messages.
func (s *session) sends(st modem.Status) bool { return st.Registered && !s.abroad(st) }

// abroad tells whether the modem is on a network on which it is to send nothing.
func (s *session) abroad(st modem.Status) bool {
	return st.Registered && st.Roaming && s.roaming == RoamingReceive
}

// verdict is the modem's, and what follows from the policy.
func (s *session) verdict(st modem.Status) string {
	if s.abroad(st) {
		return `not sending while roaming, as roaming = "receive" says: ` + strings.TrimPrefix(st.Verdict, "ready, ")
	}
	return st.Verdict
}
