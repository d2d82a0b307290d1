package main

import (
	"fmt"
	"io"

	"github.com/rs/zerolog"

	"wvsms/spool"
)

// recoverSpool saves what can be read of a damaged spool, and says what was saved and what was not: to whoever stands
// before the machine, and in the log for who comes later. A sound spool is left alone.
func recoverSpool(path string, log zerolog.Logger, to io.Writer) error {
	r, err := spool.Recover(path, spool.Options{})
	if err != nil || r == nil {
		return err
	}
	fmt.Fprintf(to, "wvsms: %v\nwvsms: the damaged spool is %s now; nothing of it was deleted\n", r.Cause, r.Aside)
	log.Warn().Err(r.Cause).Str("aside", r.Aside).Msg("the spool was damaged; going on with what could be read")
	for _, t := range r.Tables {
		fmt.Fprintf(to, "wvsms: %v\n", t)
		log.Warn().Str("table", t.Name).Int("saved", t.Saved).Int("lost_pages", t.LostPages).Int("lost_rows", t.LostRows).
			Int("refused", t.Refused).Msg("recovered")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(to, "wvsms: %s\n", note)
		log.Warn().Msg("recovered: " + note)
	}
	return nil
}
