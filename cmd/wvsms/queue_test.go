package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wvsms/modem/modemtest"
	"wvsms/pdu"
	"wvsms/pdu/wdp"
)

// An operated is a bridge with one modem, and its operator.
type operated struct {
	*testBridge
	air   *modemtest.Air
	modem *modemtest.Modem
	c     *testClient
}

func operate(t *testing.T) *operated {
	t.Helper()
	return operateOn(t, modemtest.AirOptions{})
}

func operateOn(t *testing.T, air modemtest.AirOptions) *operated {
	t.Helper()
	net := newTestNet(t, air)
	m, device := net.modem(modemtest.ModemOptions{Number: numberA})
	b := newTestBridge(t, device, "store", "")
	b.start()
	o := &operated{testBridge: b, air: net.air, modem: m, c: b.connect()}
	t.Cleanup(o.c.close)
	o.c.do("EVENTS", "OK")
	return o
}

// says runs a command, and finds each of these patterns in what it prints.
func (o *operated) says(command interface {
	Run(context.Context, *stdio) error
}, want ...string) string {
	o.t.Helper()
	out, err := run(o.t, "", command)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, pattern := range want {
		if !regexp.MustCompile("(?m)" + pattern).MatchString(out) {
			o.t.Errorf("no %s in:\n%s", pattern, out)
		}
	}
	return out
}

func (o *operated) flags() operatorFlags { return operatorFlags{Socket: o.socket} }

// Policy hold leaves a message to the operator. On the command line he sees why it is
// held and what he can do; he has one sent again, and ends another.
func TestOperatorOfHeldMessages(t *testing.T) {
	o := operate(t)
	o.air.NewHandset(phone, nil)
	o.modem.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 500", Times: 2})
	again, _ := o.c.send(phone, []byte("again"), "unknown=hold")
	o.c.event(again, "note segment=1/1")
	ended, _ := o.c.send(phone, []byte("ended"), "unknown=hold")
	o.c.event(ended, "note segment=1/1")

	o.says(&queueListCmd{operatorFlags: o.flags()},
		"^"+again+`  \+491712345678     queued          0/1       held  +23h59m\d+s  \+CMS ERROR: 500 \(.*: held for a late answer, a report or the operator$`,
		"^"+ended+` .* held `)
	o.says(&explainCmd{ID: again, operatorFlags: o.flags()},
		`^  20.* UTC  modem m0 submitted it: nobody knows whether the network has it \(answered after .*s\)$`,
		`^  20.* UTC  \+CMS ERROR: 500 \(.*\): held for a late answer, a report or the operator$`,
		`^  It is in the queue\. The network has accepted 0 of 1 segment; whether it has 1 more, nobody knows\.$`,
		`^  It waits for a late answer of the modem, for a report from the network, or for you\.`,
		`^  What may be on air is not sent again by itself: unknown=hold leaves that to you\.$`,
		`^  wvsms queue retry `+again+` --socket `+o.socket+"\n"+` +tries at once what the network has not accepted; if it has arrived after all, the phone gets it twice$`,
		`^  wvsms queue cancel `+again)

	o.says(&queueRetryCmd{IDs: []string{again}, operatorFlags: o.flags()}, "^"+again+": back in the queue$")
	o.c.event(again, "sent")
	o.says(&queueCancelCmd{IDs: []string{ended}, operatorFlags: o.flags()}, "^"+ended+": cancelled$")
	o.says(&explainCmd{ID: again, operatorFlags: o.flags()},
		"put back into the queue by the operator", "modem m0 submitted it: the network accepted it", "the network has all of it", "^  It is sent.")
	o.says(&explainCmd{ID: ended, operatorFlags: o.flags()}, "^  It was cancelled", "^  What is on air already cannot be called back", "wvsms queue retry")
	if out, err := run(t, "", &queueRetryCmd{IDs: []string{again}, operatorFlags: o.flags()}); err == nil ||
		!strings.Contains(out, again+": refused: not-allowed: the network has all of it") {
		t.Errorf("retry of what is sent: %v\n%s", err, out)
	}
}

// A single message of unknown outcome ends so by itself, and says why it is not sent again.
func TestExplainUnknown(t *testing.T) {
	o := operate(t)
	o.air.NewHandset(phone, nil)
	o.modem.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Refuse, Text: "+CMS ERROR: 42"})
	busy, _ := o.c.send(phone, make([]byte, 200), "ttl=1h")
	o.await("SHOW "+busy, "+CMS ERROR: 42")
	o.modem.Fault(modemtest.Fault{On: "+CMGS", Kind: modemtest.Belie, Text: "+CMS ERROR: 332"})
	lost, _ := o.c.send(phone, []byte("lost"), "")
	o.c.event(lost, "unknown")
	o.says(&explainCmd{ID: lost, operatorFlags: o.flags()},
		"^  It has ended, and nobody knows whether it arrived", `^  The reason: \+CMS ERROR: 332 \(the network did not answer in time\): not sent again`,
		"could not tell a copy from a second message", "wvsms queue retry "+lost)
	o.says(&explainCmd{ID: busy, operatorFlags: o.flags()},
		`segment 1 of 2: modem m0 submitted it: it was refused: \+CMS ERROR: 42 \(congestion\)`, `^  Segment 1 of 2 goes again in \d+s \(20`)
	o.says(&queueListCmd{State: "unknown", operatorFlags: o.flags()}, "^"+lost+`  \+491712345678     unknown         0/1          -           -  \+CMS ERROR: 332`)
}

// What came in: whole, in part, and for somebody else.
func TestOperatorOfInbound(t *testing.T) {
	o := operate(t)
	h := o.air.NewHandset(phone, nil)
	if err := h.Send(numberA, wdp.Datagram{Dst: 3590, Src: 3590, Data: make([]byte, 300)}); err != nil {
		t.Fatal(err)
	}
	segments, err := wdp.Datagram{Dst: 3590, Src: 3590, Data: make([]byte, 400)}.Segment(wdp.Ref{Value: 0x1234, Wide: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{3, 1} {
		if err := h.SendUserData(numberA, pdu.DCSOctet, segments[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.SendText(numberA, "Your balance is 3.50"); err != nil {
		t.Fatal(err)
	}
	o.air.Inject(numberA, []byte{0x44, 0x0C, 0x91, 0xFF}) // cut off
	o.c.do("RECV ack-wait=1h", "OK")
	m := o.c.message()
	o.await("LIST quarantine", "440c91ff")
	o.await("LIST partials", `"have":[2,4]`)

	o.says(&queueListCmd{Partials: true, operatorFlags: o.flags()},
		`^ +\d+  \+491712345678      3590  4660/16   waiting      2/4 +\d+s +23h59m\d+s  2 4$`)
	o.says(&queueListCmd{Quarantine: true, operatorFlags: o.flags()},
		`^ +1  20.* UTC  m0        \+491712345678     text          [0-9a-f]{40,}<18 octets>$`, `^ +2  20.* UTC  m0        -                 undecodable: .*  <\d+ octets>$`)
	o.says(&queueListCmd{Quarantine: true, Payload: true, operatorFlags: o.flags()},
		`^ +1  20.* UTC  m0        \+491712345678     text          [0-9a-f]{76,}$`, `^ +2  20.* UTC  m0        -                 undecodable: .*  [0-9a-f]*440c91ff$`)
	o.says(&queueListCmd{Inbox: true, operatorFlags: o.flags()}, "^"+m.id+`  \+491712345678      3590  ready     300        1  20.* UTC$`)
	o.says(&explainCmd{ID: m.id, operatorFlags: o.flags()},
		`^Message `+m.id+` from \+491712345678, port 3590: 300 octets in 3 segments\.$`,
		`^Received 20.* UTC over modem m0, for a program on the socket\. The network stamped it 20`,
		`^  It was offered 1 time\. Nobody has acknowledged it\.$`,
		`^  A program has it and has not acknowledged it\. It is offered again in (1h0m0|59m\d+)s \(20.* UTC\), or as soon as that program leaves\.$`)
	o.c.do("ACK "+m.id, "OK")
	o.says(&explainCmd{ID: m.id, operatorFlags: o.flags()}, `It was offered 1 time\. It was acknowledged 20.* UTC\.$`, "^  Nothing: it is done\\.$", "never offered again")
	o.says(&queueShowCmd{ID: m.id, operatorFlags: o.flags()}, "^state +acked$", "^offered +1 times, put off 0 times$", "^acknowledged +20")
	if out, err := run(t, "", &queueCancelCmd{IDs: []string{m.id}, operatorFlags: o.flags()}); err == nil || !strings.Contains(out, "it is an inbound message") {
		t.Errorf("cancel of an inbound message: %v\n%s", err, out)
	}
}

// await asks until the answer has this in it.
func (o *operated) await(command, want string) {
	o.t.Helper()
	for !strings.Contains(o.c.data(command), want) {
		time.Sleep(10 * time.Millisecond)
	}
}

// The whole story of a message, in its order: attempts before the events that follow
// from them, what is no longer kept, what is under way; and nothing that a modem or the
// network said can pass for a line of ours.
func TestExplainTellsInOrder(t *testing.T) {
	const object = `{"id":"A1","direction":"out","to":"+49171","port":3590,"octets":200,"state":"queued","why":"modem says\n  It is sent.","origin":"tcp","ttl":"1h0m0s",` +
		`"report":true,"accepted":"2026-12-01T12:00:00Z","segments_total":2,"segments_accepted":1,"segments_unknown":0,` +
		`"segments":[{"seq":1,"state":"accepted","attempts":23,"modem":"m0"},{"seq":2,"state":"submitting","attempts":2,"modem":"m1","last_attempt":"2026-12-01T12:03:00Z"}],` +
		`"attempts":[{"segment":1,"at":"2026-12-01T12:01:00Z","took":"3m0s","after_ms":60000,"modem":"m0","outcome":"unknown","why":"silence"},` +
		`{"segment":1,"at":"2026-12-01T12:02:00Z","took":"1s","after_ms":120000,"modem":"m0","outcome":"accepted","mr":7},` +
		`{"segment":2,"at":"2026-12-01T12:02:30Z","took":"1s","after_ms":150000,"modem":"m0","outcome":"not-sent","why":"no prompt"}],` +
		`"events":[{"n":4,"word":"note","segment":1,"why":"silence: it will be sent again","at":"2026-12-01T12:01:00Z","after_ms":60000},` +
		`{"n":5,"word":"sent","segment":1,"at":"2026-12-01T12:02:00Z","after_ms":120000}],` +
		`"next":"It goes.","never":"Not that.","can":[{"command":"cancel","effect":"ends it"}]}`
	const want = `Message A1 to +49171, port 3590: 200 octets in 2 segments.
Accepted 2026-12-01 12:00:00 UTC from a program on the socket, to be sent within 1h0m0s. A delivery report was asked for.

What happened
  2026-12-01 12:01:00 UTC  segment 1 of 2: modem m0 submitted it: nobody knows whether the network has it (answered after 3m0s)
  2026-12-01 12:01:00 UTC  segment 1 of 2: silence: it will be sent again
  2026-12-01 12:02:00 UTC  segment 1 of 2: modem m0 submitted it: the network accepted it as TP-MR 7 (answered after 1s)
  2026-12-01 12:02:30 UTC  segment 2 of 2: modem m0 submitted it: it was not handed over: no prompt (answered after 1s)
  2026-12-01 12:03:00 UTC  segment 2 of 2: modem m1 is submitting it
  (segment 1 of 2: 21 attempts earlier, no longer kept)

How it stands
  It is in the queue. The network has accepted 1 of 2 segments.
  The reason: modem says\x0a  It is sent.

What comes next
  It goes.
  Not that.

What you can do
  wvsms queue cancel A1 --socket SOCKET
      ends it
`
	addr := playBridge(t, fmt.Sprintf("C: SHOW A1\nS: DATA %d\\r\\n%s", len(object), strings.ReplaceAll(object, `\`, `\\`)))
	out, err := run(t, "", &explainCmd{ID: "A1", operatorFlags: operatorFlags{Socket: addr}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.ReplaceAll(want, "SOCKET", addr), out); diff != "" {
		t.Error(diff)
	}
}

// A long list comes in pages, in order, each row once; --limit ends it.
func TestQueueListPages(t *testing.T) {
	const rows = 2*listPage + 50
	b := newTestBridge(t, t.TempDir()+"/no-modem", "store", "")
	b.start()
	c := b.connect()
	defer c.close()
	var want []string
	for range rows {
		id, _ := c.send("4711", []byte("x"), "")
		want = append(want, id)
	}
	for _, limit := range []int{0, 1, listPage, listPage + 1, rows, rows + 1} {
		out, err := run(t, "", &queueListCmd{Limit: limit, operatorFlags: operatorFlags{Socket: b.socket, JSON: true}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(out) {
			var r row
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			got = append(got, r.ID)
		}
		n := rows
		if limit > 0 {
			n = min(limit, rows)
		}
		if fmt.Sprint(got) != fmt.Sprint(want[:n]) {
			t.Errorf("limit %d: %d rows, want %d", limit, len(got), n)
		}
	}
}
