package bridge

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"wvsms/spool"
)

// Implementation: what a recorder holds.
const (
	recordedLines  = 128
	recordedOctets = 8 << 10
	linesBefore    = 8  // an attempt: what the modem was busy with
	linesOfDamage  = 16 // on the way in
)

// A recorder holds the last lines of the dialogue of one session, so that what goes wrong
// can be told afterwards. It is shown every line, of messages that pass too: it keeps the
// string, and looks at it only when it is asked.
type recorder struct {
	mu     sync.Mutex
	lines  [recordedLines]recordedLine
	next   int // where the next one goes
	n      int
	octets int
	texts  bool // what was let go of says that messages may come as text: see mask
}

type recordedLine struct {
	at   time.Time
	sent bool
	text string
}

// line takes note of a line. What is too long for the recorder is cut.
func (r *recorder) line(sent bool, text string) {
	text = text[:min(len(text), recordedOctets)]
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n == recordedLines || r.n > 0 && r.octets+len(text) > recordedOctets {
		oldest := &r.lines[(r.next+recordedLines-r.n)%recordedLines]
		r.octets -= len(oldest.text)
		r.texts = stillTexts(r.texts, *oldest)
		*oldest = recordedLine{}
		r.n--
	}
	r.lines[r.next] = recordedLine{time.Now(), sent, text}
	r.next = (r.next + 1) % recordedLines
	r.n++
	r.octets += len(text)
}

// stillTexts is what a mask would know of texts after a line.
func stillTexts(texts bool, l recordedLine) bool {
	switch {
	case l.sent:
		return texts && l.text != "AT+CMGF=0"
	case texts || !strings.HasPrefix(l.text, "+C"):
		return texts
	}
	name, args, _ := strings.Cut(l.text, ":")
	return headers[strings.TrimRight(name, " ")] && asText(args)
}

// since returns the lines since a moment and so many before it, masked: each with its time
// before the end, in seconds, and its arrow.
func (r *recorder) since(begin time.Time, before int) string {
	r.mu.Lock()
	lines := make([]recordedLine, 0, r.n)
	for i := r.n; i > 0; i-- {
		lines = append(lines, r.lines[(r.next+recordedLines-i)%recordedLines])
	}
	m := newMask()
	m.texts = r.texts
	r.mu.Unlock()

	end := time.Now()
	from := len(lines) - before
	if i := slices.IndexFunc(lines, func(l recordedLine) bool { return !l.at.Before(begin) }); i >= 0 {
		from = i - before
	}
	var b strings.Builder
	for i, l := range lines {
		text := m.line(l.sent, l.text) // also of those before: what comes next depends on them
		if i < from {
			continue
		}
		arrow := '<'
		if l.sent {
			arrow = '>'
		}
		fmt.Fprintf(&b, "%8.3f %c %s\n", min(l.at.Sub(end).Seconds(), -0.0005), arrow, text)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// A dialogueView is a dialogue in SHOW and LIST.
type dialogueView struct {
	Segment int       `json:"segment,omitempty"`
	At      time.Time `json:"at"` // its end
	Modem   string    `json:"modem"`
	Lines   []string  `json:"lines"` // seconds before the end, > sent or < received, the line without what messages hold
}

func viewDialogues(tx *spool.Tx, about string) (views []dialogueView, err error) {
	list, err := tx.DialoguesOf(about)
	for _, d := range list {
		views = append(views, dialogueView{Segment: d.Seq, At: d.AtWall, Modem: d.Modem, Lines: strings.Split(d.Lines, "\n")})
	}
	return views, err
}
