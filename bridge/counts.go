package bridge

import (
	"errors"
	"fmt"

	"wvsms/modem"
	"wvsms/spool"
)

// What is counted by its cause, beside what the spool's own commits count. The names are
// few, whatever modems and programs say: each is kept for ever.

// countRefusal counts a SEND that was refused; any other error is none.
func countRefusal(b backend, err error) {
	if code := codeOf(err); code != "" {
		b.count("refused." + code)
	}
}

// codeOf is the code of a refusal, "" where it is none.
func codeOf(err error) string {
	var refused *Refusal
	var lost *outOfStep
	switch {
	case errors.As(err, &refused):
		return refused.Code
	case errors.As(err, &lost):
		return lost.Code
	}
	return ""
}

// countStory counts what one commit told: what became of messages, the notes on them, and
// how attempts ended. What a segment of a message went through alone is not counted again.
func (b *Bridge) countStory(story *events) {
	for _, e := range story.list {
		if e.Segment == 0 || e.Word == "note" {
			b.count("event." + e.Word)
		}
	}
	for i, a := range story.attempts {
		b.count("attempt." + string(a.Outcome) + "." + story.causes[i])
	}
}

// causeOf names why an attempt failed, in few words: codes of the standards are told
// apart, those of makers are not.
func causeOf(err error) string {
	var refused *modem.ResultError
	switch {
	case err == nil:
		return "none"
	case errors.Is(err, errInterrupted):
		return "interrupted"
	case !errors.As(err, &refused):
		for _, known := range []struct {
			err  error
			name string
		}{{modem.ErrLineLost, "line_lost"}, {modem.ErrRestarted, "restarted"}, {modem.ErrSilent, "silent"}, {modem.ErrOutcomeUnknown, "no_answer"}, {modem.ErrNotSent, "not_sent"}} {
			if errors.Is(err, known.err) {
				return known.name
			}
		}
		return "other"
	case refused.Kind == modem.Plain:
		return "plain"
	case refused.Kind == modem.CME:
		return codeName("cme", refused.Code, cmeTable)
	case refused.Code >= firstVendorCode:
		return "cms_vendor"
	}
	return codeName("cms", refused.Code, cmsTable)
}

// codeName is cms_38 for a code of the table.
func codeName(kind string, code int, table []disposition) string {
	for _, d := range table {
		if d.first <= code && code <= d.last {
			return fmt.Sprintf("%s_%d", kind, code)
		}
	}
	return kind + "_other"
}

// Refused counts a request that the HTTP side refused before or after Accept.
func (b *Bridge) Refused(err error) { countRefusal(b, err) }

// submitted is what each modem was ever given, and what all of that cost in millionths.
func (b *Bridge) submitted(tx *spool.Tx) (modems map[string]int64, paid int64, err error) {
	modems = map[string]int64{}
	for _, c := range b.cfg.Modems {
		if modems[c.Name], _, err = tx.TalliedEver(spool.OfModem(c.Name)); err != nil {
			return nil, 0, err
		}
	}
	_, paid, err = tx.TalliedEver(spool.Everything)
	return modems, paid, err
}
