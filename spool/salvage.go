package spool

import (
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// leap is what a counter that must never go back jumps by when nobody knows how far it was.
const leap = 1_000_000

// A salvagedTable says how the rows of a table are taken over. The gauges and the open partials are counted anew by the
// triggers.
type salvagedTable struct {
	name     string
	hasRowid bool
	conflict string // of its INSERT
	sense    func(s *salvage, c []any) bool
}

// What makes sense is what the readers of the table can read; its columns are those of schema/001.sql; later ones follow them.
var salvagedTables = []salvagedTable{
	{"secret", false, "ON CONFLICT DO UPDATE SET value = excluded.value", func(_ *salvage, c []any) bool {
		return c[0] == "id" && long(c[1], 32)
	}},
	{"setting", false, "", nil},
	{"counter", false, "", nil},
	{"sequence", false, "ON CONFLICT DO UPDATE SET value = max(value, excluded.value)", nil},
	{"pin_attempt", false, "", func(_ *salvage, c []any) bool { return long(c[1], 32) }},
	{"outbound", true, "", func(s *salvage, c []any) bool {
		return s.known(c[1]) && long(c[6], 32) && within(math.MaxUint16, c[3], c[4], c[21]) && within(1, c[10]) &&
			oneOf(c[12], "auto", "hold", "resend", "fail") && within(math.MaxInt32, c[18], c[22], c[23], c[25]) &&
			oneOf(c[15], StateQueued, StateSent, StateDelivered, StateFailed, StateExpired, StateUnknown, StateCancelled) &&
			(len(c) <= 27 || oneOf(c[27], FormData, FormDD, FormText))
	}},
	{"outbound_payload", true, "", nil},
	{"out_segment", false, "", func(_ *salvage, c []any) bool {
		return c[1] != int64(0) && within(math.MaxUint8, c[1]) && within(math.MaxInt32, c[10], c[11]) && within(1, c[12]) &&
			oneOf(c[3], SegQueued, SegSubmitting, SegAccepted, SegUnknown, SegFailed, SegDelivered)
	}},
	{"attempt", true, "", func(_ *salvage, c []any) bool {
		return within(math.MaxUint8, c[2]) && oneOf(c[8], OutcomeAccepted, OutcomeRefused, OutcomeUnknown, OutcomeNotSent)
	}},
	{"spend", true, "", nil},
	{"tally", false, "", func(_ *salvage, c []any) bool { return within(math.MaxInt64, c[1:6]...) }},
	{"volley", false, "", func(_ *salvage, c []any) bool { return within(math.MaxInt32, c[1]) }},
	{"peer", false, "", func(_ *salvage, c []any) bool { return c[2] == nil || within(math.MaxUint16, c[2]) }},
	{"ref_given", false, "", func(_ *salvage, c []any) bool { return within(math.MaxUint8, c[1]) }},
	{"in_segment", true, "", func(_ *salvage, c []any) bool {
		return long(c[1], 32) && long(c[12], 32) && within(16, c[4]) && within(math.MaxUint32, c[5]) && within(math.MaxUint16, c[7], c[18]) &&
			within(math.MaxUint8, c[6], c[8]) && within(1, c[10], c[11])
	}},
	{"message", true, "", func(s *salvage, c []any) bool {
		return s.known(c[1]) && within(math.MaxUint16, c[4], c[5]) && within(math.MaxInt32, c[13], c[17]) && oneOf(c[15], MsgReady, MsgAcked)
	}},
	{"event", true, "", func(_ *salvage, c []any) bool { return within(math.MaxUint8, c[3], c[4]) }},
	{"quarantine", true, "", nil},
	{"dialogue", true, "", func(_ *salvage, c []any) bool { return within(math.MaxUint8, c[2]) }},
	{"sqlite_sequence", true, "", nil},
}

// A salvage is one recovery while it copies.
type salvage struct {
	scavenger
	report *Report
	c      *conn
	secret []byte           // nil: lost
	last   map[string]int64 // the highest numbers given out, by table
}

// run copies table by table. The roots are where the damaged file's own schema has them, else where a new spool's are:
// the same scripts made both.
func (s *salvage) run() error {
	s.last = map[string]int64{}
	roots, err := s.roots()
	if err != nil {
		return err
	}
	own := map[string]uint32{}
	schema := &rawTree{root: 1, hasRowid: true, row: func(_ int64, c []any) error {
		if len(c) == 5 && c[0] == "table" {
			name, _ := c[1].(string)
			root, _ := c[3].(int64)
			own[name] = uint32(root)
		}
		return nil
	}}
	if err := s.read(schema); err != nil {
		return err
	}
	s.mapTrees()
	for _, t := range salvagedTables {
		root, ok := roots[t.name]
		if !ok {
			continue
		}
		if own[t.name] > 1 {
			root.page = own[t.name]
		}
		r := &TableReport{Name: t.name}
		tree := &rawTree{root: root.page, hasRowid: t.hasRowid}
		tree.row = s.copier(t, r, root)
		if err := s.read(tree); err != nil {
			return err
		}
		r.LostPages, r.LostRows = tree.lostPages, tree.lostRows
		s.report.Tables = append(s.report.Tables, *r)
	}
	return nil
}

type rootPage struct {
	page    uint32
	columns []string
	least   int // a row that is older than the columns behind has so many
}

func (s *salvage) roots() (map[string]rootPage, error) {
	roots := map[string]rootPage{}
	for _, t := range salvagedTables {
		var r rootPage
		var columns string
		err := s.c.row(`SELECT rootpage, (SELECT group_concat(name, ' ' ORDER BY cid) FROM pragma_table_info(sqlite_schema.name)),
			(SELECT max(cid) + 1 FROM pragma_table_info(sqlite_schema.name) WHERE dflt_value IS NULL)
			FROM sqlite_schema WHERE type = 'table' AND name = ?`, t.name).Scan(&r.page, &columns, &r.least)
		if errors.Is(err, sql.ErrNoRows) {
			continue // an older schema
		}
		if err != nil {
			return nil, fmt.Errorf("find table %s: %w", t.name, err)
		}
		r.columns = strings.Fields(columns)
		roots[t.name] = r
	}
	return roots, nil
}

// copier takes one table's rows over.
func (s *salvage) copier(t salvagedTable, r *TableReport, root rootPage) func(int64, []any) error {
	return func(rowid int64, c []any) error {
		if len(c) > len(root.columns) || len(c) < root.least {
			r.Refused++
			return nil
		}
		if t.name == "sqlite_sequence" {
			name, _ := c[0].(string)
			last, _ := c[1].(int64)
			s.last[name] = last
			r.Saved++
			return nil
		}
		if t.hasRowid {
			c[0] = rowid // an INTEGER PRIMARY KEY; the record has NULL
		}
		if t.sense != nil && !t.sense(s, c) {
			r.Refused++
			return nil
		}
		// The schema's own rules: types, no NULL where none may be, nothing twice, nothing that belongs to no row.
		_, err := s.c.exec("INSERT INTO "+t.name+" ("+strings.Join(root.columns[:len(c)], ", ")+") VALUES (?"+strings.Repeat(", ?", len(c)-1)+") "+t.conflict, c...)
		if e := (*sqlite.Error)(nil); errors.As(err, &e) && (e.Code()&0xff == lib.SQLITE_CONSTRAINT || e.Code()&0xff == lib.SQLITE_MISMATCH) {
			r.Refused++
			return nil
		}
		if err != nil {
			return fmt.Errorf("copy a row of %s: %w", t.name, err)
		}
		if t.name == "secret" {
			s.secret = c[1].([]byte)
		}
		r.Saved++
		return nil
	}
}

func (s *salvage) known(id any) bool {
	text, _ := id.(string)
	return s.secret == nil && text != "" || (&Spool{secret: s.secret}).Known(text)
}

func long(v any, n int) bool {
	b, ok := v.([]byte)
	return ok && len(b) == n
}

func within(most int64, all ...any) bool {
	for _, v := range all {
		if n, ok := v.(int64); !ok || n < 0 || n > most {
			return false
		}
	}
	return true
}

func oneOf[T ~string](v any, all ...T) bool {
	text, ok := v.(string)
	return ok && slices.Contains(all, T(text))
}

// lost tells whether rows of the table may be missing.
func (s *salvage) lost(table string) bool {
	for _, t := range s.report.Tables {
		if t.Name == table {
			return !t.Whole()
		}
	}
	return false
}
