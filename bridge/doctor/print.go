package doctor

import (
	"fmt"
	"io"
)

// Print writes the report for people, with signs that a terminal has or in ASCII.
func (r Report) Print(w io.Writer, signs bool) error {
	arrow := "->"
	sign := map[State]string{Good: "ok  ", Warn: "!   ", Fail: "FAIL"}
	if signs {
		sign = map[State]string{Good: "✓", Warn: "!", Fail: "✗"}
		arrow = "→"
	}
	in := ""
	for _, c := range r.Checks {
		if c.Modem != in {
			in = c.Modem
			if _, err := fmt.Fprintf(w, "\n%s\n", in); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(w, "%s %s: %s\n", sign[c.State], c.Name, c.Text); err != nil {
			return err
		}
		if c.Remedy != "" {
			if _, err := fmt.Fprintf(w, "      %s %s\n", arrow, c.Remedy); err != nil {
				return err
			}
		}
	}
	end := "\nwvsms %s: all is well\n"
	if !r.OK {
		end = "\nwvsms %s: something fails; this report shows no number and no PIN, and may be attached to a bug\n"
	}
	_, err := fmt.Fprintf(w, end, r.Version)
	return err
}
