package doctor

import (
	"context"
	"fmt"
	"strings"

	"wvsms/modem"
)

// settings reads back what was negotiated, as the modem has it now.
func (d *doctor) settings(ctx context.Context, m *modem.Modem) {
	ask := func(cmd string) string {
		ctx, cancel := context.WithTimeout(ctx, queryLimit)
		defer cancel()
		info, err := m.Query(ctx, cmd)
		if err != nil || len(info) == 0 {
			return ""
		}
		_, args, found := strings.Cut(info[0], ":")
		if !found {
			args = info[0]
		}
		return strings.TrimSpace(args)
	}
	if caps := ask("+GCAP"); caps != "" && !strings.Contains(caps, "+CGSM") && strings.Contains(caps, "+C") {
		d.say("capabilities", Warn, "+GCAP "+caps+" names no +CGSM: some variants of modules have no SMS", "does the part number of the module include SMS?")
	}
	switch modes := ask("+CMGF=?"); {
	case modes == "":
		d.good("PDU mode", "set")
	case !strings.Contains(modes, "0"):
		d.say("PDU mode", Fail, "the modem knows text mode only: "+modes, "it cannot carry data: use another modem")
	default:
		d.good("PDU mode", "set, of %s", modes)
	}
	d.agreed(m.Negotiated())
	if m.Status().EPSReg >= 0 {
		if ims := ask("+CIREG?"); ims != "" {
			d.good("IMS", "+CIREG %s", ims)
		}
	}
	if strings.Contains(strings.ToLower(m.Identity().Manufacturer), "quectel") {
		if ims := ask(`+QCFG="ims"`); ims != "" {
			d.good("IMS setting", "+QCFG %s", ims)
		}
	}
}

// nearlyFull is the part of a store from which on messages may soon be turned away.
const nearlyFull = 0.8

// fewRefused settings are told one by one.
const fewRefused = 4

// agreed is how the modem was set up: what is read back counts.
func (d *doctor) agreed(n modem.Negotiated) {
	var stores []string
	for _, s := range n.Stores {
		stores = append(stores, fmt.Sprintf("%s %d of %d", s.Mem, s.Used, s.Total))
		if s.Total > 0 && float64(s.Used) >= nearlyFull*float64(s.Total) {
			d.say("stores", Warn, fmt.Sprintf("store %s is nearly full, %d of %d: messages are turned away soon", s.Mem, s.Used, s.Total), "wvsms run takes what it can read out of it; delete the rest with a phone")
		}
	}
	switch {
	case len(stores) > 0:
		d.good("stores", "%s", strings.Join(stores, ", "))
	case n.Direct:
		d.say("stores", Warn, "the modem has none that it tells of (+CPMS)", "messages are handed on as they come: keep the bridge running")
	default:
		d.good("stores", "one, of which the modem does not tell how full it is (+CPMS)")
	}
	way := "stored and told of (+CMTI)"
	if n.Direct {
		way = "handed on as they come (+CMT)"
	}
	text := fmt.Sprintf("%s, +CNMI is %s, of %s", way, orNone(n.CNMI.Read), orNone(n.CNMI.Offered))
	switch {
	case n.Blind:
		d.say("reception", Warn, "the modem tells of no messages: no +CNMI that it keeps, of "+orNone(n.CNMI.Offered), "its store is looked into every half minute instead")
	case n.Direct && !n.Acks:
		d.say("reception", Warn, text+", and waits for no acknowledgement: a crash can lose one", "")
	default:
		d.good("reception", "%s", text)
	}
	d.good("service", "+CSMS %s, +CGSMS %s, +CMMS %s", orNone(n.CSMS.Read), orNone(n.CGSMS.Read), orNone(n.CMMS.Read))
	if list := n.Refused; len(list) > 0 {
		more := ""
		if len(list) > fewRefused {
			more = fmt.Sprintf("; and %d more", len(list)-fewRefused)
			list = list[:fewRefused]
		}
		d.good("not taken", "%s", strings.Join(list, "; ")+more)
	}
}
