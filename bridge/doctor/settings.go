package doctor

import (
	"context"
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
	if stores := ask("+CPMS?"); stores == "" {
		d.say("stores", Warn, "the modem does not tell where it keeps messages (+CPMS)", "receive = \"direct\" in [[modem]]")
	} else {
		d.good("stores", "+CPMS %s", stores)
	}
	offered := ask("+CNMI=?")
	switch set := ask("+CNMI?"); {
	case set == "":
		d.say("reception", Warn, "the modem does not tell how it tells of messages (+CNMI)", "its store is looked into now and then: messages may come late")
	case len(strings.Split(set, ",")) > 1 && strings.TrimSpace(strings.Split(set, ",")[1]) == "0":
		d.say("reception", Warn, "the modem tells of no messages: +CNMI "+set+" of "+offered, "its store is looked into now and then: messages may come late")
	default:
		d.good("reception", "+CNMI %s of %s", set, offered)
	}
	d.good("service", "+CSMS %s, +CGSMS %s", orNone(ask("+CSMS?")), orNone(ask("+CGSMS?")))
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
