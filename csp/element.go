package csp

// An Element is one element of a message as CSP means it, whatever syntax carries it:
// Login-Response { Result { Code = 200 } }. It has either children or a text.
type Element struct {
	Name     string
	Space    string // namespace, where one is given: of the root, of TransactionContent, of PresenceSubList
	Text     string
	Children []Element
}
