package modemtest

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// quietly is how the dialogues begin.
const quietly = `
	> ATE0+CMEE=1
	<< "ATE0+CMEE=1\r\r\nOK\r\n"
`

// helloTo491702 is a SUBMIT of "hello" to +491702 without SMSC field: 17 octets
// of TPDU.
const helloTo491702 = "001100069194712000000005E8329BFD06"

func TestSend(t *testing.T) {
	type got struct{ from, text string }
	run := func(t *testing.T, mo ModemOptions, script string) (texts []got, m *Modem) {
		inLab(t, AirOptions{}, mo, func(l *lab) {
			m = l.m
			h := l.air.NewHandset("+491702", nil)
			h.OnMessage(func(_ *Handset, d *pdu.Deliver) {
				text, _ := d.UD.Text(d.DCS)
				texts = append(texts, got{d.OA.String(), text})
			})
			l.talk(quietly + script)
			time.Sleep(time.Second)
			synctest.Wait()
		})
		return texts, m
	}
	t.Run("PDU mode", func(t *testing.T) {
		texts, m := run(t, ModemOptions{SubmitTime: 2 * time.Second}, `
			> AT+CMGS=16
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMGS: 1
			< OK
			> AT+CMGS=16
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMGS: 2
			< OK`)
		if len(texts) != 2 || texts[0] != (got{"+491701", "hello"}) {
			t.Errorf("the handset got %v", texts)
		}
		if m.Submits() != 2 {
			t.Errorf("%d submits, want 2", m.Submits())
		}
	})
	t.Run("text mode", func(t *testing.T) {
		texts, _ := run(t, ModemOptions{}, `
			> AT+CMGF=1;+CSCS="GSM"
			< OK
			> AT+CMGS="+491702"
			<< "\r\n> "
			> hello
			<< "\r\n> "
			> worlb\x08d^Z
			< +CMGS: 1
			< OK`)
		if len(texts) != 1 || texts[0].text != "hello\nworld" {
			t.Errorf("the handset got %v", texts)
		}
	})
	t.Run("UCS2 text mode", func(t *testing.T) {
		texts, _ := run(t, ModemOptions{}, `
			> AT+CMGF=1;+CSCS="UCS2";+CSMP=17,167,0,8
			< OK
			> AT+CMGS="002B003400390031003700300032"
			<< "\r\n> "
			> 0416^Z
			< +CMGS: 1
			< OK`)
		if len(texts) != 1 || texts[0].text != "Ж" {
			t.Errorf("the handset got %v", texts)
		}
	})
	t.Run("what is refused is not sent", func(t *testing.T) {
		texts, _ := run(t, ModemOptions{}, `
			# ESC
			> AT+CMGS=16
			<< "\r\n> "
			> 0011^[
			< OK
			# length and PDU differ: one octet too many, one too few
			> AT+CMGS=15
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMS ERROR: 304
			> AT+CMGS=17
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMS ERROR: 304
			# no hex
			> AT+CMGS=16
			<< "\r\n> "
			> hello world^Z
			< +CMS ERROR: 304
			# a DELIVER
			> AT+CMGS=19
			<< "\r\n> "
			> 0000069194712000006211320000000001C1^Z
			< +CMS ERROR: 304
			# out of range: no prompt
			> AT+CMGS=3
			< +CMS ERROR: 304
			> AT+CMGS=165
			< +CMS ERROR: 304`)
		if len(texts) != 0 {
			t.Errorf("the handset got %v", texts)
		}
	})
	t.Run("no service, no SMSC", func(t *testing.T) {
		texts, _ := run(t, ModemOptions{SMSC: "none"}, `
			> AT+CMGS=16
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMS ERROR: 330
			> AT+CSCA="+491710760000";+CFUN=4
			< OK
			> AT+CMGS=16
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMS ERROR: 331`)
		if len(texts) != 0 {
			t.Errorf("the handset got %v", texts)
		}
	})
	t.Run("from the store", func(t *testing.T) {
		texts, _ := run(t, ModemOptions{}, `
			> AT+CMGW=16
			<< "\r\n> "
			> `+helloTo491702+`^Z
			< +CMGW: 1
			< OK
			> AT+CMGR=1
			< +CMGR: 2,,16
			< `+helloTo491702+`
			< OK
			> AT+CMSS=1
			< +CMSS: 1
			< OK
			> AT+CMGL=3
			< +CMGL: 1,3,,16
			< `+helloTo491702+`
			< OK`)
		if len(texts) != 1 || texts[0].text != "hello" {
			t.Errorf("the handset got %v", texts)
		}
	})
}

// text sends a short message of text to the modem and waits for it to come.
func (l *lab) text(from, text string) {
	l.Helper()
	if err := l.air.NewHandset(from, nil).SendText(l.m.Number(), text); err != nil {
		l.Fatal(err)
	}
}

const deliverLine = `0791947101670000[0-9A-F]+`

func TestReceive(t *testing.T) {
	for name, test := range map[string]struct {
		o      ModemOptions
		setup  string
		dcs    pdu.DCS
		script string
	}{
		"mt 0 stores in silence": {setup: "> AT+CNMI=2,0\n< OK", script: `
			~ 1s
			> AT+CMGL=4
			< +CMGL: 1,0,,18
			<~ ` + deliverLine + `
			< OK`},
		"mt 1 stores and tells": {setup: "> AT+CNMI=2,1\n< OK", script: `
			< +CMTI: "SM",1
			> AT+CMGR=1
			< +CMGR: 0,,18
			<~ ` + deliverLine + `
			< OK
			> AT+CMGR=1
			< +CMGR: 1,,18
			<~ ` + deliverLine + `
			< OK
			> AT+CMGD=1
			< OK
			> AT+CMGR=1
			< +CMS ERROR: 321`},
		"mt 2 hands over": {setup: "> AT+CNMI=2,2\n< OK", script: `
			< +CMT: ,18
			<~ ` + deliverLine + `
			~ 1s
			> AT+CPMS?
			< +CPMS: "SM",0,30,"SM",0,30,"SM",0,30
			< OK`},
		"mt 2, class 2 goes to the SIM": {setup: `
			> AT+CPMS="ME","ME","ME"
			< +CPMS: 0,100,0,100,0,100
			< OK
			> AT+CNMI=2,2
			< OK`, dcs: 0xf2, script: `
			< +CMTI: "SM",1`},
		"mt 1, class 0 is shown": {setup: "> AT+CNMI=2,1\n< OK", dcs: 0xf0, script: `
			~ 1s
			> AT+CMGL=4
			< OK`},
		"mt 2, class 0 is handed over": {setup: "> AT+CNMI=2,2\n< OK", dcs: 0xf0, script: `
			< +CMT: ,18
			<~ ` + deliverLine},
		"mt 3, only class 3 is handed over": {setup: "> AT+CNMI=2,3\n< OK", dcs: 0xf3, script: `
			< +CMT: ,18
			<~ ` + deliverLine},
		"mt 3, class 1 is stored": {setup: "> AT+CNMI=2,3\n< OK", dcs: 0xf1, script: `
			< +CMTI: "SM",1`},
		"mode 0 buffers until there is another mode": {setup: "> AT+CNMI=0,2\n< OK", script: `
			~ 1s
			> AT+CNMI=2,2
			< OK
			< +CMT: ,18
			<~ ` + deliverLine},
		"bfr 1 throws the buffer away": {setup: "> AT+CNMI=0,2\n< OK", script: `
			~ 1s
			> AT+CNMI=2,2,0,0,1
			< OK
			~ 1s
			> AT
			< OK`},
		"nothing stands in the prompt": {setup: `
			> AT+CNMI=2,1
			< OK
			> AT+CMGS=16
			<< "\r\n> "`, script: `
			~ 1s
			> ` + helloTo491702 + `^Z
			<< "\r\n+CMTI: \"SM\",1\r\n\r\n+CMGS: 1\r\n\r\nOK\r\n"`},
		"text mode": {setup: "> AT+CMGF=1;+CNMI=2,2\n< OK", script: `
			<~ \+CMT: "\+491702",,"00/01/01,00:00:00\+00"
			< hi`},
		"text mode from the store": {setup: "> AT+CMGF=1;+CNMI=2,1\n< OK", script: `
			< +CMTI: "SM",1
			> AT+CMGL="ALL"
			< +CMGL: 1,"REC UNREAD","+491702",,"00/01/01,00:00:00+00"
			< hi
			< OK
			> AT+CSDH=1;+CMGR=1
			< +CMGR: "REC READ","+491702",,"00/01/01,00:00:00+00",145,4,0,0,"+491710760000",145,2
			< hi
			< OK`},
		"stores from 0, -1 and twice": {o: ModemOptions{Profile: func() Profile {
			p := Huawei
			p.MinusOne, p.Twice = true, true
			return p
		}()}, setup: "> AT+CNMI=1,2\n< OK", script: `
			< +CMTI: "SM",-1
			< +CMT: ,18
			<~ ` + deliverLine + `
			> AT+CMGL=4
			< +CMGL: 0,0,,18
			<~ ` + deliverLine + `
			< OK`},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, AirOptions{}, test.o, func(l *lab) {
				l.talk(quietly + test.setup)
				ud, err := pdu.GSM7UserData("hi")
				if err != nil {
					t.Fatal(err)
				}
				h := l.air.NewHandset("+491702", nil)
				if err := h.SendUserData(l.m.Number(), test.dcs, ud); err != nil {
					t.Fatal(err)
				}
				l.talk(test.script)
			})
		})
	}
}

func TestTypeZeroIsNotShown(t *testing.T) {
	for _, shows := range []bool{false, true} {
		p := Generic
		p.ShowsType0 = shows
		inLab(t, AirOptions{}, ModemOptions{Profile: p}, func(l *lab) {
			l.talk(quietly + "> AT+CNMI=2,1\n< OK")
			h := l.air.NewHandset("+491702", nil)
			if err := h.Submit(&pdu.Submit{PID: 0x40}, l.m.Number()); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if got := l.m.Stored("SM"); got != map[bool]int{false: 0, true: 1}[shows] {
				t.Errorf("ShowsType0 %v: %d stored", shows, got)
			}
			if c := l.air.Counts(); c.Delivered != 1 {
				t.Errorf("ShowsType0 %v: %v, want it acknowledged", shows, c)
			}
			if shows {
				l.talk(`< +CMTI: "SM",1`)
			}
		})
	}
}

func TestAcknowledge(t *testing.T) {
	const direct = quietly + `
		> AT+CSMS=1
		< +CSMS: 1,1,1
		< OK
		> AT+CNMI=2,2,0,1
		< OK
	`
	cmt := "< +CMT: ,18\n<~ " + deliverLine + "\n"
	t.Run("the next follows the acknowledgement", func(t *testing.T) {
		inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
			l.talk(direct)
			l.text("+491702", "hi")
			l.text("+491703", "ho")
			l.talk(cmt + `
				~ 10s
				> AT+CNMA
				< OK
				` + cmt + `
				> AT+CNMA=0
				< OK
				> AT+CNMA
				< +CMS ERROR: 340`)
			synctest.Wait()
			if c := l.air.Counts(); c.Delivered != 2 || c.Pending != 0 {
				t.Errorf("%v, want both delivered", c)
			}
		})
	})
	t.Run("without one the modem falls silent and the network tries again", func(t *testing.T) {
		inLab(t, AirOptions{Retry: 30 * time.Second}, ModemOptions{}, func(l *lab) {
			l.talk(direct)
			l.text("+491702", "hi")
			l.talk(cmt + `
				~ 14s
				> AT+CNMI?
				< +CNMI: 2,2,0,1,0
				< OK
				~ 2s
				> AT+CNMI?
				< +CNMI: 2,0,0,0,0
				< OK
				> AT+CNMA
				< +CMS ERROR: 340
				> AT+CMGL=4
				< OK
				~ 30s
				> AT+CMGL=4
				< +CMGL: 1,0,,18
				<~ ` + deliverLine + `
				< OK`)
		})
	})
	t.Run("it comes again with the same time", func(t *testing.T) {
		inLab(t, AirOptions{Retry: 30 * time.Second}, ModemOptions{}, func(l *lab) {
			l.talk(direct)
			l.text("+491702", "hi")
			const again = "< +CMT: ,18\n< 079194710167000004069194712000000010100000000002E834"
			l.talk(again + `
				> AT+CNMA=2
				< OK
				~ 29s
				> AT
				< OK
				` + again + `
				> AT+CNMA=1,0
				<< "\r\n> "
				> ^Z
				< OK`)
			synctest.Wait()
			if c := l.air.Counts(); c.Delivered != 1 {
				t.Errorf("%v, want one delivered", c)
			}
		})
	})
	t.Run("service 0 needs none", func(t *testing.T) {
		inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
			l.talk(quietly + "> AT+CNMI=2,2\n< OK")
			l.text("+491702", "hi")
			l.text("+491703", "ho")
			l.talk(cmt + cmt + "> AT+CNMA\n< +CMS ERROR: 340")
		})
	})
	t.Run("the prompt holds it back", func(t *testing.T) {
		inLab(t, AirOptions{}, ModemOptions{}, func(l *lab) {
			l.talk(direct + `
				> AT+CMGS=16
				<< "\r\n> "`)
			l.text("+491703", "hi")
			l.talk(`
				~ 5s
				> ` + helloTo491702 + `^Z
				` + cmt + `
				< +CMGS: 1
				< OK
				> AT+CNMA
				< OK`)
			synctest.Wait()
			if c := l.air.Counts(); c.Delivered != 1 {
				t.Errorf("%v, want one delivered", c)
			}
		})
	})
	t.Run("one that buffers has acknowledged before", func(t *testing.T) {
		p := Generic
		p.AcksBuffered = true
		inLab(t, AirOptions{}, ModemOptions{Profile: p}, func(l *lab) {
			l.talk(direct + `
				> AT+CMGS=16
				<< "\r\n> "`)
			l.text("+491703", "hi")
			synctest.Wait()
			if c := l.air.Counts(); c.Delivered != 1 {
				t.Errorf("%v, want it delivered while it waits in the modem", c)
			}
			l.talk("> ^[\n" + cmt + "< OK\n> AT+CNMA\n< OK")
		})
	})
	t.Run("the network does not wait for the prompt for ever", func(t *testing.T) {
		inLab(t, AirOptions{Retry: 30 * time.Second}, ModemOptions{}, func(l *lab) {
			l.talk(direct + `
				> AT+CMGS=16
				<< "\r\n> "`)
			l.text("+491703", "hi")
			l.talk("~ 20s\n> ^[\n< OK\n~ 10s\n> AT\n< OK\n" + cmt + "> AT+CNMA\n< OK")
		})
	})
	t.Run("mode 1 refuses while the prompt is out", func(t *testing.T) {
		inLab(t, AirOptions{Retry: 30 * time.Second}, ModemOptions{}, func(l *lab) {
			l.talk(direct + `
				> AT+CNMI=1
				< OK
				> AT+CMGS=16
				<< "\r\n> "`)
			l.text("+491703", "hi")
			l.talk("~ 1s\n> ^[\n< OK\n~ 20s\n> AT\n< OK\n" + cmt + "> AT+CNMA\n< OK")
		})
	})
	t.Run("a line that is lost acknowledges nothing", func(t *testing.T) {
		inLab(t, AirOptions{Retry: time.Hour}, ModemOptions{}, func(l *lab) {
			l.talk(direct)
			l.text("+491702", "hi")
			l.talk(cmt)
			l.te.Close()
			synctest.Wait()
			if c := l.air.Counts(); c.Delivered != 0 || c.Pending != 1 {
				t.Errorf("%v, want it still pending", c)
			}
			l.te = l.plug(l.m)
			synctest.Wait()
			l.talk(quietly + "> AT+CMGL=4\n< +CMGL: 1,0,,18\n<~ " + deliverLine + "\n< OK")
		})
	})
}

func TestStatusReports(t *testing.T) {
	send := `
		> AT+CMGS=16
		<< "\r\n> "
		> 003100069194712000000005E8329BFD06^Z
		< +CMGS: 1
		< OK`
	for name, test := range map[string]struct {
		setup, script string
		handset       func(h *Handset)
		air           AirOptions
	}{
		"ds 0": {"> AT+CNMI=2,1,0,0\n< OK", "~ 1s\n> AT+CMGL=4\n< OK", nil, AirOptions{}},
		"ds 1": {"> AT+CNMI=2,1,0,1\n< OK", "< +CDS: 22\n< 079194710167000006010691947120001010000000000010100000000000", nil, AirOptions{}},
		"ds 2": {"> AT+CNMI=2,1,0,2\n< OK", `
			< +CDSI: "SM",1
			> AT+CMGR=1
			< +CMGR: 0,,22
			< 079194710167000006010691947120001010000000000010100000000000
			< OK`, nil, AirOptions{}},
		"temporary, then final": {"> AT+CNMI=2,1,0,1\n< OK", `
			<~ \+CDS: 22
			<~ .*21
			~ 5s
			<~ \+CDS: 22
			<~ .*00`, func(h *Handset) {
			h.Fill()
			time.AfterFunc(4*time.Second, h.SwitchOn)
		}, AirOptions{TemporaryState: true}},
		"expired": {"> AT+CNMI=2,1,0,1\n< OK", `
			<~ \+CDS: 22
			<~ .*46`, func(h *Handset) { h.SwitchOff() }, AirOptions{Retry: time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, test.air, ModemOptions{}, func(l *lab) {
				h := l.air.NewHandset("+491702", nil)
				if test.handset != nil {
					test.handset(h)
				}
				l.talk(quietly + test.setup + send)
				l.talk(test.script)
			})
		})
	}
}

func TestFullStore(t *testing.T) {
	inLab(t, AirOptions{Retry: time.Hour}, ModemOptions{SIMSlots: 2}, func(l *lab) {
		l.talk(quietly + "> AT+CNMI=2,1\n< OK")
		for i := range 3 {
			l.text(fmt.Sprintf("+49170%d", 5+i), "hi")
		}
		l.talk(`
			< +CMTI: "SM",1
			< +CMTI: "SM",2
			> AT+CPMS?
			< +CPMS: "SM",2,2,"SM",2,2,"SM",2,2
			< OK`)
	})
}

func TestRoomBringsWhatWaited(t *testing.T) {
	inLab(t, AirOptions{Retry: time.Hour}, ModemOptions{SIMSlots: 2}, func(l *lab) {
		l.talk(quietly + "> AT+CNMI=2,1\n< OK")
		for i := range 3 {
			l.text(fmt.Sprintf("+49170%d", 5+i), "hi")
		}
		l.talk(`
			< +CMTI: "SM",1
			< +CMTI: "SM",2
			> AT+CMGW=16
			<< "\r\n> "
			> ` + helloTo491702 + `^Z
			< +CMS ERROR: 322
			~ 1m
			> AT+CMGD=1
			< OK
			< +CMTI: "SM",1
			> AT+CMGD=1,4
			< OK
			> AT+CPMS?
			< +CPMS: "SM",0,2,"SM",0,2,"SM",0,2
			< OK`)
	})
}

// TestDatagrams sends datagrams of all sizes from a handset to a handset,
// through everything that an air may do but losing them.
func TestDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lab{T: t, air: NewAir(AirOptions{
			Seed: 1, Delay: 50 * time.Millisecond, Jitter: time.Second, Duplicate: 0.3, Reorder: 0.3, ZeroSource: true,
		})}
		ctx, end := l.context()
		l.wg.Go(func() { l.air.Run(ctx) })
		var got []wdp.Datagram
		l.air.NewHandset("+491702", func(_ *Handset, from string, d wdp.Datagram) {
			if from != "+491701" {
				t.Errorf("from %s", from)
			}
			got = append(got, d)
		})
		h := l.air.NewHandset("+491701", nil)
		sizes := []int{0, 1, 133, 134, 1000, wdp.MaxSize}
		for _, n := range sizes {
			d := wdp.Datagram{Dst: 3590, Src: 3590, Data: []byte(strings.Repeat("x", n))}
			if err := h.Send("+491702", d); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		sum := map[int]int{}
		for _, d := range got {
			if d.Src != 0 || d.Dst != 3590 {
				t.Errorf("ports %d %d", d.Dst, d.Src)
			}
			sum[len(d.Data)]++
		}
		for _, n := range sizes {
			// A datagram of one segment has nothing that tells its copy.
			if sum[n] != 1 && !(sum[n] == 2 && n <= 133) {
				t.Errorf("%d octets came %d times", n, sum[n])
			}
		}
		end()
		l.wg.Wait()
	})
}
