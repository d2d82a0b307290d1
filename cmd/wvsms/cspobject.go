package main

import "wvsms/csp"

// A cspObject is what programs are told of a CSP message: which it is, not what it says.
type cspObject struct {
	Begins       bool                `json:"begins,omitempty"` // it is the first segment's only
	Syntax       string              `json:"syntax"`
	Version      string              `json:"version,omitempty"`
	Part         int                 `json:"part,omitempty"`
	Parts        int                 `json:"parts,omitempty"`
	Transactions []transactionObject `json:"transactions,omitempty"`

	text string // the same for people
}

type transactionObject struct {
	ID        string `json:"id,omitempty"`
	Code      string `json:"code,omitempty"`
	Primitive string `json:"primitive,omitempty"`
	Mode      string `json:"mode,omitempty"`
	Status    int    `json:"status,omitempty"`
}

func newCSPObject(m csp.Message) *cspObject {
	o := &cspObject{Syntax: m.Syntax.String(), Version: m.Version, Part: m.Part, Parts: m.Parts, text: m.String()}
	for _, t := range m.Transactions {
		o.Transactions = append(o.Transactions, transactionObject{
			ID: t.ID, Code: t.Code, Primitive: t.Primitive, Mode: t.Mode.String(), Status: t.Status,
		})
	}
	return o
}

func (o *cspObject) String() string {
	if o.Begins {
		return "begins with " + o.text
	}
	return o.text
}
