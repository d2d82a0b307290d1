package modem

import "testing"

func TestErrorsInWords(t *testing.T) {
	for line, want := range map[string]int{
		"+CMS ERROR: network timeout":                    332,
		"+CMS ERROR: Network Timeout":                    332,
		"+CMS ERROR:NETWORK TIMEOUT":                     332,
		"+CMS ERROR: no network service":                 331,
		"+CMS ERROR: Unknown error":                      500,
		"+CMS ERROR: unknown":                            500,
		"+CMS ERROR: SIM PIN required":                   311,
		"+CMS ERROR: SIM PIN2 required":                  317,
		"+CMS ERROR: (U)SIM PIN required":                311,
		"+CMS ERROR: USIM busy":                          314,
		"+CMS ERROR: PH-SIM PIN required":                312,
		"+CMS ERROR: No +CNMA acknowledgement expected":  340,
		"+CMS ERROR: invalid memory index":               321,
		"+CMS ERROR: Unassigned (unallocated) number":    1,
		"+CMS ERROR: Resources unavailable, unspecified": 47,
		"+CMS ERROR: SM Rejected-Duplicate SM":           197,
		"+CMS ERROR: operation not allowed":              302,
		"+CME ERROR: operation not allowed":              3,
		"+CME ERROR: SIM busy":                           14,
		"+CME ERROR : SIM BUSY":                          14,
		"+CME ERROR: sim not inserted":                   10,
		"+CME ERROR: network timeout":                    31,
		"+CME ERROR: unknown":                            100,
		"+CME ERROR: phone failure":                      0,
		"+CME ERROR: MT failure":                         0,

		"+CMS ERROR: 332":                    332,
		"+CMS ERROR: ":                       -1,
		"+CMS ERROR: ()":                     -1,
		"+CMS ERROR: network":                -1,
		"+CMS ERROR: network timeout 2":      -1,
		"+CMS ERROR: not found":              -1, // a CME text
		"+CME ERROR: SC busy":                -1, // a CMS text
		"+CME ERROR: the dog ate it":         -1,
		"network timeout":                    -1,
		"+CMS ERROR: \xff\x00":               -1,
		"+CMS ERROR: 99999999999999999999":   -1,
		"+CMS ERROR: no network service, 38": -1,
	} {
		if got := newResultError(line); got.Code != want || got.Text != line {
			t.Errorf("%q: %+v, want code %d", line, got, want)
		}
	}
}

// No two texts are the same when squeezed, unless they mean the same, and none
// is squeezed to nothing.
func TestErrorTextsDiffer(t *testing.T) {
	for kind, texts := range errorTexts {
		codes := make(map[string]int)
		for text, code := range texts {
			s := squeeze(text)
			if other, ok := codes[s]; ok && other != code || s == "" {
				t.Errorf("kind %d: %q is %d and %d", kind, text, code, other)
			}
			codes[s] = code
			if code < 0 || kind == CMS && code > 511 {
				t.Errorf("%q: code %d is not the standards'", text, code)
			}
		}
	}
}
