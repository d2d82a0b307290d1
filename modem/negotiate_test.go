package modem

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var agreedService = Agreed{"(0,1)", "1", "1"}

// What families and their members agree to, each told in a dialogue of its own.
func TestNegotiated(t *testing.T) {
	domain, link := Agreed{"(0-3)", "", "3"}, Agreed{"(0-2)", "1", "1"}
	cpms := Agreed{`("SM"),("SM"),("SM")`, "SM", `"SM",0,20,"SM",0,20,"SM",0,20`}
	stores := []Store{{"SM", 0, 20}}
	for file, want := range map[string]Negotiated{
		"up.at": {Profile: "generic-uart", CSMS: agreedService, CGSMS: domain, CPMS: cpms, CMMS: link, Acks: true, Stores: stores,
			CNMI: Agreed{"(0-2),(0-3),(0,2),(0-2),(0,1)", "2,1,0,1,0", "2,1,0,1"}},
		"m26.at": {Profile: "quectel-gsm", CSMS: Agreed{"(0,128)", "128", "128"}, CGSMS: domain, CPMS: cpms, CMMS: link, Acks: true, Stores: stores,
			CNMI: Agreed{"(0-3),(0-3),(0,2,3),(0-2),(0,1)", "2,1,0,1,0", "2,1,0,1"}},
		"mc75i.at": {Profile: "siemens-mc75", CSMS: agreedService, CPMS: cpms, Acks: true, Stores: stores,
			CNMI:    Agreed{"(0-3),(0,1),(0,2,3),(0-2),(1)", "2,1,0,1,1", "2,1,0,1"},
			Refused: []string{"AT+CMMS=1: refused"}},
		"sim800.at": {Profile: "simcom-gsm", CSMS: Agreed{"(0,1)", "0", "0"}, CGSMS: domain, CPMS: cpms, CMMS: link, Stores: stores,
			CNMI: Agreed{"(0,1,2),(0,1,2,3),(0,2),(0,1),(0,1)", "2,1,0,1,0", "2,1,0,1"}},
		"novatel.at": {Profile: "novatel", CSMS: Agreed{"(0,1)", "1", ""}, CGSMS: Agreed{"(0-3)", "3", "3"}, CPMS: cpms, CMMS: link, Stores: stores,
			CNMI: Agreed{"(1,2),(0-3),(0,2),(0-2),(0,1)", "1,1,0,2,0", "1,1,0,2"}},
		"wavecom.at": {Profile: "wavecom", CSMS: agreedService, CMMS: link, Acks: true, Stores: []Store{{"SM", 17, 20}},
			CPMS:    Agreed{`(("SM","BM","SR"),("SM"))`, "SM", `"SM",17,20,"SM",17,20`},
			CNMI:    Agreed{"(0-2),(0-3),(0,2),(0-2),(0,1)", "2,1,0,1,0", "2,1,0,1"},
			Refused: []string{`AT+CPMS="SM","SM","SM": +CMS ERROR: 302`}},
		"keeps-not.at": {Profile: "generic-uart", CSMS: agreedService, CGSMS: Agreed{"(0-3)", "1", "1"}, CPMS: cpms, CMMS: Agreed{"(0-2)", "1", "0"}, Acks: true, Stores: stores,
			CNMI: Agreed{"(0,1,2),(0-3),(0,2),(0-2),(0)", "2,1,0,2,0", "2,1,0,2"},
			Refused: []string{"AT+CGSMS=3: taken, and 0 is read back", "AT+CMMS=1: taken, and 0 is read back",
				"AT+CNMI=2,1,0,1,0: taken, and 2,1,0,0 is read back", "AT+CNMI=1,1,0,1,0: taken, and 0,0,0,0 is read back"}},
	} {
		t.Run(file, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.play("include " + file)
				<-b.Ready()
				if diff := cmp.Diff(want, b.Negotiated(), cmpopts.EquateEmpty()); diff != "" {
					t.Error(diff)
				}
				if b.Profile().Name != want.Profile {
					t.Errorf("profile %s", b.Profile().Name)
				}
			})
		})
	}
}

// The domain that has worked stays the first, and is the only one where the modem knows
// no other.
func TestDomain(t *testing.T) {
	const offer, had = "> AT+CGSMS=?\n< +CGSMS: (0-3)\n< OK\n", "> AT+CGSMS?\n< +CGSMS: 3\n< OK\n"
	ask := func(n int) string { return fmt.Sprintf("> AT+CGSMS?\n< +CGSMS: %d\n< OK\n", n) }
	for name, dialog := range map[string]string{
		"packet only":                 offer + ask(0) + "> AT+CGSMS=2\n< OK\n" + ask(2),
		"circuit switched only":       offer + ask(1) + "> AT+CGSMS=3\n< OK\n" + ask(3),
		"both, packet first":          offer + ask(2),
		"refused":                     offer + ask(1) + "> AT+CGSMS=3\n< +CME ERROR: 3\n" + ask(1),
		"no other is offered":         "> AT+CGSMS=?\n< +CGSMS: (0,1)\n< OK\n" + ask(0),
		"the one it needs is missing": "> AT+CGSMS=?\n< +CGSMS: (0,1,3)\n< OK\n" + ask(0),
		"not told":                    offer + "> AT+CGSMS?\n< ERROR\n",
		"unknown":                     "> AT+CGSMS=?\n< ERROR\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.play(replaced(t, offer+had, dialog))
				<-b.Ready()
			})
		})
	}
}

// lines of a row for a modem that says it is made by Simulated.
func simulated(t *testing.T, keys string) Profiles {
	t.Helper()
	table, err := parseProfiles("[[profile]]\nname = 'own'\nsource = 's'\nmaker = ['simulated']\n" + keys)
	if err == nil {
		err = table.resolve()
	}
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// What a row says is said and tried before what the modem offers.
func TestProfileIsUsed(t *testing.T) {
	const named = "< 490154203237518\n< OK\n"
	for _, c := range []struct{ name, row, old, new string }{
		{"init; a refusal is no fault", "init = ['^CURC=0', '+ZOPRT=5']", named, named + "> AT^CURC=0\n< COMMAND NOT SUPPORT\n> AT+ZOPRT=5\n< OK\n"},
		{"cnmi", "cnmi = ['3,1,0,0', '1,2,0,0', '1,1,0,0,1']", cnmi21,
			"> AT+CNMI=3,1,0,0\n< ERROR\n> AT+CNMI=1,1,0,0,1\n< OK\n> AT+CNMI?\n< +CNMI: 1,1,0,0,1\n< OK\n"},
		{"cnmi of a row first, then the walk", "cnmi = ['3,1,0,0']\nwalk = { mode = [1], ds = [2, 0], bfr = [1] }", cnmi21,
			"> AT+CNMI=3,1,0,0\n< ERROR\n> AT+CNMI=1,1,0,2,1\n< ERROR\n> AT+CNMI=1,1,0,0,1\n< OK\n> AT+CNMI?\n< +CNMI: 1,1,0,0,1\n< OK\n"},
		{"receive", "receive = 'direct'", cnmi21, cnmi22},
		{"csms", "csms = 128", "> AT+CSMS=?\n< +CSMS: (0,1)\n< OK\n" + csms1,
			"> AT+CSMS=?\n< ERROR\n> AT+CSMS=128\n< OK\n> AT+CSMS?\n< +CSMS: 128,1,1,1\n< OK\n"},
		{"a service that is not offered is not asked for", "csms = 128", csms1, "> AT+CSMS?\n< +CSMS: 1,1,1,1\n< OK\n"},
		{"noise in an answer in plain text", "noise = ['NETWORK TIME']", cimi, "> AT+CIMI\n< NETWORK TIME: 12345678901234567890\n< 262011234567890\n< OK\n"},
		{"noise before a PDU", "noise = ['NETWORK TIME']", listSM,
			"> AT+CMGL=4\n< +CMGL: 1,1,,22\n< NETWORK TIME: 12\n< " + mtA + "\n< OK\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Profiles: simulated(t, c.row)})
				defer b.close()
				b.play(replaced(t, c.old, c.new))
				<-b.Ready()
				if b.Profile().Name != "own" || b.Identity().IMSI != "262011234567890" {
					t.Errorf("%s %+v", b.Profile().Name, b.Identity())
				}
				if strings.Contains(c.name, "PDU") {
					b.get("SM 1 "+mtA, "")
				}
			})
		})
	}
}

// The form of +CNMA that a make takes is used at once; another is tried where it is
// refused all the same.
func TestAcknowledgementOfAMake(t *testing.T) {
	const cmt = "< +CMT: ,22\n< "
	for row, dialog := range map[string]string{
		"cnma = '=1'":   "> AT+CNMA=1\n< OK",
		"cnma = '=0'":   "> AT+CNMA=0\n< ERROR\n> AT+CNMA\n< OK",
		"cnma = 'bare'": "> AT+CNMA\n< OK",
	} {
		t.Run(row, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{Receive: ReceiveDirect, Profiles: simulated(t, row)})
				defer b.close()
				b.play(replaced(t, cnmi21, cnmi22))
				<-b.Ready()
				b.accepted(b.get("direct "+mtA, cmt+mtA), dialog)
			})
		})
	}
}

// Of a make that must not be acknowledged nothing is: what it hands on all the same has
// been acknowledged by itself.
func TestNeverAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{Receive: ReceiveDirect})
		defer b.close()
		b.play("include sim800.at")
		<-b.Ready()
		b.accepted(b.get("direct "+mtA, "< DST: 1\n< +CMT: ,22\n< *PSUTTZ: 26,11,26\n< "+mtA), "")
		b.none("silence 1s")
	})
}

// A modem that is not yet up is waited for as its make, or the user, says.
func TestSlowBoot(t *testing.T) {
	for _, o := range []Options{{USB: "1bc7:1040"}, {Boot: 42 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, o)
			defer b.close()
			b.play(strings.Repeat("> ^[\n> ATE0\npass 2s\n", 20) + replaced(t))
			<-b.Ready()
		})
	}
}

// The row for the device's ids counts before the modem has said its name: noise may come
// in between.
func TestProfileByUSB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{USB: "1e0e:9001"})
		defer b.close()
		b.play(replaced(t, "> AT+CGMI\n< Simulated\n< OK\n", "> AT+CGMI\n< PB DONE\n< Simulated\n< OK\n",
			"> AT+CSMS=1\n< +CSMS: 1,1,1\n< OK\n> AT+CSMS?\n< +CSMS: 1,1,1,1\n", "> AT+CSMS=0\n< OK\n> AT+CSMS?\n< +CSMS: 0,1,1,1\n",
			cnmi21, strings.ReplaceAll(cnmi21, "2,1,0,1,0", "1,1,0,1,0")))
		<-b.Ready()
		if b.Identity().Manufacturer != "Simulated" || b.Profile().Name != "simcom" {
			t.Errorf("%q is taken for %s", b.Identity().Manufacturer, b.Profile().Name)
		}
	})
}

// A variant without SMS says so when it refuses PDU mode.
func TestNoSMSVariant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		begin, _, _ := strings.Cut(replaced(t, "< Simulated", "< SIMCOM INCORPORATED", "< M1", "< A7670E-LNXY-UBL"), "> AT+CMGF=0")
		b.play(begin + "> AT+CMGF=0\n< ERROR\n")
		<-b.ended
		if v := b.Status().Verdict; !strings.Contains(v, "no SMS at all") {
			t.Error(v)
		}
	})
}
