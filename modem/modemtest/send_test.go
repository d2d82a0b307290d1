package modemtest

import (
	"testing"
	"testing/synctest"
	"time"

	"wvsms/pdu"
)

// quietly is how the dialogues begin.
const quietly = `
	> ATE0+CMEE=1
	<< "ATE0+CMEE=1\r\r\nOK\r\n"
`

// helloTo491702 is a SUBMIT of "hello" to +491702 in PDU mode, without an SMSC:
// 16 octets of TPDU.
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
