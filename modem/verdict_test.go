package modem

import (
	"strings"
	"testing"
	"testing/synctest"
)

// What a modem says of its network, and what a person is told. u is "not told".
func TestVerdict(t *testing.T) {
	const u = -1
	const sending, mute = true, false
	net := func(reg, ps, eps int) Status {
		s := unseen()
		s.Reg, s.PSReg, s.EPSReg, s.Operator, s.RSSI = reg, ps, eps, "Net One", -73
		return s
	}
	for _, c := range []struct {
		name    string
		status  Status
		more    func(*Status)
		sends   bool
		verdict string // what it begins with, or holds after …
	}{
		{"home", net(1, 1, 1), nil, sending, "ready, registered on Net One, signal -73 dBm"},
		{"home, 2G, nothing else told", net(1, u, u), nil, sending, "ready, registered on Net One, signal"},
		{"roaming", net(5, 5, 5), nil, sending, "ready, registered on Net One (roaming), signal"},
		{"roaming by packet service, home by circuit", net(1, 5, u), nil, sending, "ready, registered on Net One, signal"},
		{"SMS only", net(6, 1, 1), nil, sending, "ready, registered on Net One for SMS only, signal"},
		{"SMS only, roaming", net(7, 5, 5), nil, sending, "ready, registered on Net One (roaming) for SMS only, signal"},
		{"CSFB not preferred", net(9, 4, 1), nil, sending, "ready, registered on Net One, signal"},
		{"CSFB not preferred, roaming", net(10, 4, 5), nil, sending, "ready, registered on Net One (roaming), signal"},
		{"network without a name", net(1, 1, 1), func(s *Status) { s.Operator, s.Serving = "", "26201" }, sending, "ready, registered on network 26201, signal"},
		{"no operator told", net(1, 1, 1), func(s *Status) { s.Operator = "" }, sending, "ready, registered, signal"},
		{"no signal told", net(1, 1, 1), func(s *Status) { s.RSSI = 0 }, sending, "ready, registered on Net One"},
		{"weak", net(1, 1, 1), func(s *Status) { s.RSSI = -109 }, sending, "…signal -109 dBm (very weak: move the antenna)"},
		{"weak LTE", net(1, 1, 1), func(s *Status) { s.RSSI, s.RSRP = 0, -125 }, sending, "…LTE signal -125 dBm (very weak: move the antenna)"},
		{"LTE signal", net(1, 1, 1), func(s *Status) { s.RSSI, s.RSRP = 0, -95 }, sending, "…LTE signal -95 dBm"},
		{"no SMSC", net(1, 1, 1), func(s *Status) { s.NoCentre = true }, sending, "registered on Net One, but the SIM has no SMSC number: set smsc"},
		{"no SMSC, LTE", net(0, u, 1), func(s *Status) { s.NoCentre = true }, sending, "registered on Net One, but the SIM has no SMSC number: set smsc"},

		// LTE without 2G and 3G: botletics/SIM7000-LTE-Shield #50, TinyGSM #467.
		{"packet only: NB-IoT", net(0, 1, 1), nil, sending, "ready, registered on Net One for packet service only: if sending fails"},
		{"packet only: searching for a circuit", net(2, 1, 1), nil, sending, "ready, registered on Net One for packet service only"},
		{"CREG not known to the modem", net(u, u, 1), nil, sending, "ready, registered on Net One, signal"},
		{"packet only, roaming", net(0, 5, 5), nil, sending, "ready, registered on Net One (roaming) for packet service only"},
		{"packet only, no IMS: perhaps SGs", net(0, 4, 1), func(s *Status) { s.IMS = 0 }, sending, "ready, registered on Net One for packet service only"},
		{"packet only, IMS", net(0, 4, 1), func(s *Status) { s.IMS = 1 }, sending, "ready, registered on Net One, SMS over IMS, signal"},
		{"denied, IMS", net(3, 4, 1), func(s *Status) { s.IMS = 1 }, sending, "ready, registered on Net One, SMS over IMS, signal"},
		{"GPRS only", net(0, 1, u), nil, sending, "ready, registered on Net One for packet service only"},
		{"GPRS only, and sends by the other", net(0, 1, u), func(s *Status) { s.Service = 1 }, sending, "…AT+CGSMS=2 lets it use both"},
		{"GPRS only, and sends by either", net(0, 1, u), func(s *Status) { s.Service = 2 }, sending, "ready, registered on Net One for packet service only"},
		{"LTE only: +CGSMS has no say", net(0, u, 1), func(s *Status) { s.Service = 1 }, sending, "ready, registered on Net One for packet service only"},

		// A SIM without SMS: SeeedJP/WioLTEforArduino #1, botletics/SIM7000-LTE-Shield #103.
		{"no SMS in the subscription, it seems", net(3, 1, 1), nil, sending, "packet service only: this SIM has no SMS subscription, it seems: if sending fails"},
		{"the same, roaming", net(3, 5, u), nil, sending, "packet service only: this SIM has no SMS subscription, it seems"},
		{"no SMS, and IMS says so too", net(3, 1, 1), func(s *Status) { s.IMS = 0 }, mute, "packet service only: this SIM has no SMS subscription: ask its operator for SMS"},
		{"no SMS, with a cause", net(3, 1, 1), func(s *Status) { s.IMS, s.Cause = 0, "IMSI unknown in HLR" }, mute, "packet service only: this SIM has no SMS subscription (it says: IMSI unknown in HLR): ask"},

		{"denied", net(3, 3, 3), nil, mute, "the network refuses this SIM: ask its operator whether it is active"},
		{"denied on LTE only", net(0, 4, 3), nil, mute, "the network refuses this SIM"},
		{"denied, with a cause", net(3, 0, 0), func(s *Status) { s.Cause = "Illegal ME" }, mute, "the network refuses this SIM (it says: Illegal ME): ask"},
		{"emergency only", net(8, 0, 0), nil, mute, "only emergency calls here"},
		{"emergency only on LTE", net(0, 0, 8), nil, mute, "only emergency calls here"},
		{"emergency only, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 32 }, mute, "only emergency calls here"},
		{"no service, says COPS", net(2, 0, 0), func(s *Status) { s.Refusal = 30 }, mute, "no network service: check the antenna"},
		{"no answer, says COPS", net(2, 0, 0), func(s *Status) { s.Refusal = 31 }, mute, "the network does not answer: move the antenna"},
		{"no SIM, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 10 }, mute, "no SIM in the modem"},
		{"PIN, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 11 }, mute, "the SIM wants its PIN: configure pin_file"},
		{"PUK, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 12 }, mute, "the SIM is locked and wants its PUK"},
		{"broken SIM, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 13 }, mute, "the SIM does not work in this modem"},
		{"busy SIM, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 14 }, mute, "the SIM is busy"},
		{"wrong SIM, says COPS", net(0, 0, 0), func(s *Status) { s.Refusal = 15 }, mute, "the SIM is not one that this modem takes"},
		{"another error of COPS counts for nothing", net(2, 0, 0), func(s *Status) { s.Refusal = 3 }, mute, "searching for a network"},
		{"an error of COPS though registered", net(1, 1, 1), func(s *Status) { s.Refusal = 30 }, sending, "ready, registered"},
		{"searching", net(2, 2, 2), nil, mute, "searching for a network, signal"},
		{"searching, deaf", net(2, 2, 2), func(s *Status) { s.RSSI = 0 }, mute, "searching for a network and hearing none: check the antenna"},
		{"searching on LTE", net(0, 0, 2), nil, mute, "searching for a network"},
		{"out of reach", net(4, 4, 4), nil, mute, "out of reach of any network: move the antenna"},
		{"idle", net(0, 0, 0), nil, mute, "not registered and not searching: check the antenna"},
		{"told to stay away", net(0, 0, 0), func(s *Status) { s.Selection = 2 }, mute, "…AT+COPS=0 lets it search"},
		{"bound to a network by hand", net(2, 2, 2), func(s *Status) { s.Selection = 1 }, mute, "…AT+COPS=0 lets it choose"},
		{"nothing told", net(u, u, u), nil, mute, "not known yet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := c.status
			if c.more != nil {
				c.more(&s)
			}
			got := judge(s)
			if rest, in := strings.CutPrefix(c.verdict, "…"); !strings.HasPrefix(got.Verdict, c.verdict) && !(in && strings.Contains(got.Verdict, rest)) {
				t.Errorf("%q, want %q", got.Verdict, c.verdict)
			}
			if got.Registered != c.sends {
				t.Errorf("registered %v, want %v", got.Registered, c.sends)
			}
			if roaming := strings.Contains(c.name, "roaming") && s.Reg != statHome; got.Roaming != roaming {
				t.Errorf("roaming %v, want %v", got.Roaming, roaming)
			}
		})
	}
}

// What the modem is asked where things are not as usual, and how it is read.
func TestLook(t *testing.T) {
	usual := "> AT+CREG?\n< +CREG: 1,1\n< OK\n> AT+CGREG?\n< +CGREG: 1,1\n< OK\n> AT+CEREG?\n< +CEREG: 1,1\n< OK\n"
	packet := "> AT+CREG?\n< +CREG: 1,3\n< OK\n> AT+CGREG?\n< +CGREG: 1,4\n< OK\n> AT+CEREG?\n< +CEREG: 1,1\n< OK\n"
	csq := "> AT+CSQ\n< +CSQ: 20,99\n< OK\n"
	cops := "> AT+COPS?\n< +COPS: 0,0,\"Net One\",7\n< OK\n"
	for _, c := range []struct {
		name, dialog string
		verdict      string
		check        func(Status) bool
	}{
		{"no +CSQ of LTE", usual + "> AT+CSQ\n< +CSQ: 99,99\n< OK\n> AT+CESQ\n< +CESQ: 99,99,255,255,20,16\n< OK\n" + cops,
			"LTE signal -125 dBm (very weak", func(s Status) bool { return s.RSRP == -125 && s.RSSI == 0 }},
		{"+CESQ of UMTS", usual + "> AT+CSQ\n< +CSQ: 99,99\n< OK\n> AT+CESQ\n< +CESQ: 99,99,46,30,255,255\n< OK\n" + cops,
			"signal -75 dBm", func(s Status) bool { return s.RSSI == -75 }},
		{"+CESQ of GSM", usual + "> AT+CSQ\n< +CSQ: 99,99\n< OK\n> AT+CESQ\n< +CESQ: 40,0,255,255,255,255\n< OK\n" + cops,
			"signal -71 dBm", func(s Status) bool { return s.RSSI == -71 }},
		{"another network", usual + csq + "> AT+COPS?\n< +COPS: 0,0,\"Other\",2\n< OK\n> AT+COPS=3,2\n< OK\n> AT+COPS?\n< +COPS: 0,2,\"310410\",2\n< OK\n> AT+COPS=3,0\n< OK\n",
			"ready, registered on Other", func(s Status) bool { return s.Serving == "310410" && s.Technology == 2 }},
		{"a network that has only a number", usual + csq + "> AT+COPS?\n< +COPS: 0,2,\"26203\"\n< OK\n",
			"ready, registered on network 26203", func(s Status) bool { return s.Serving == "26203" && s.Operator == "" }},
		{"IMS without SMS", packet + csq + cops + "> AT+CIREG?\n< +CIREG: 0,1,1\n< OK\n> AT+CGSMS?\n< +CGSMS: 1\n< OK\n> AT+CEER\n< +CEER: \"No cause information available\"\n< OK\n",
			"packet service only: this SIM has no SMS subscription: ask", func(s Status) bool { return s.IMS == 0 && s.Service == 1 && !s.Registered }},
		{"IMS with SMS", packet + csq + cops + "> AT+CIREG?\n< +CIREG: 0,1,5\n< OK\n> AT+CGSMS?\n< ERROR\n> AT+CEER\n< ERROR\n",
			"SMS over IMS", func(s Status) bool { return s.IMS == 1 && s.Service == -1 && s.Registered }},
		{"no +CIREG, and a cause", packet + csq + cops + "> AT+CIREG?\n< ERROR\n> AT+CGSMS?\n< +CGSMS: 3\n< OK\n> AT+CEER\n< +CEER: \"EMM cause\",18,\"CS domain not available\"\n< OK\n",
			"it seems (it says: EMM cause,18,CS domain not available)", func(s Status) bool { return s.IMS == -1 && s.Service == 3 && s.Registered }},
		{"registered while it is asked", strings.ReplaceAll(usual, ",1\n", ",2\n") + csq + "< +CREG: 5\n" + cops,
			"ready, registered on Net One (roaming)", func(s Status) bool { return s.Reg == 5 && s.PSReg == 2 && s.Registered }},
		{"+COPS refused", strings.ReplaceAll(usual, ",1\n", ",2\n") + csq + "> AT+COPS?\n< +CME ERROR: 32\n",
			"only emergency calls", func(s Status) bool { return s.Refusal == 32 && s.Serving == "" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.up()
				b.play("include sweep.at\n" + c.dialog + "silence 1s")
				if s := b.Status(); !strings.Contains(s.Verdict, c.verdict) || !c.check(s) {
					t.Errorf("%+v, want %q", s, c.verdict)
				}
			})
		})
	}
}
