package main

import (
	"math/rand/v2"
	"time"

	"wvsms/modem/modemtest"
)

// A trouble is one thing that the adversary does to a modem.
type trouble struct {
	weight int
	name   string // "": the name of its fault
	fault  func(r *rand.Rand, p *modemtest.Profile) modemtest.Fault
	act    func(m *chaosModem, r *rand.Rand) // without a fault, or when the fault has hit
}

// troubles on the way out. After a final result code that does not come, the bridge
// waits for three minutes; most of the time the line goes before, which ends the wait.
var troubles = []trouble{
	{weight: 4, fault: onCMGS(modemtest.LoseFinal), act: loseLine},
	{weight: 2, fault: onCMGS(modemtest.LoseAnswer), act: loseLine},
	{weight: 2, fault: onCMGS(modemtest.Cut), act: loseLine},
	{weight: 2, fault: onCMGS(modemtest.Hang, modemtest.Data, modemtest.Done), act: loseLine},
	{weight: 3, fault: onCMGS(modemtest.Reset, modemtest.Begun, modemtest.Prompt, modemtest.Data, modemtest.Done), act: loseLine},
	{weight: 4, fault: onCMGS(modemtest.HangUp, modemtest.Begun, modemtest.Prompt, modemtest.Data, modemtest.Done), act: replug},
	{weight: 6, fault: lateFinal},
	{weight: 12, fault: refuseSubmit},
	{weight: 6, fault: belieSubmit},
	{weight: 1, fault: onCMGS(modemtest.NoPrompt)},
	{weight: 2, fault: onCMGS(modemtest.LatePrompt)},
	{weight: 2, fault: onCMGS(modemtest.DoublePrompt)},
	{weight: 3, fault: withURC(modemtest.Split, "+CMGS")},
	{weight: 6, fault: withURC(modemtest.Interject, "+CMGS")},
	{weight: 4, fault: withGarbage("+CMGS")},

	// On the way in.
	{weight: 3, fault: refuseReading},
	{weight: 2, fault: onReading(modemtest.LoseAnswer)},
	{weight: 2, fault: onReading(modemtest.LoseFinal)},
	{weight: 2, fault: onReading(modemtest.Cut)},
	{weight: 3, fault: onReading(modemtest.HangUp), act: replug},
	{weight: 3, fault: onReading(modemtest.Reset), act: loseLine},
	{weight: 3, fault: withURC(modemtest.Split, "+CMGR", "+CMGL")},
	{weight: 4, fault: withURC(modemtest.Interject, "+CMGR", "+CMGL", "+CMGD", "+CNMA")},
	{weight: 3, fault: withGarbage("+CMGR", "+CMGD", "+CNMA")},

	// At any time.
	{weight: 2, fault: anyCommand(modemtest.Deaf)},
	{weight: 2, fault: anyCommand(modemtest.Hang), act: loseLine},
	{weight: 6, name: "unplug", act: replug},
	{weight: 4, name: "reset at once", act: func(m *chaosModem, r *rand.Rand) { m.sim.Reset(); loseLine(m, r) }},
	{weight: 3, name: "no network", act: searching},
	{weight: 6, name: "noise", act: func(m *chaosModem, r *rand.Rand) { m.sim.URC(pick(r, urcs)) }},
	{weight: 3, name: "garbage at once", act: func(m *chaosModem, r *rand.Rand) { m.sim.Put(garbage(r)) }},
	{weight: 3, name: "poison PDU", act: func(m *chaosModem, r *rand.Rand) { m.inject(poison(r)) }},
}

// urcs mean nothing, or nothing that is true.
var urcs = []string{
	"RING", "^RSSI:17", "+CREG: 1", "+CMTI: \"SM\",97", "+CUSD: 0,\"Guthaben 3,50\",15", "NO CARRIER", "BUSY",
	"+CLIP: \"+4930123456\",145", "^HCSQ:\"LTE\",40,30,90,20", "+QIND: \"csq\",20,99", "UNDER-VOLTAGE WARNNING",
}

func garbage(r *rand.Rand) string {
	b := make([]byte, 1+r.IntN(20))
	for i := range b {
		b[i] = pick(r, []byte("\x00\x07\x0d\x0a\x11\x13\x7f\x80\x9f\xff#~?"))
	}
	return string(b)
}

func poison(r *rand.Rand) []byte {
	b := make([]byte, 1+r.IntN(60))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	b[0] &^= 0x03 // an SMS-DELIVER, or what claims to be one
	return b
}

func onCMGS(kind modemtest.FaultKind, stages ...modemtest.Stage) func(*rand.Rand, *modemtest.Profile) modemtest.Fault {
	return func(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
		f := modemtest.Fault{On: "+CMGS", Kind: kind}
		if len(stages) > 0 {
			f.At = pick(r, stages)
		}
		switch kind {
		case modemtest.Hang:
			f.After = between(r, 500*time.Millisecond, 5*time.Second)
		case modemtest.LatePrompt:
			f.After = between(r, 100*time.Millisecond, 3*time.Second)
		}
		return f
	}
}

func lateFinal(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
	f := modemtest.Fault{On: "+CMGS", Kind: modemtest.LateFinal, After: between(r, 50*time.Millisecond, 3*time.Second)}
	if oneIn(r, 20) {
		f.After = between(r, 10*time.Second, 25*time.Second)
	}
	return f
}

// refuseSubmit is an honest error: the message did not go on air. After Ctrl-Z the
// bridge cannot know that of all of them.
func refuseSubmit(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
	code := pick(r, []string{"21", "27", "38", "41", "42", "47", "69", "111", "302", "304", "313", "314", "320", "322", "331", "332", "332", "500", "500", "512", "513"})
	return modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: " + code,
		At: pick(r, []modemtest.Stage{modemtest.Begun, modemtest.Data, modemtest.Data}), Times: 1 + r.IntN(2)}
}

// belieSubmit is an error for a message that is on air, of those codes that say no more
// than that the modem does not know. A vendor may have made 512 and above its own.
func belieSubmit(r *rand.Rand, p *modemtest.Profile) modemtest.Fault {
	codes := []string{"332", "500"}
	if p.Name == modemtest.Generic.Name {
		codes = append(codes, "513")
	}
	return modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "+CMS ERROR: " + pick(r, codes)}
}

// readCommands are the commands by which messages come in.
var readCommands = []string{"+CMGR", "+CMGD", "+CMGL", "+CNMA"}

func onReading(kind modemtest.FaultKind) func(*rand.Rand, *modemtest.Profile) modemtest.Fault {
	return func(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
		return modemtest.Fault{On: pick(r, readCommands), Kind: kind, At: pick(r, []modemtest.Stage{modemtest.Begun, modemtest.Done})}
	}
}

func refuseReading(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
	return modemtest.Fault{On: pick(r, readCommands), Kind: modemtest.Refuse,
		Text: pick(r, []string{"+CMS ERROR: 500", "+CMS ERROR: 314", "+CMS ERROR: 320", "ERROR"}), Times: 1 + r.IntN(2)}
}

func withURC(kind modemtest.FaultKind, on ...string) func(*rand.Rand, *modemtest.Profile) modemtest.Fault {
	return func(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
		return modemtest.Fault{On: pick(r, on), Kind: kind, Text: pick(r, urcs), At: pick(r, stages)}
	}
}

var stages = []modemtest.Stage{modemtest.Begun, modemtest.Data, modemtest.Done}

func withGarbage(on ...string) func(*rand.Rand, *modemtest.Profile) modemtest.Fault {
	return func(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
		return modemtest.Fault{On: pick(r, on), Kind: modemtest.Garbage, Text: garbage(r), At: pick(r, stages)}
	}
}

func anyCommand(kind modemtest.FaultKind) func(*rand.Rand, *modemtest.Profile) modemtest.Fault {
	return func(r *rand.Rand, _ *modemtest.Profile) modemtest.Fault {
		return modemtest.Fault{Kind: kind, After: between(r, 500*time.Millisecond, 4*time.Second)}
	}
}

// replug pulls the stick out and puts it back, as another pty behind the same link.
func replug(m *chaosModem, r *rand.Rand) {
	m.unplug()
	m.pause(between(r, 0, 1500*time.Millisecond))
	m.plug()
}

// loseLine is a line that goes a while after the modem fell silent.
func loseLine(m *chaosModem, r *rand.Rand) {
	m.pause(between(r, 0, 1200*time.Millisecond))
	replug(m, r)
}

func searching(m *chaosModem, r *rand.Rand) {
	m.sim.SetRegistration(2, 2)
	m.pause(between(r, 100*time.Millisecond, 3*time.Second))
	m.sim.SetRegistration(1, 1)
}
