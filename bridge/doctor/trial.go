package doctor

import (
	"bytes"
	"fmt"
	"strings"

	"wvsms/pdu"
)

// A trial is one kind of short message of which the carrier probe sends an example.
type trial struct {
	octets bool // 8-bit, else text
	ports  bool
	concat int // bits of the reference, 0: a message of one segment
}

// trials are those from whose fates a verdict follows. Each is as small as it can be.
var trials = []trial{
	{},                                      // a text: the way is open at all
	{ports: true},                           //
	{concat: 8},                             //
	{octets: true},                          //
	{octets: true, ports: true},             // what the bridge sends
	{octets: true, ports: true, concat: 8},  // and, longer, with either reference
	{octets: true, ports: true, concat: 16}, //
}

// probePort is wv-csp-sms: some networks let only the ports pass that they know.
const probePort = 3590

func (t trial) segments() int {
	if t.concat != 0 {
		return 2
	}
	return 1
}

// cost of all trials in segments.
func cost() (n int) {
	for _, t := range trials {
		n += t.segments()
	}
	return n
}

func (t trial) String() string {
	words := []string{"7-bit text"}
	if t.octets {
		words = []string{"8-bit data"}
	}
	if t.ports {
		words = append(words, "ports")
	}
	if t.concat != 0 {
		words = append(words, fmt.Sprintf("%d-bit reference", t.concat))
	}
	return strings.Join(words, ", ")
}

// header of one segment.
func (t trial) header(ref uint16, seq int) (udh []pdu.IE) {
	if t.ports {
		udh = append(udh, pdu.PortIE(probePort, probePort))
	}
	if t.concat != 0 {
		udh = append(udh, pdu.ConcatIE(pdu.Concat{Ref: ref, Bits: t.concat, Total: byte(t.segments()), Seq: byte(seq)}))
	}
	return udh
}

// A mark is what a segment says of itself, so that it is known again without any
// header.
func mark(nonce string, n, seq int) string { return fmt.Sprintf("wvsms probe %s %d/%d", nonce, n, seq) }

// octets that are no text in any alphabet, so that a conversion shows.
var tail = []byte{0x00, 0x80, 0xff, 0x1b}

// submit is one segment as it is sent.
func (t trial) submit(to pdu.Address, nonce string, n, seq int, ref uint16) (*pdu.Submit, error) {
	udh, text := t.header(ref, seq), mark(nonce, n, seq)
	s := &pdu.Submit{DA: to, VP: pdu.RelativeValidity(trialLife)}
	var err error
	if t.octets {
		s.DCS = pdu.DCSOctet
		s.UD = pdu.UserData{UDHI: len(udh) > 0, UDH: udh, Data: append([]byte(text), tail...)}
	} else {
		s.DCS = pdu.DCSGSM7
		s.UD, err = pdu.GSM7UserData(text, udh...)
	}
	return s, err
}

// reads tells which segment of the probe a message is.
func reads(d *pdu.Deliver, nonce string) (n, seq int, ok bool) {
	text, isText := d.UD.Text(d.DCS)
	if !isText {
		text = string(d.UD.Data)
	}
	i := strings.Index(text, "wvsms probe "+nonce)
	if i < 0 {
		return 0, 0, false
	}
	_, err := fmt.Sscanf(text[i:], "wvsms probe "+nonce+" %d/%d", &n, &seq)
	return n, seq, err == nil && n >= 0 && n < len(trials) && seq >= 1 && seq <= trials[n].segments()
}

// fate is what became of a trial.
type fate struct {
	refused string       // what the network said, "" it took it
	came    map[int]bool // by segment
	changed string       // how it differed, "" it did not
}

func (f fate) lost(t trial) bool { return len(f.came) < t.segments() }
func (f fate) whole(t trial) bool {
	return !f.lost(t) && f.changed == ""
}

// tells compares what came with what was sent.
func (f *fate) tells(t trial, d *pdu.Deliver, nonce string, n, seq int) {
	f.came[seq] = true
	p, ports := d.UD.Ports()
	c, concat := d.UD.Concat()
	switch {
	case t.ports && !ports:
		f.changed = "ports"
	case t.ports && p.Dst != probePort:
		f.changed = fmt.Sprintf("destination port became %d", p.Dst)
	case t.concat != 0 && (!concat || c.Bits != t.concat || int(c.Seq) != seq):
		f.changed = "concatenation"
	case t.octets && (d.DCS.Alphabet() != pdu.Octet || !bytes.Equal(d.UD.Data, append([]byte(mark(nonce, n, seq)), tail...))):
		f.changed = "octets"
	}
}

// verdict is what follows from all fates: one sentence. It fails where what the bridge
// sends does not pass at all. tried tells whether anything follows of the network.
func verdict(fates []fate) (text string, state State, tried bool) {
	at := func(want trial) fate {
		for i, t := range trials {
			if t == want {
				return fates[i]
			}
		}
		return fate{}
	}
	gone := func(t trial) bool { return at(t).lost(t) }
	text0, data := trial{}, trial{octets: true}
	if gone(text0) {
		if at(text0).refused != "" {
			return "not even a text is sent: " + at(text0).refused, Fail, false
		}
		return "not even a text came back: is the number right, and that of this modem or of --to-device?", Fail, false
	}
	var ways []string
	no8bit := gone(data) || at(data).changed == "octets"
	if no8bit {
		ways = append(ways, "blocks 8-bit data")
	}
	// Where 8-bit data does not pass at all, texts tell about the rest.
	t := trial{octets: !no8bit, ports: true}
	portsGone := gone(t)
	switch {
	case portsGone:
		ways = append(ways, "blocks ports")
	case at(t).changed == "ports":
		ways = append(ways, "strips ports")
	case at(t).changed != "":
		ways = append(ways, "changes ports ("+at(t).changed+")")
	}
	c := trial{concat: 8}
	wide := trial{octets: true, ports: true, concat: 16}
	narrow := trial{octets: true, ports: true, concat: 8}
	switch {
	case gone(c):
		ways = append(ways, "blocks concatenation")
	case at(c).changed != "":
		ways = append(ways, "strips concatenation")
	case no8bit || portsGone:
	case gone(wide) && !gone(narrow), at(wide).changed == "concatenation" && at(narrow).changed != "concatenation":
		ways = append(ways, "blocks concatenation with 16-bit references")
	case gone(wide) && gone(narrow):
		ways = append(ways, "blocks concatenated data")
	}
	if len(ways) == 0 {
		return "this operator carries everything: 8-bit data, ports and concatenation", Good, true
	}
	last := len(ways) - 1
	text = strings.Join(ways[:last], ", ")
	if last > 0 {
		text += " and "
	}
	state = Fail
	if main := (trial{octets: true, ports: true}); at(main).whole(main) {
		state = Warn
	}
	return "this operator " + text + ways[last], state, true
}
