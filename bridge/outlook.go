package bridge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"wvsms/spool"
)

// An outlook says in plain words what becomes of a message from here on. It stands
// beside the policy that it describes, so that no client has to know that.
type outlook struct {
	Next  string   `json:"next"`            // what the bridge does next, and when
	Never string   `json:"never,omitempty"` // what it will not do, and why
	Can   []action `json:"can"`             // what the operator can do now
}

// An action is a command of the socket, or RECV, with what it would do.
type action struct {
	Command string `json:"command"` // retry, cancel, listen
	Effect  string `json:"effect"`
}

// lookAhead tells what becomes of an outbound message.
func (b *Bridge) lookAhead(tx *spool.Tx, m *spool.Outbound) (*outlook, error) {
	o := outbound{Outbound: m, now: b.clock.Now(), events: &events{}}
	v := &outlook{Can: []action{}}
	var err error
	if m.State.Open() {
		v.Next, err = b.nextStep(tx, &o)
		v.Never = o.neverOpen()
	} else {
		v.Next, v.Never = b.afterwards(&o), o.neverEnded()
	}
	if err != nil {
		return nil, err
	}
	return v, b.choices(tx, &o, v)
}

// nextStep is what happens to an open message, as choose and begin will have it.
func (b *Bridge) nextStep(tx *spool.Tx, o *outbound) (string, error) {
	for _, seg := range o.Segments {
		if seg.State == spool.SegSubmitting {
			return fmt.Sprintf("%s has been with modem %s for %s. Its answer is awaited, for some minutes at most.",
				o.name(&seg), seg.Modem, seconds(o.now.Sub(seg.SentAt))), nil
		}
	}
	end := fmt.Sprintf("Its time to live ends %s; what is not through by then ends as %s.", b.when(o.Expires), o.lastState())
	trial := *o.Outbound
	seg, _ := (&outbound{Outbound: &trial, now: later(o.now, o.Due)}).choose()
	if seg == nil {
		return "It waits for a late answer of the modem, for a report from the network, or for you. " + end, nil
	}
	carrier, ready, err := b.carrier(tx, o.Outbound)
	if err != nil {
		return "", err
	}
	goes := o.name(seg) + " goes "
	if seg.Attempts > 0 {
		goes += "again "
	}
	if o.Due.After(o.now) {
		if strings.HasPrefix(o.Why, haltMark) {
			end = fmt.Sprintf("It waits for %s. %s", o.Why, end)
		}
		return fmt.Sprintf("%s%s, by %s. %s", goes, b.when(o.Due), carrier, end), nil
	}
	h, err := b.heldBack(tx, o.Outbound)
	if err != nil {
		return "", err
	}
	if h.at(o.now) {
		return fmt.Sprintf("%s%s, by %s. It waits for %s. %s", goes, b.when(h.until), carrier, h.why, end), nil
	}
	if !ready {
		return fmt.Sprintf("%sas soon as it can, by %s. %s %s", goes, carrier, b.standing(), end), nil
	}
	return fmt.Sprintf("%snow, by %s, when its turn comes. %s", goes, carrier, end), nil
}

// carrier says which modem may carry a message, as lanes have it, and whether one
// of those is on the network.
func (b *Bridge) carrier(tx *spool.Tx, m *spool.Outbound) (who string, ready bool, err error) {
	home, err := tx.Home(m.Peer)
	if err != nil {
		return "", false, err
	}
	fits := func(modemInfo) bool { return true }
	switch {
	case m.SIM != "":
		who = "modem " + m.Modem + " with the SIM that it began on"
		fits = func(i modemInfo) bool { return i.SIM == m.SIM }
	case m.WantModem != "":
		who = "modem " + m.WantModem + ", as was asked for"
		fits = func(i modemInfo) bool { return i.Name == m.WantModem }
	case home != "":
		who = "the modem with the SIM that last heard from this number"
		fits = func(i modemInfo) bool { return i.SIM == home }
	default:
		who = "any modem"
	}
	for _, c := range b.cfg.Modems {
		info := b.modemInfo(c.Name)
		ready = ready || info.Sends && fits(info)
	}
	return who, ready, nil
}

// standing is how the modems are.
func (b *Bridge) standing() string {
	var all []string
	for _, c := range b.cfg.Modems {
		verdict := b.modemInfo(c.Name).Verdict
		if verdict == "" {
			verdict = "it is being opened"
		}
		all = append(all, fmt.Sprintf("Modem %s now: %s.", c.Name, strings.TrimSuffix(verdict, ".")))
	}
	return strings.Join(all, " ")
}

// lastState is how the ttl would end the message.
func (o *outbound) lastState() spool.OutState {
	trial := *o.Outbound
	t := outbound{Outbound: &trial, now: o.Expires, events: &events{}}
	t.expire()
	return t.State
}

func (o *outbound) neverOpen() string {
	var never []string
	if slices.ContainsFunc(o.Segments, func(s spool.OutSegment) bool { return s.State.Accepted() }) {
		never = append(never, "What the network has accepted is not sent again.")
	}
	if o.has(spool.SegUnknown) && o.Unknown == "hold" {
		never = append(never, "What may be on air is not sent again by itself: unknown=hold leaves that to you.")
	}
	return strings.Join(never, " ")
}

// afterwards is what still can happen to a message that has ended.
func (b *Bridge) afterwards(o *outbound) string {
	switch {
	case o.State == spool.StateSent && o.Report:
		return fmt.Sprintf("The network's report is awaited. If none comes, it ends %s as unknown.", b.when(o.Expires))
	case o.State == spool.StateSent:
		return "Nothing: the network has all of it. Whether the phone has got it is not known, since no report was asked for."
	case o.State == spool.StateUnknown && o.wantsReport():
		return "Nothing by itself. A late report from the network would still settle it."
	case o.State == spool.StateDelivered:
		return "Nothing: the phone has it."
	}
	return "Nothing by itself: it has ended."
}

func (o *outbound) neverEnded() string {
	switch {
	case o.all(spool.SegDelivered) || o.State == spool.StateSent:
		return "What the network has accepted is not sent again."
	case o.State == spool.StateCancelled && !o.sureToMissAll():
		return "What is on air already cannot be called back."
	case o.has(spool.SegUnknown) && len(o.Segments) == 1:
		return "It is not sent again by itself: it may have arrived, and the phone could not tell a copy from a second message."
	case o.has(spool.SegUnknown):
		return "It is not sent again by itself: it may have arrived."
	}
	return "It is not sent again by itself: what has ended stays so until you say otherwise."
}

// sureToMissAll tells whether nothing of the message ever was on air.
func (o *outbound) sureToMissAll() bool {
	return !slices.ContainsFunc(o.Segments, func(s spool.OutSegment) bool { return !s.AirAt.IsZero() })
}

// choices are the operator's: what Retry and Cancel would do, tried out on a copy.
func (b *Bridge) choices(tx *spool.Tx, o *outbound, v *outlook) error {
	unsure := o.has(spool.SegUnknown)
	for _, c := range []struct {
		action
		try    func(*spool.Tx, *outbound) error
		useful bool
	}{
		{action{"retry", o.retryEffect()}, b.retry, !o.State.Open() || unsure || o.Due.After(o.now)},
		{action{"cancel", o.cancelEffect()}, b.cancel, true},
	} {
		trial := *o.Outbound
		trial.Segments = slices.Clone(trial.Segments)
		err := c.try(tx, &outbound{Outbound: &trial, now: o.now, events: &events{}})
		switch {
		case err == nil && c.useful:
			v.Can = append(v.Can, c.action)
		case err != nil && !errors.As(err, new(*Refusal)):
			return err
		}
	}
	return nil
}

func (o *outbound) retryEffect() string {
	effect := "tries at once what the network has not accepted"
	switch {
	case o.has(spool.SegUnknown) && len(o.Segments) == 1:
		return effect + "; if it has arrived after all, the phone gets it twice"
	case o.has(spool.SegUnknown):
		return effect + "; a segment that has arrived after all is recognised by its header"
	}
	return effect
}

func (o *outbound) cancelEffect() string {
	if o.sureToMissAll() {
		return "ends it; nothing of it is on air"
	}
	return "ends it; what is on air already stays so"
}

// name is the segment at the beginning of a sentence.
func (o *outbound) name(seg *spool.OutSegment) string {
	if len(o.Segments) == 1 {
		return "It"
	}
	return fmt.Sprintf("Segment %d of %d", seg.Seq, len(o.Segments))
}

// when is a moment of bridge time for people.
func (b *Bridge) when(t time.Time) string {
	return fmt.Sprintf("in %s (%s)", seconds(t.Sub(b.clock.Now())), b.wall(t).Format("2006-01-02 15:04:05 UTC"))
}

// awaits tells what becomes of an inbound message.
func (b *Bridge) awaits(m *spool.Message) *outlook {
	v := &outlook{Can: []action{}}
	w := b.hub.whereIs(m.ID, m.Port)
	switch {
	case m.State == spool.MsgAcked:
		v.Next, v.Never = "Nothing: it is done.", "What is acknowledged is never offered again."
		return v
	case m.Route != tcpRoute:
		v.Next = "It is written to the program behind " + m.Route + " as soon as that can be."
	case w.held:
		v.Next = "A program has it and has not acknowledged it."
		if !w.due.IsZero() {
			v.Next += fmt.Sprintf(" It is offered again %s, or as soon as that program leaves.", b.when(w.due))
		}
	case m.NotBefore.After(b.clock.Now()):
		v.Next = fmt.Sprintf("A program put it off. It is offered again %s.", b.when(m.NotBefore))
	case w.wanted:
		v.Next = "It is offered when its turn comes: messages of one sender stay with one program while it has any of them."
	default:
		v.Next = fmt.Sprintf("It waits for a program that takes messages for port %d. None is there.", m.Port)
		v.Can = append(v.Can, action{"listen", "takes it, prints it and acknowledges it"})
	}
	v.Never = "It is never dropped: it stays until a program acknowledges it."
	return v
}
