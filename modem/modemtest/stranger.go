package modemtest

import (
	"fmt"
	"math/rand/v2"
)

// Stranger is a modem that no table knows, another for each seed: the bus tells
// no more of it than that it is a modem, its names mean nothing, and of the
// commands that a modem need not have it refuses some, each in its own way.
//
// Every stranger does what it takes to be a modem at all: the commands of V.250,
// +CPIN?, +CMGF=0, +CMGS, and one way to learn of messages, which is one of
//   - a store, and word of it: +CNMI with <mt> 1, +CMGR, +CMGD
//   - a store, and no word of it: +CMGL, +CMGR, +CMGD
//   - none, and messages are handed on: +CNMI with <mt> 2
func Stranger(seed uint64) Profile {
	r := rand.New(rand.NewPCG(seed, 0x5354)) // another sequence than the air's
	p := Generic
	p.Name = fmt.Sprintf("stranger-%d", seed)
	p.Manufacturer, p.Model, p.Revision = name(r), name(r), name(r)
	p.Unknown = refusals[r.IntN(len(refusals))]
	p.USB = USB{
		VID: 0xf000 + uint16(r.IntN(0x1000)), PID: uint16(1 + r.IntN(0xffff)), // no such maker
		Manufacturer: p.Manufacturer, Product: p.Model, Serial: r.IntN(2) == 0,
		Interfaces: acm(ATPort),
	}
	p.Renumbers = true
	p.Refuses = map[string]string{}
	refuse := func(names ...string) {
		for _, n := range names {
			p.Refuses[n] = refusals[r.IntN(len(refusals))]
		}
	}
	for _, names := range optional {
		if r.IntN(3) == 0 {
			refuse(names...)
		}
	}
	switch r.IntN(3) {
	case 0:
		p.CNMI[1] = []int{0, 1}
		if r.IntN(2) == 0 {
			refuse("+CMGL")
		}
	case 1:
		refuse("+CNMI")
	case 2:
		p.CNMI[1], p.CNMI[3] = []int{0, 2}, []int{0, 1}
		p.NoStore = true
		refuse("+CPMS", "+CMGL", "+CMGR", "+CMGD")
	}
	return p
}

// refusals are final result codes of commands that a modem does not do.
var refusals = []string{
	"ERROR", "+CME ERROR: 3", "+CME ERROR: 4", "+CMS ERROR: 302", "+CMS ERROR: 303", "COMMAND NOT SUPPORT",
}

// optional are commands that a modem need not have, or not under that name.
var optional = [][]string{
	{"+CMEE"}, {"+CGMI", "+GMI"}, {"+CGMM", "+GMM"}, {"+CGMR", "+GMR"}, {"+CGSN", "+GSN"},
	{"+CFUN"}, {"+CCID", "+QCCID", "+ICCID", "^ICCID"}, {"+CRSM"}, {"+CIMI"}, {"+CNUM"}, {"+CPINR"},
	{"+CSMS"}, {"+CSCA"}, {"+CPMS"}, {"+CMMS"}, {"+CGSMS"},
	{"+CREG"}, {"+CGREG"}, {"+CEREG"}, {"+CSQ"}, {"+COPS"}, {"+GCAP"}, {"+CLAC"}, {"+CPAS"},
}

// name is one that means nothing.
func name(r *rand.Rand) string {
	b := make([]byte, 4+r.IntN(8))
	for i := range b {
		b[i] = "BCDFGHKLMNPRSTVWXZ0123456789-"[r.IntN(29)]
	}
	return "X" + string(b)
}
