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
		d := dispose(&modem.ResultError{Kind: test.kind, Code: test.code}, nil)
		if d.do != test.want || d.hint == "" {
			t.Errorf("kind %d code %d: %d %q, want %d and a hint", test.kind, test.code, d.do, d.hint, test.want)
		}
		if (d.do == retry || d.do == wait || d.do == stuck) && d.after <= 0 {
			t.Errorf("kind %d code %d: again without a pause", test.kind, test.code)
		}
	}
	if d := dispose(modem.ErrOutcomeUnknown, nil); d.do != unsure {
		t.Errorf("outcome unknown: %d", d.do)
	}
	if d := dispose(modem.ErrNotSent, nil); d.do != wait {
		t.Errorf("not sent: %d", d.do)
	}
	if d := dispose(errors.New("something else"), nil); d.do != wait {
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
		row, _ := modem.BuiltinProfiles().Of("", modem.Identity{Manufacturer: test.maker})
		if d := dispose(&modem.ResultError{Kind: modem.CMS, Code: test.code}, vendorTable(row)); d.do != test.want {
			t.Errorf("%s %d: %d, want %d", test.maker, test.code, d.do, test.want)
		}
	}
}

func TestTablesAreOrdered(t *testing.T) {
	tables := map[string][]disposition{"CMS": cmsTable, "CME": cmeTable}
	for _, row := range modem.BuiltinProfiles() {
		if len(row.CMS) > 0 {
			tables[row.Name] = vendorTable(row)
			if first := row.CMS[0].First; first < firstVendorCode {
				t.Errorf("%s: %d is the standard's", row.Name, first)
			}
		}
	}
	if len(tables) < 6 {
		t.Errorf("only %d tables: the makes' have got lost", len(tables))
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

// What a row may say has a verb here, and only that: `already` is the SC's word.
func TestVerbsOfRows(t *testing.T) {
	for _, word := range modem.Verbs {
		if _, ok := verbs[word]; !ok {
			t.Errorf("a row may say %q, which nobody does", word)
		}
	}
	if len(verbs) != len(modem.Verbs) {
		t.Errorf("%d words here, %d in rows", len(verbs), len(modem.Verbs))
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
