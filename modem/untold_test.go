package modem_test

import (
	"strings"
	"testing"

	"wvsms/modem"
	"wvsms/modem/modemtest"
)

// A modem that tells of no registration at all is no reason to send nothing for ever.
func TestUntoldRegistration(t *testing.T) {
	p := modemtest.Generic
	p.Refuses = map[string]string{"+CREG": "ERROR", "+CGREG": "ERROR", "+CEREG": "+CME ERROR: 4"}
	inField(t, modemtest.AirOptions{}, modemtest.ModemOptions{Profile: p}, modem.Options{}, func(f *field) {
		f.ready()
		if s := f.m.Status(); !s.Registered || !strings.Contains(s.Verdict, "does not tell") {
			f.Errorf("status %+v", s)
		}
	})
}
