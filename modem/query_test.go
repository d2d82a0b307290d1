package modem

import (
	"strings"
	"testing"
	"testing/synctest"
)

// A query is asked, and nothing that might change something.
func TestQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{})
		defer b.close()
		b.up()
		got := make(chan []string)
		go func() {
			info, err := b.Query(t.Context(), "+GCAP")
			if err != nil {
				t.Error(err)
			}
			got <- info
		}()
		b.play("> AT+GCAP\n< +GCAP: +CGSM\n< OK")
		if info := <-got; len(info) != 1 || info[0] != "+GCAP: +CGSM" {
			t.Error(info)
		}
		for _, cmd := range []string{"+CFUN=1,1", "+CMGD=1", "D112;", "+CPIN=1234", "+CFUN=0;+CSQ?", ""} {
			if _, err := b.Query(t.Context(), cmd); err == nil || !strings.Contains(err.Error(), "it is no query") || strings.Contains(err.Error(), "1234") {
				t.Errorf("%s: %v", cmd, err)
			}
		}
		b.play("silence 1s")
	})
}
