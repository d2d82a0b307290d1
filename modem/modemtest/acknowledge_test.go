package modemtest

import (
	"testing"
	"testing/synctest"
	"time"
)

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
