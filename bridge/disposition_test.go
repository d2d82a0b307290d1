package bridge

import (
	"errors"
	"testing"
	"time"

	"wvsms/modem"
)

func TestDispose(t *testing.T) {
	tests := []struct {
		kind modem.ResultKind
		code int
		want verb
	}{
		{modem.CMS, 1, fail}, {modem.CMS, 8, elsewhere}, {modem.CMS, 10, elsewhere}, {modem.CMS, 21, elsewhere},
		{modem.CMS, 27, retry}, {modem.CMS, 28, fail}, {modem.CMS, 30, fail}, {modem.CMS, 38, retry},
		{modem.CMS, 41, retry}, {modem.CMS, 42, retry}, {modem.CMS, 47, retry}, {modem.CMS, 50, elsewhere},
		{modem.CMS, 69, fail}, {modem.CMS, 96, fail}, {modem.CMS, 111, retry}, {modem.CMS, 127, retry},
		{modem.CMS, 128, fail}, {modem.CMS, 192, retry}, {modem.CMS, 195, fail}, {modem.CMS, 197, already},
		{modem.CMS, 300, retry}, {modem.CMS, 304, fail}, {modem.CMS, 310, stuck}, {modem.CMS, 314, retry},
		{modem.CMS, 330, stuck}, {modem.CMS, 331, wait}, {modem.CMS, 332, unsure}, {modem.CMS, 500, unsure},
		{modem.CMS, 512, unsure}, {modem.CMS, 4711, unsure},
		{modem.CMS, 5, retry}, // not in the table
		{modem.CME, 10, stuck}, {modem.CME, 14, retry}, {modem.CME, 30, wait}, {modem.CME, 100, unsure}, {modem.CME, 50, retry},
		{modem.Plain, -1, retry},
	}
	for _, test := range tests {
		d := dispose(&modem.ResultError{Kind: test.kind, Code: test.code}, "")
		if d.do != test.want || d.hint == "" {
			t.Errorf("kind %d code %d: %d %q, want %d and a hint", test.kind, test.code, d.do, d.hint, test.want)
		}
		if (d.do == retry || d.do == wait || d.do == stuck) && d.after <= 0 {
			t.Errorf("kind %d code %d: again without a pause", test.kind, test.code)
		}
	}
	if d := dispose(modem.ErrOutcomeUnknown, ""); d.do != unsure {
		t.Errorf("outcome unknown: %d", d.do)
	}
	if d := dispose(modem.ErrNotSent, ""); d.do != wait {
		t.Errorf("not sent: %d", d.do)
	}
	if d := dispose(errors.New("something else"), ""); d.do != wait {
		t.Errorf("an error of another kind: %d", d.do)
	}
}

// From 512 up a code means what the maker says; of others it may mean anything.
func TestDisposeByMaker(t *testing.T) {
	tests := []struct {
		maker string
		code  int
		want  verb
	}{
		{"WAVECOM MODEM", 512, retry}, {"WAVECOM MODEM", 513, unsure}, {"WAVECOM MODEM", 514, retry},
		{"Siemens", 513, retry}, {"SIEMENS", 514, fail}, {"Cinterion", 521, unsure}, {"Cinterion", 549, fail},
		{"huawei", 515, retry}, {"huawei", 513, unsure}, {"SIMCOM INCORPORATED", 517, retry}, {"Quectel", 604, unsure},
		{"", 512, unsure}, {"nobody", 515, unsure}, {"SIMCOM", 42, retry}, {"Siemens", 332, unsure},
	}
	for _, test := range tests {
		if d := dispose(&modem.ResultError{Kind: modem.CMS, Code: test.code}, test.maker); d.do != test.want {
			t.Errorf("%s %d: %d, want %d", test.maker, test.code, d.do, test.want)
		}
	}
}

func TestTablesAreOrdered(t *testing.T) {
	tables := map[string][]disposition{"CMS": cmsTable, "CME": cmeTable}
	for maker, table := range vendorTables {
		tables[maker] = table
		if table[0].first < firstVendorCode {
			t.Errorf("%s: %d is the standard's", maker, table[0].first)
		}
	}
	for name, table := range tables {
		last := -1
		for _, d := range table {
			if d.first <= last || d.last < d.first {
				t.Errorf("%s: row %d–%d stands after %d", name, d.first, d.last, last)
			}
			last = d.last
		}
	}
}

func TestPauseGrows(t *testing.T) {
	d := disposition{after: 30 * time.Second}
	for n, want := range map[int]time.Duration{1: 30 * time.Second, 2: time.Minute, 3: 2 * time.Minute, 5: 8 * time.Minute, 6: 10 * time.Minute, 1000: 10 * time.Minute} {
		if got := d.pause(n); got != want {
			t.Errorf("pause %d is %v, want %v", n, got, want)
		}
	}
}
