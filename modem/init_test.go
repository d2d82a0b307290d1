package modem

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// upWith is the usual dialogue with one file of it played otherwise.
func upWith(t *testing.T, file, instead string) string {
	t.Helper()
	text := "include up.at\n"
	for {
		before, name, ok := strings.Cut(text, "include ")
		if !ok {
			return text
		}
		name, after, _ := strings.Cut(name, "\n")
		if name == file {
			text = before + instead + "\n" + after
			continue
		}
		text = before + dialog(t, name) + "\n" + after
	}
}

// replaced is the usual dialogue with some of its lines played otherwise.
func replaced(t *testing.T, pairs ...string) string {
	t.Helper()
	text := upWith(t, "", "")
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("no %q in the dialogue", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

const (
	noCPMS   = "> AT+CPMS=?\n< ERROR\n> AT+CPMS?\n< ERROR\n> AT+CMGR=?\n< ERROR\n"
	someCPMS = "> AT+CPMS=?\n< +CPMS: (\"SM\"),(\"SM\"),(\"SM\")\n< OK\n> AT+CPMS=\"SM\",\"SM\",\"SM\"\n< +CPMS: 0,20,0,20,0,20\n< OK\n" +
		"> AT+CPMS?\n< +CPMS: \"SM\",0,20,\"SM\",0,20,\"SM\",0,20\n< OK\n"
	cnmiAll = "> AT+CNMI=?\n< +CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\n< OK\n"
	pinOK   = "> AT+CPIN?\n< +CPIN: READY\n< OK\n"
	cnmi21  = "> AT+CNMI=2,1,0,1,0\n< OK\n> AT+CNMI?\n< +CNMI: 2,1,0,1,0\n< OK\n"
	cnmi22  = "> AT+CNMI=2,2,0,1,0\n< OK\n> AT+CNMI?\n< +CNMI: 2,2,0,1,0\n< OK\n"
	storeSM = "> AT+CPMS?\n< +CPMS: \"SM\",0,20,\"SM\",0,20,\"SM\",0,20\n< OK\n" // at the end of a sweep
	csms1   = "> AT+CSMS=1\n< +CSMS: 1,1,1\n< OK\n> AT+CSMS?\n< +CSMS: 1,1,1,1\n< OK\n"
	home    = "> AT+CRSM=176,28589,0,0,4\n< +CRSM: 144,0,\"00000002\"\n< OK\n"
	plmn    = "> AT+COPS=3,2\n< OK\n> AT+COPS?\n< +COPS: 0,2,\"26201\",7\n< OK\n> AT+COPS=3,0\n< OK\n"
	listSM  = "> AT+CMGL=4\n< OK\n"
)

func TestBringUpVariants(t *testing.T) {
	for _, c := range []struct{ name, dialog string }{
		{"the modem sleeps at first", "> ^[\n> ATE0\npass 2s\n> ^[\n> ATE0\npass 2s\n" + replaced(t)},
		{"a dead predecessor left it at a prompt", replaced(t, "> ATE0\n< OK\n", "prompt\n> ATE0\n< +CMS ERROR: 500\n< OK\n")},
		{"an answer to a predecessor is late", replaced(t, "> AT+CMEE?\n", "> AT+CMEE?\n< +CMGS: 17\n< OK\n")},
		{"a start tells of itself", replaced(t, "> ATE0\n< OK\n", "> ATE0\n< RDY\n< +CFUN: 1\n< OK\n", "> AT+CMGF=0\n", "< +QIND: SMS DONE\n> AT+CMGF=0\n")},
		{"echo stays on until ATE0", replaced(t, "> ATE0\n< OK\n", "> ATE0\n<raw ATE0\\r\\r\\nOK\\r\\n\n")},
		{"optional commands are missing", replaced(t, "> AT+CFUN?\n< +CFUN: 1\n< OK\n", "> AT+CFUN?\n< ERROR\n",
			"> AT+CGMR\n< Revision: 1.0\n< OK\n", "> AT+CGMR\n< COMMAND NOT SUPPORT\n",
			csms1, "> AT+CSMS=1\n< ERROR\n> AT+CSMS?\n< +CSMS: 0,1,1,1\n< OK\n",
			"> AT+CNUM\n< +CNUM: \"\",\"+491700000001\",145\n< OK\n", "> AT+CNUM\n< +CME ERROR: 22\n",
			"> AT+CEREG=1\n< OK\n", "> AT+CEREG=1\n< ERROR\n", "> AT+CEREG?\n< +CEREG: 1,1\n< OK\n", "> AT+CEREG?\n< ERROR\n",
			"> AT+COPS?\n< +COPS: 0,0,\"Net One\",7\n< OK\n", "> AT+COPS?\n< +CME ERROR: 3\n", plmn, "",
			home, "> AT+CRSM=176,28589,0,0,4\n< ERROR\n",
			listSM, "> AT+CMGL=4\n< +CMS ERROR: 321\n")},
		{"flight mode", replaced(t, "< +CFUN: 1\n< OK\n", "< +CFUN: 4\n< OK\n> AT+CFUN=1\n< OK\n")},
		{"SIM slow after a start", replaced(t, pinOK, "> AT+CPIN?\n< +CME ERROR: 14\npass 1s\n> AT+CPIN?\n< +CME ERROR: 10\npass 2s\n"+pinOK)},
		{"store busy after a start", replaced(t, "> AT+CPMS=?\n", "> AT+CPMS=?\n< +CMS ERROR: 314\npass 1s\n> AT+CPMS=?\n")},
		{"Siemens is not ready after a start", replaced(t, "> AT+CMGF=0\n", "> AT+CMGF=0\n< +CMS ERROR: 532\npass 1s\n> AT+CMGF=0\n")},
		{"ICCID by the third name", replaced(t, "> AT+CCID\n< +CCID: 89490200001234567890\n< OK\n",
			"> AT+CCID\n< ERROR\n> AT+QCCID\n< ERROR\n> AT+ICCID\n< ICCID: 89490200001234567890F\n< OK\n")},
		{"ICCID from the card", replaced(t, "> AT+CCID\n< +CCID: 89490200001234567890\n< OK\n",
			"> AT+CCID\n< ERROR\n> AT+QCCID\n< ERROR\n> AT+ICCID\n< ERROR\n> AT+CICCID\n< ERROR\n> AT^ICCID?\n< ERROR\n"+
				"> AT+CRSM=176,12258,0,0,10\n< +CRSM: 144,0,\"98942000002143658709\"\n< OK\n")},
		{"Huawei offers mode 2 and refuses it", replaced(t, cnmi21,
			"> AT+CNMI=2,1,0,1,0\n< +CMS ERROR: 303\n> AT+CNMI=2,1,0,1,1\n< +CMS ERROR: 303\n> AT+CNMI=1,1,0,1,0\n< OK\n> AT+CNMI?\n< +CNMI: 1,1,0,1,0\n< OK\n")},
		{"no telling at all: CNMI refused", replaced(t, cnmiAll+cnmi21, "> AT+CNMI=?\n< +CNMI: (0),(1),(0),(0),(0)\n< OK\n")},
		{"no store: direct mode", replaced(t, someCPMS, noCPMS, cnmi21, cnmi22, listSM, "")},
		{"two stores", replaced(t, someCPMS,
			"> AT+CPMS=?\n< +CPMS: (\"ME\",\"MT\",\"SM\"),(\"ME\",\"SM\"),(\"ME\",\"SM\")\n< OK\n> AT+CPMS=\"ME\",\"ME\",\"ME\"\n< +CPMS: 0,20,0,20,0,20\n< OK\n"+
				"> AT+CPMS?\n< +CPMS: \"ME\",0,20,\"ME\",0,20,\"ME\",0,20\n< OK\n",
			listSM, "> AT+CPMS=\"ME\";+CMGL=4\n< +CPMS: 0,1,0,1,0,1\n< OK\n> AT+CPMS=\"SM\";+CMGL=4\n< +CPMS: 0,1,0,1,0,1\n< OK\n")},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.play(c.dialog)
				synctest.Wait()
				select {
				case <-b.Ready():
				default:
					b.play("silence 1s")
					t.Errorf("not up: %+v\n%s", b.Status(), b.traced())
				}
			})
		})
	}
}

func TestSilentModem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		<-b.ended
		if !errors.Is(b.err, ErrSilent) || strings.Contains(b.traced(), "^Z") {
			t.Errorf("%v\n%s", b.err, b.traced())
		}
		if v := b.Status().Verdict; !strings.Contains(v, "does not answer") {
			t.Error(v)
		}
		b.close()
	})
}

func TestServiceCentreIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{SMSC: "+491710760000"})
		defer b.close()
		b.play(replaced(t, "> AT+CSCA?\n", "> AT+CSCA=\"+491710760000\",145\n< OK\n> AT+CSCA?\n"))
	})
}

func TestSIMTrouble(t *testing.T) {
	begin, _, _ := strings.Cut(replaced(t), "> AT+CPIN?")
	for _, c := range []struct{ name, dialog, state, verdict string }{
		{"absent", strings.Repeat("> AT+CPIN?\n< +CME ERROR: 10\n", 9), "absent", "no SIM in the modem"},
		{"not inserted", strings.Repeat("> AT+CPIN?\n< +CPIN: NOT INSERTED\n< OK\n", 9), "absent", "no SIM in the modem"},
		{"PUK", "> AT+CPIN?\n< +CPIN: SIM PUK\n< OK\n", "puk", "wants its PUK"},
		{"PUK as an error", "> AT+CPIN?\n< +CME ERROR: 12\n", "puk", "wants its PUK"},
		{"PUK as an error in words", "> AT+CPIN?\n< +CME ERROR: SIM PUK required\n", "puk", "wants its PUK"},
		{"another lock", "> AT+CPIN?\n< +CPIN: PH-NET PIN\n< OK\n", "pin", "PH-NET PIN"},
		{"PIN unknown", "> AT+CPIN?\n< +CPIN: SIM PIN\n< OK\n> AT+CPINR\n< +CPINR: SIM PIN,2,3\n< OK\n", "pin", "wants its PIN (attempts left: 2): configure pin_file"},
		{"broken", strings.Repeat("> AT+CPIN?\n< +CME ERROR: 13\n", 9), "failure", "clean or replace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.play(begin + c.dialog)
				<-b.ended
				var sim *SIMError
				if !errors.As(b.err, &sim) || sim.State != c.state || !strings.Contains(b.Status().Verdict, c.verdict) {
					t.Errorf("%v; %s", b.err, b.Status().Verdict)
				}
			})
		})
	}
}

// guard is a PINGuard in memory.
type guard struct{ tried, good []string }

func pair(iccid string, digest [32]byte) string { return iccid + string(digest[:]) }

func (g *guard) Try(iccid string, digest [32]byte) (bool, error) {
	if slices.Contains(g.tried, pair(iccid, digest)) {
		return false, nil
	}
	g.tried = append(g.tried, pair(iccid, digest))
	return true, nil
}

func (g *guard) Confirm(iccid string, digest [32]byte) error {
	g.good = append(g.good, pair(iccid, digest))
	return nil
}

func TestPIN(t *testing.T) {
	const (
		iccid  = "89490200001234567890"
		wants  = "> AT+CPIN?\n< +CPIN: SIM PIN\n< OK\n"
		card   = "> AT+CCID\n< +CCID: " + iccid + "\n< OK\n"
		three  = "> AT+CPINR\n< +CPINR: SIM PIN,3,3\n< +CPINR: SIM PUK,10,10\n< OK\n"
		enters = "> AT+CPIN=\"1357\"\n"
	)
	digest := sha256.Sum256([]byte(iccid + "\x001357"))
	begin, _, _ := strings.Cut(replaced(t), "> AT+CPIN?")
	for _, c := range []struct {
		name, pin, dialog string
		tried             bool // before
		want              string
	}{
		{"taken", "1357\n", wants + card + three + enters + "<raw AT+CPIN=\"1357\"\\r\\r\\nOK\\r\\n\n> AT+CPIN?\n< +CPIN: READY\n< OK\n", false, ""},
		{"taken, its echo comes late", "1357", wants + card + three + enters + "< OK\n> AT+CPIN?\n< AT+CPIN=\"1357\"\n< +CPIN: READY\n< OK\n", false, ""},
		{"refused", "1357", wants + card + three + enters + "< +CME ERROR: 16\n", false, "refused the PIN"},
		{"tried before", "1357", wants + card + three, true, "tried on this SIM before"},
		{"one attempt left", "1357", wants + card + "> AT+CPINR\n< +CPINR: SIM PIN,1,3\n< OK\n", false, "1 PIN attempt left"},
		{"one left, Huawei", "1357", wants + card + "> AT+CPINR\n< ERROR\n> AT^CPIN?\n< ^CPIN: SIM PIN,,10,1,10,3\n< OK\n", false, "1 PIN attempt left"},
		{"one left, Quectel", "1357", wants + card + "> AT+CPINR\n< ERROR\n> AT^CPIN?\n< ERROR\n> AT+QPINC=\"SC\"\n< +QPINC: \"SC\",1,10\n< OK\n", false, "1 PIN attempt left"},
		{"not digits", "13x7", wants, false, "not 4 to 8 digits"},
		{"taken, then wanted again", "1357", wants + card + three + enters + "< OK\n" + strings.Repeat(wants, 8), false, "asks for it again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &guard{}
				if c.tried {
					g.tried = []string{pair(iccid, digest)}
				}
				b := newBench(t, Options{PIN: func() (string, error) { return c.pin, nil }, PINGuard: g})
				defer b.close()
				begin := begin
				if strings.Contains(c.dialog, "AT+CPIN=") { // the modem's echo cannot be turned off
					begin = strings.Replace(begin, "> AT+CMEE?\n", "> AT+CMEE?\n< AT+CMEE?\n", 1)
				}
				b.play(begin + c.dialog)
				if c.want == "" {
					b.play("> AT+CCID")
					if want := pair(iccid, digest); !slices.Equal(g.good, []string{want}) {
						t.Error("the good PIN is not confirmed")
					}
				} else {
					<-b.ended
					var sim *SIMError
					if !errors.As(b.err, &sim) || !strings.Contains(b.err.Error(), c.want) {
						t.Error(b.err)
					}
				}
				if strings.Contains(b.traced(), "1357") || b.err != nil && strings.Contains(b.err.Error(), "1357") {
					t.Errorf("the PIN shows: %v\n%s", b.err, b.traced())
				}
			})
		})
	}
}

// Without something that keeps count no PIN is tried, and a PUK never.
func TestPINUnguarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, _, _ := strings.Cut(replaced(t), "> AT+CPIN?")
		b := newBench(t, Options{PIN: func() (string, error) { return "1357", nil }})
		defer b.close()
		b.play(begin + "> AT+CPIN?\n< +CPIN: SIM PIN\n< OK")
		<-b.ended
		if strings.Contains(b.traced(), "CPIN=") {
			t.Error(b.traced())
		}
	})
}

func TestRestartEndsRun(t *testing.T) {
	for _, c := range []struct{ name, dialog string }{
		{"boot word", "pass 5s\n< ^SYSSTART"},
		{"with noise before it", `<raw \xff\xfe\x00RDY\r\n`},
		{"late word for the second time", "< +QIND: SMS DONE\npass 10s\n< +QIND: SMS DONE"},
		{"late word long after the start", "include sweep.at\ninclude look.at\npass 59s\ninclude look.at\npass 30s\n< SMS Ready"},
		{"settings lost", "< ^SMMEMFULL: \"SM\"\n> AT+CMEE?\n< +CMEE: 0\n< OK"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.up()
				b.play(c.dialog)
				time.Sleep(time.Second)
				synctest.Wait()
				select {
				case <-b.ended:
				default:
					t.Fatal("Run goes on\n", b.traced())
				}
				if !errors.Is(b.err, ErrRestarted) {
					t.Error(b.err)
				}
			})
		})
	}
}

func TestSIMChangeEndsRun(t *testing.T) {
	for name, text := range map[string]string{
		"taken out": "< +CPIN: NOT INSERTED",
		"exchanged": "< ^SMMEMFULL: \"SM\"\n> AT+CMEE?\n< +CMEE: 1\n< OK\n> AT+CIMI\n< 262020000000001\n< OK\n> AT+CIMI\n< 262020000000001\n< OK",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				b.up()
				b.play(text)
				<-b.ended
				var sim *SIMError
				if !errors.As(b.err, &sim) {
					t.Error(b.err)
				}
			})
		})
	}
}

// A modem that is slow to read its SIM is waited for, however long that takes: it is
// not used with half of its settings.
func TestNotReadyForSMSYet(t *testing.T) {
	for _, said := range []string{"+CMS ERROR: 314", "+CMS ERROR: 515", "+CMS ERROR: 517", "+CME ERROR: 14", "+CME ERROR: 515"} {
		t.Run(said, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Options{})
				defer b.close()
				begin, _, _ := strings.Cut(replaced(t), "> AT+CPMS=?")
				refused := "> AT+CPMS=?\n< " + said + "\n"
				b.play(begin + refused + "pass 1s\n" + refused + "pass 2s\n" + refused + "pass 4s\n" + refused)
				if v := b.Status().Verdict; v != "the SIM is busy" {
					t.Error(v)
				}
				for range 11 { // of 5 s each
					b.play("pass 5s\n" + refused)
				}
				<-b.ended
				var sim *SIMError
				if !errors.As(b.err, &sim) || sim.State != "busy" || !strings.Contains(b.Status().Verdict, "not ready for short messages yet") {
					t.Errorf("%v; %s", b.err, b.Status().Verdict)
				}
			})
		})
	}
}

// witness is a guard that remembers an attempt which was cut short.
type witness struct {
	guard
	open    bool
	refused []string
}

func (w *witness) Open(string, [32]byte) (bool, error) { return w.open, nil }

func (w *witness) Refused(iccid string, digest [32]byte) error {
	w.refused = append(w.refused, pair(iccid, digest))
	return nil
}

// An attempt that was cut short is made again if the SIM has counted no wrong PIN, and
// only then.
func TestPINCutShort(t *testing.T) {
	const (
		iccid = "89490200001234567890"
		asks  = "> AT+CPIN?\n< +CPIN: SIM PIN\n< OK\n> AT+CCID\n< +CCID: " + iccid + "\n< OK\n"
	)
	digest := sha256.Sum256([]byte(iccid + "\x001357"))
	begin, _, _ := strings.Cut(replaced(t), "> AT+CPIN?")
	for _, c := range []struct {
		name, left string
		open       bool
		tried      bool
	}{
		{"none counted", "> AT+CPINR\n< +CPINR: SIM PIN,3,3\n< OK\n", true, true},
		{"one counted", "> AT+CPINR\n< +CPINR: SIM PIN,2,3\n< OK\n", true, false},
		{"none counted, but it was refused", "> AT+CPINR\n< +CPINR: SIM PIN,3,3\n< OK\n", false, false},
		{"nothing tells", "> AT+CPINR\n< ERROR\n> AT^CPIN?\n< ERROR\n> AT+QPINC=\"SC\"\n< ERROR\n> AT+SPIC\n< ERROR\n", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &witness{guard: guard{tried: []string{pair(iccid, digest)}}, open: c.open}
				b := newBench(t, Options{PIN: func() (string, error) { return "1357", nil }, PINGuard: w})
				defer b.close()
				b.play(begin + asks + c.left)
				if c.tried {
					b.play("> AT+CPIN=\"1357\"\n< +CME ERROR: 16\n")
				}
				<-b.ended
				want := map[bool]string{true: "refused the PIN", false: "tried on this SIM before"}[c.tried]
				if b.err == nil || !strings.Contains(b.err.Error(), want) || (len(w.refused) == 1) != c.tried {
					t.Errorf("%v, %d refusals recorded", b.err, len(w.refused))
				}
			})
		})
	}
}
