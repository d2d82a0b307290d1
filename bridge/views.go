package bridge

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"wvsms/csp"
	"wvsms/spool"
)

// The objects of SHOW and LIST. Times are wall time; where bridge time is shown as
// wall time, it is so by what the clock shows now.
type (
	outboundView struct {
		N         int64          `json:"n"`
		ID        string         `json:"id"`
		Direction string         `json:"direction"`
		To        string         `json:"to"`
		Port      uint16         `json:"port"`
		FromPort  uint16         `json:"from_port"`
		CSP       string         `json:"csp,omitempty"`  // what it is; in SHOW only
		Octets    int            `json:"octets"`         // on air
		Form      string         `json:"form,omitempty"` // dd: parts of CSP's own; text: GSM 7-bit
		State     string         `json:"state"`
		Why       string         `json:"why,omitempty"`
		Modem     string         `json:"modem,omitempty"`
		WantModem string         `json:"want_modem,omitempty"`
		Report    bool           `json:"report"`
		Unknown   string         `json:"unknown"`
		Key       string         `json:"key,omitempty"`
		Origin    string         `json:"origin"`
		TTL       string         `json:"ttl"`
		Ref       *uint16        `json:"ref,omitempty"`
		RefBits   int            `json:"ref_bits,omitempty"`
		Restarts  int            `json:"restarts,omitempty"`
		Accepted  time.Time      `json:"accepted"`
		Due       string         `json:"due_in,omitempty"`
		Expires   string         `json:"expires_in,omitempty"`
		ExpiresAt *time.Time     `json:"expires_at,omitempty"`
		Settled   *time.Time     `json:"settled,omitempty"`
		Total     int            `json:"segments_total"`
		OnNetwork int            `json:"segments_accepted"`
		NotKnown  int            `json:"segments_unknown"`
		Segments  []segmentView  `json:"segments,omitempty"` // from here on in SHOW only
		Attempts  []attemptView  `json:"attempts,omitempty"`
		Events    []eventView    `json:"events,omitempty"`
		Dialogue  []dialogueView `json:"dialogue,omitempty"` // of attempts that ended in trouble, the last ones
		*outlook
	}
	segmentView struct {
		Seq      int        `json:"seq"`
		State    string     `json:"state"`
		MR       *int       `json:"mr,omitempty"`
		Modem    string     `json:"modem,omitempty"`
		SIM      string     `json:"sim,omitempty"`
		Attempts int        `json:"attempts"`
		Tries    int        `json:"tries"` // of the attempts, those that count against a limit
		Unsure   bool       `json:"unsure,omitempty"`
		Why      string     `json:"why,omitempty"`
		LastAt   *time.Time `json:"last_attempt,omitempty"`
	}
	attemptView struct {
		Segment int       `json:"segment"`
		At      time.Time `json:"at"`   // its end
		Took    string    `json:"took"` // from the submission to the answer
		After   int64     `json:"after_ms"`
		Modem   string    `json:"modem"`
		SIM     string    `json:"sim"`
		Outcome string    `json:"outcome"` // accepted, refused, not-sent, unknown
		MR      *int      `json:"mr,omitempty"`
		Why     string    `json:"why,omitempty"`
	}
	eventView struct {
		N       int64     `json:"n"`
		Word    string    `json:"word"`
		Segment int       `json:"segment,omitempty"`
		Why     string    `json:"why,omitempty"`
		At      time.Time `json:"at"`
		After   int64     `json:"after_ms"` // milliseconds since the message was accepted, in bridge time
	}
	inboundView struct {
		N         int64         `json:"n"`
		ID        string        `json:"id"`
		Direction string        `json:"direction"`
		From      string        `json:"from"`
		To        string        `json:"to,omitempty"`
		Port      uint16        `json:"port"`
		FromPort  uint16        `json:"from_port"`
		CSP       string        `json:"csp,omitempty"` // what it is; in SHOW only
		Octets    int           `json:"octets"`
		Alphabet  string        `json:"alphabet"`
		State     string        `json:"state"`
		Modem     string        `json:"modem"`
		SIM       string        `json:"sim"`
		Route     string        `json:"route"`
		Segments  int           `json:"segments"`
		SCTS      *time.Time    `json:"scts,omitempty"`
		Received  time.Time     `json:"received"`
		Offers    int           `json:"offers"` // how often it was written to a consumer, as far as is known
		Naks      int           `json:"naks,omitempty"`
		Acked     *time.Time    `json:"acked,omitempty"`
		Arrivals  []arrivalView `json:"arrivals,omitempty"` // its segments as they came, as long as they are kept; in SHOW only
		*outlook
	}
	arrivalView struct {
		Segment int        `json:"segment"`
		At      time.Time  `json:"at"`
		SCTS    *time.Time `json:"scts,omitempty"`
		Modem   string     `json:"modem"`
		SIM     string     `json:"sim"`
		Copies  int        `json:"copies,omitempty"` // that came as well and were dropped
	}
	partialView struct {
		N        int64     `json:"n"`
		From     string    `json:"from"`
		SIM      string    `json:"sim"`
		Modem    string    `json:"modem"`
		Port     uint16    `json:"port"`
		FromPort uint16    `json:"from_port"`
		Ref      uint32    `json:"ref"`
		Name     string    `json:"name,omitempty"` // of the parts of CSP's own: code and transaction id
		RefBits  int       `json:"ref_bits"`
		Total    int       `json:"segments_total"`
		Have     []int     `json:"have"`  // numbers of the segments that are here
		State    string    `json:"state"` // waiting, or parked: past its deadline, kept for a late segment
		First    time.Time `json:"first"`
		Age      string    `json:"age"`
		Deadline string    `json:"deadline_in,omitempty"`
	}
	quarantineView struct {
		N        int64          `json:"n"`
		From     string         `json:"from"`
		Reason   string         `json:"reason"`
		Modem    string         `json:"modem"`
		PDU      string         `json:"pdu,omitempty"`
		Text     string         `json:"text,omitempty"`
		At       time.Time      `json:"at"`
		Dialogue []dialogueView `json:"dialogue,omitempty"` // of one that came damaged
	}
)

// wall is what the wall clock, as it stands now, showed at a moment of bridge time.
func (b *Bridge) wall(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	at := b.clock.source.Wall().Add(t.Sub(b.clock.Now())).UTC().Truncate(time.Second)
	return &at
}

func seconds(d time.Duration) string { return max(d, 0).Truncate(time.Second).String() }

func number(mr int) *int {
	if mr < 0 {
		return nil
	}
	return &mr
}

func (b *Bridge) viewOutbound(m *spool.Outbound) *outboundView {
	v := &outboundView{
		N: m.N, ID: m.ID, Direction: "out", To: m.Peer, Port: m.Port, FromPort: m.FromPort, Octets: m.Octets, Form: string(m.Form),
		State: string(m.State), Why: m.Why, Modem: m.Modem, WantModem: m.WantModem, Report: m.Report, Unknown: m.Unknown,
		Key: m.Key, Origin: m.Origin, TTL: m.TTL.String(), Restarts: m.Restarts, Accepted: m.AcceptedWall, Total: len(m.Segments),
	}
	if m.RefBits != 0 {
		v.Ref, v.RefBits = &m.Ref, m.RefBits
	}
	if now := b.clock.Now(); m.State.Open() {
		v.Due, v.Expires, v.ExpiresAt = seconds(m.Due.Sub(now)), seconds(m.Expires.Sub(now)), b.wall(m.Expires)
	} else {
		v.Settled = b.wall(m.Settled)
	}
	for _, seg := range m.Segments {
		switch {
		case seg.State.Accepted():
			v.OnNetwork++
		case seg.State == spool.SegUnknown:
			v.NotKnown++
		}
	}
	return v
}

// named says what CSP message a payload is; "" if it is none.
func named(payload []byte) string {
	if m := csp.Inspect(payload); m.Syntax != csp.Opaque {
		return m.String()
	}
	return ""
}

// viewLedger adds to a message what only SHOW tells.
func (b *Bridge) viewLedger(v *outboundView, m *spool.Outbound, attempts []spool.Attempt, story []spool.Event) {
	for _, seg := range m.Segments {
		v.Segments = append(v.Segments, segmentView{
			Seq: seg.Seq, State: string(seg.State), MR: number(seg.MR), Modem: seg.Modem, SIM: seg.SIM,
			Attempts: seg.Attempts, Tries: seg.Tries, Unsure: seg.Unsure, Why: seg.Why, LastAt: b.wall(seg.SentAt),
		})
	}
	for _, a := range attempts {
		v.Attempts = append(v.Attempts, attemptView{
			Segment: a.Seq, At: a.EndedWall, Took: a.Ended.Sub(a.Began).Round(time.Millisecond).String(), After: a.Ended.Sub(m.Accepted).Milliseconds(),
			Modem: a.Modem, SIM: a.SIM, Outcome: string(a.Outcome), MR: number(a.MR), Why: a.Why,
		})
	}
	for _, e := range story {
		v.Events = append(v.Events, eventView{N: e.N, Word: e.Word, Segment: e.Segment, Why: e.Why, At: e.AtWall, After: e.At.Sub(m.Accepted).Milliseconds()})
	}
}

func (b *Bridge) viewInbound(m *spool.Message) *inboundView {
	v := &inboundView{
		N: m.N, ID: m.ID, Direction: "in", From: m.Peer, To: m.To, Port: m.Port, FromPort: m.FromPort, Octets: m.Octets,
		Alphabet: m.Alphabet, State: string(m.State), Modem: m.Modem, SIM: m.SIM, Route: m.Route, Segments: m.Segments,
		Received: m.ReceivedWall, Offers: max(m.Offers, b.hub.offers(m.ID)), Naks: m.Naks, Acked: b.wall(m.AckedAt),
	}
	if !m.SCTS.IsZero() {
		v.SCTS = &m.SCTS
	}
	return v
}

// viewArrivals lists segments in the order in which they came.
func viewArrivals(rows []spool.InSegment) (views []arrivalView) {
	slices.SortFunc(rows, func(a, b spool.InSegment) int { return cmp.Compare(a.ID, b.ID) })
	for _, row := range rows {
		v := arrivalView{Segment: row.Seq, At: row.AtWall, Modem: row.Modem, SIM: row.SIM, Copies: row.Copies}
		if !row.SCTS.Equal(row.At) { // which stands there where the SC's is invalid
			v.SCTS = &row.SCTS
		}
		views = append(views, v)
	}
	return views
}

func (b *Bridge) viewPartial(generation int64, rows []spool.InSegment) *partialView {
	first := rows[0]
	v := &partialView{
		N: generation, From: first.Peer, SIM: first.SIM, Modem: first.Modem, Port: first.Port, FromPort: first.FromPort,
		Ref: first.Ref, RefBits: first.Bits, Total: first.Total, State: "waiting",
	}
	if first.Bits == nameBits {
		v.Name = namedPart(first.Ref)
	}
	for _, row := range rows {
		v.Have = append(v.Have, row.Seq)
		if row.At.Before(first.At) {
			first = row
		}
	}
	v.First, v.Age = first.AtWall, seconds(b.clock.Now().Sub(first.At))
	if first.Parked {
		v.State = "parked"
	} else {
		v.Deadline = seconds(first.At.Add(keyOf(first).Deadline()).Sub(b.clock.Now()))
	}
	return v
}

func viewQuarantined(q spool.Quarantined) quarantineView {
	return quarantineView{N: q.N, From: q.Peer, Reason: q.Reason, Modem: q.Modem, PDU: fmt.Sprintf("%x", q.Raw), Text: q.Text, At: q.AtWall}
}
