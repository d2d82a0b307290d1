package pdu

import "fmt"

// A Fault is one thing that is wrong with the octets of a short message: where it
// stands and what it is. As an error it ended the parsing; in a list of warnings it
// was read over.
type Fault struct {
	Field  string // as TS 23.040 names it: "TP-UD", "TP-SCTS", "SMSC"
	Octet  int    // offset into the parsed octets, from 0
	Reason string
}

// Error tells field, octet and reason: "TP-UD: octet 27: …".
func (f *Fault) Error() string {
	return fmt.Sprintf("%s: octet %d: %s", f.Field, f.Octet, f.Reason)
}

// String is the text of Error, for warnings.
func (f Fault) String() string { return f.Error() }
