package modem

import "fmt"

// Specification: values of <stat> of +CREG, +CGREG and +CEREG (TS 27.007 7.2).
const (
	statIdle      = 0 // not registered and not searching
	statHome      = 1
	statSearching = 2
	statDenied    = 3
	statUnknown   = 4 // out of coverage
	statRoaming   = 5
	statSMSHome   = 6 // registered for "SMS only"
	statSMSRoam   = 7
	statEmergency = 8
	statCSFBHome  = 9 // registered, "CSFB not preferred": SMS over SGs all the same
	statCSFBRoam  = 10
)

// Implementation: below these the network loses the modem now and then (dBm).
const (
	weakRSSI = -107
	weakRSRP = -120
)

// judge completes a status by what follows from the rest of it.
//
// A modem without the circuit service may send by the packet service, over SGs or
// IMS, and does not tell beforehand whether that goes: networks without 2G and 3G
// leave +CREG at 0, 2 or 3 though all is well (vshymanskyy/TinyGSM #467, botletics/
// SIM7000-LTE-Shield #50). So it may try. Only one that the circuit service refuses
// (3) and that is not on IMS for short messages either has no way left: that is what
// a SIM without an SMS subscription looks like (SeeedJP/WioLTEforArduino #1).
func judge(s Status) Status {
	circuit := carries(s.Reg)
	packet := carries(s.PSReg) || carries(s.EPSReg)
	s.Registered = circuit || packet && !(s.Reg == statDenied && s.IMS == 0)
	switch {
	case circuit:
		s.Roaming = roams(s.Reg)
	case carries(s.EPSReg):
		s.Roaming = roams(s.EPSReg)
	default:
		s.Roaming = roams(s.PSReg)
	}
	switch {
	case s.Untold && s.Reg < 0 && s.PSReg < 0 && s.EPSReg < 0:
		s.Registered = true
		s.Verdict = "ready; this modem does not tell whether it is registered"
	case circuit:
		s.Verdict = ready(s)
	case packet:
		s.Verdict = packetOnly(s)
	default:
		s.Verdict = unregistered(s)
	}
	return s
}

func carries(stat int) bool {
	switch stat {
	case statHome, statRoaming, statSMSHome, statSMSRoam, statCSFBHome, statCSFBRoam:
		return true
	}
	return false
}

func roams(stat int) bool {
	return stat == statRoaming || stat == statSMSRoam || stat == statCSFBRoam
}

func ready(s Status) string {
	text := "ready, registered" + network(s)
	if s.Reg == statSMSHome || s.Reg == statSMSRoam {
		text += " for SMS only"
	}
	if s.NoCentre {
		text = "registered" + network(s) + ", but the SIM has no SMSC number: set smsc in [[modem]] to the operator's"
	}
	return text + signal(s)
}

func packetOnly(s Status) string {
	text := "registered" + network(s)
	switch {
	case s.NoCentre && s.Registered:
		text += ", but the SIM has no SMSC number: set smsc in [[modem]] to the operator's"
	case s.IMS == 1:
		text = "ready, " + text + ", SMS over IMS"
	case s.Reg == statDenied && s.IMS == 0:
		text = "packet service only: this SIM has no SMS subscription" + cause(s) + ": ask its operator for SMS"
	case s.Reg == statDenied:
		text = "packet service only: this SIM has no SMS subscription, it seems" + cause(s) + ": if sending fails, ask its operator for SMS"
	case s.Service == 1 && !carries(s.EPSReg): // LTE has no circuit service to choose
		text += " for packet service only, and the modem sends by the circuit service only: AT+CGSMS=2 lets it use both"
	case s.Reg < 0: // it does not tell of the circuit service
		text = "ready, " + text
	default:
		text = "ready, " + text + " for packet service only: if sending fails, ask the operator for SMS over LTE"
	}
	return text + signal(s)
}

func unregistered(s Status) string {
	any := func(stat int) bool { return s.Reg == stat || s.PSReg == stat || s.EPSReg == stat }
	deaf := s.RSSI == 0 && s.RSRP == 0
	switch {
	case s.Refusal != 0 && refusals[s.Refusal] != "":
		return refusals[s.Refusal]
	case any(statDenied):
		return "the network refuses this SIM" + cause(s) + ": ask its operator whether it is active, and allowed in this modem" + signal(s)
	case any(statEmergency):
		return "only emergency calls here: the SIM has no network of its own in reach" + signal(s)
	case s.Selection == 2:
		return "the modem was told to stay off the network: AT+COPS=0 lets it search"
	case s.Selection == 1 && (any(statIdle) || any(statSearching)):
		return "the modem is bound to one network by hand, and that is not in reach: AT+COPS=0 lets it choose" + signal(s)
	case any(statSearching) && deaf:
		return "searching for a network and hearing none: check the antenna"
	case any(statSearching):
		return "searching for a network" + signal(s)
	case any(statUnknown):
		return "out of reach of any network: move the antenna" + signal(s)
	case any(statIdle):
		return "not registered and not searching: check the antenna and whether the SIM is active" + signal(s)
	}
	return "not known yet whether a network is in reach"
}

// refusals are what a modem means by an error in place of its network (TS 27.007 9.2.1).
var refusals = map[int]string{
	10: "no SIM in the modem, or none that it can read",
	11: "the SIM wants its PIN: " + HowPIN,
	12: "the SIM is locked and wants its PUK: unlock it in a phone",
	13: "the SIM does not work in this modem: clean or replace it",
	14: "the SIM is busy",
	15: "the SIM is not one that this modem takes: it may be locked to another operator",
	30: "no network service: check the antenna and whether the SIM is active",
	31: "the network does not answer: move the antenna",
	32: "only emergency calls here: the SIM has no network of its own in reach",
}

// network is where the modem is.
func network(s Status) (text string) {
	switch {
	case s.Operator != "":
		text = " on " + s.Operator
	case s.Serving != "":
		text = " on network " + s.Serving
	}
	if s.Roaming {
		text += " (roaming)"
	}
	return text
}

// cause is what the network said of a refusal, where that says anything: most
// modems answer that there is nothing to tell.
func cause(s Status) string {
	if s.Cause == "" {
		return ""
	}
	return " (it says: " + s.Cause + ")"
}

func signal(s Status) string {
	switch {
	case s.RSSI != 0 && s.RSSI <= weakRSSI:
		return fmt.Sprintf(", signal %d dBm (very weak: move the antenna)", s.RSSI)
	case s.RSSI != 0:
		return fmt.Sprintf(", signal %d dBm", s.RSSI)
	case s.RSRP != 0 && s.RSRP <= weakRSRP:
		return fmt.Sprintf(", LTE signal %d dBm (very weak: move the antenna)", s.RSRP)
	case s.RSRP != 0:
		return fmt.Sprintf(", LTE signal %d dBm", s.RSRP)
	}
	return ""
}
