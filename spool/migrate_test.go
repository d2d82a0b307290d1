package spool

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var updateFixture = flag.Bool("update", false, "make the fixture of the present schema again")

// fixtureIDs are ids that the spool of the fixture gave out; written beside it.
const fixtureIDs = 3

// populate puts rows into each table; everything about them follows from ids and t0.
func populate(s *Spool, tx *Tx, ids []string) error {
	out := queued(ids[0], "+491", t0)
	out.Key, out.Report, out.Ref, out.RefBits = "login-1", true, 0x1234, 16
	out.Modem, out.SIM = "m0", "26201"
	out.Segments[0] = OutSegment{Seq: 1, State: SegAccepted, MR: 17, Modem: "m0", SIM: "26201", At: t0.Add(time.Second), Attempts: 2, Why: "CMS 38"}
	sent := queued(ids[1], "+492", t0)
	sent.State, sent.Settled, sent.Due, sent.Segments = StateSent, t0.Add(time.Minute), time.Time{}, sent.Segments[:1]
	sent.Segments[0].State = SegAccepted
	m := arrived(ids[2], 3590, "tcp")
	if _, err := tx.NewGeneration(); err != nil {
		return err
	}
	if _, _, err := tx.NextRef("+491", 16, t0); err != nil {
		return err
	}
	if _, err := tx.TryPIN("8949", [32]byte{1}, t0); err != nil {
		return err
	}
	return errors.Join(
		tx.PutOutbound(out), tx.PutOutbound(sent), tx.PutMessage(m),
		tx.PutAttempt(&Attempt{ID: ids[0], Seq: 1, Began: t0, Ended: t0.Add(time.Second), EndedWall: t0, Modem: "m0", Outcome: OutcomeAccepted, MR: 17}),
		tx.PutInSegment(received(1, 1, 2, t0)),
		tx.PutEvent(&Event{ID: ids[1], Word: "sent", At: t0, AtWall: t0}),
		tx.PutDialogue(&Dialogue{About: ids[0], Seq: 1, Modem: "m0", At: t0, AtWall: t0, Lines: "-0.100 > AT\n-0.000 < ERROR"}),
		tx.Quarantine(&Quarantined{Modem: "m0", Reason: "foreign.text", Raw: []byte{7}, At: t0, AtWall: t0}, 10),
		tx.Count("type0", 3), tx.Set("clock", "17"), tx.Spend(t0, "m0", "26201", "+491", 90_000), tx.SetHome("+491", "26201", t0),
		tx.SetBucket("+491", t0.Add(time.Minute), t0),
		tx.PutVolley(Volley{Peer: "+491", Segments: 3, Said: t0, Heard: t0.Add(time.Second), Stopped: t0.Add(2 * time.Second)}),
	)
}

// A spool of each released schema opens, and what it holds is there. The fixture of a released schema is never made
// again; the generator (go test -run Fixture -update) is for the present one, until its release.
func TestFixtureOfEachSchema(t *testing.T) {
	newest := len(migrations())
	if *updateFixture {
		makeFixture(t, newest)
	}
	for version := 1; version <= newest; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spool.db")
			copyFile(t, fixture(version), path)
			b, err := os.ReadFile(fixture(version) + ".ids")
			if err != nil {
				t.Fatal(err)
			}
			checkFixture(t, openSpool(t, path), version, strings.Fields(string(b)))
		})
	}
}

func fixture(version int) string { return fmt.Sprintf("testdata/schema-%d.db", version) }

func makeFixture(t *testing.T, version int) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	var ids []string
	for range fixtureIDs {
		ids = append(ids, s.NewID())
	}
	update(t, s, func(tx *Tx) error { return populate(s, tx, ids) })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, path, fixture(version))
	if err := os.WriteFile(fixture(version)+".ids", []byte(strings.Join(ids, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func checkFixture(t *testing.T, s *Spool, version int, ids []string) {
	if err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := newSpool(t) // the same rows, put in today
	update(t, want, func(tx *Tx) error { return populate(want, tx, ids) })
	for _, id := range ids {
		if !s.Known(id) {
			t.Errorf("id %s is not known", id)
		}
	}
	read := func(s *Spool) (all []any) {
		view(t, s, func(tx *Tx) error {
			for _, id := range ids[:2] {
				all = append(all, must[*Outbound](t, "outbound")(tx.Outbound(id)))
			}
			all = append(all,
				must[*Message](t, "message")(tx.Message(ids[2])),
				must[[]InSegment](t, "in segments")(tx.Generation(1)),
				must[int](t, "partials")(tx.Partials()),
				must[[]Event](t, "events")(tx.Events(0, 9)),
				must[[]Quarantined](t, "quarantine")(tx.Quarantines(0, 9)),
				must[int64](t, "counter")(tx.Counter("type0")),
				must[int](t, "spent")(tx.Spent(t0, "m0")),
				must[string](t, "home")(tx.Home("+491")),
				must[[]string](t, "due")(tx.Due(t0, "m0", "", nil, 9)),
				must[int](t, "queue depth")(tx.QueueDepth()),
				must[int](t, "open segments")(tx.OpenSegments()),
			)
			if version >= 4 {
				all = append(all, must[[]Dialogue](t, "dialogues")(tx.DialoguesOf(ids[0])))
			}
			if version >= 2 {
				all = append(all, must[[]Attempt](t, "attempts")(tx.AttemptsOf(ids[0])))
			}
			n, _, err := tx.Tallied(ToPeer("+491"), t0)
			if err != nil {
				return err
			}
			all = append(all, n)
			if version >= 4 {
				all = append(all,
					must[int64](t, "paid")(tx.Paid(t0)),
					must[time.Time](t, "bucket")(tx.Bucket("+491")),
					must[Volley](t, "volley")(tx.Volley("+491")),
				)
			}
			value, _, err := tx.Get("clock")
			all = append(all, value)
			return err
		})
		update(t, s, func(tx *Tx) error {
			all = append(all, must[bool](t, "PIN")(tx.TryPIN("8949", [32]byte{1}, t0)), must[int64](t, "generation")(tx.NewGeneration()))
			return nil
		})
		return all
	}
	equal(t, "contents", read(want), read(s))
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	if err := s.writer.script("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	before, _ := os.ReadFile(path)
	_, err := Open(path, Options{})
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("open: %v", err)
	}
	if after, _ := os.ReadFile(path); string(before) != string(after) {
		t.Error("the file was changed")
	}
}

// All steps or none: a migration that fails half way leaves the schema of before.
func TestMigrationIsOneStep(t *testing.T) {
	s := newSpool(t)
	update(t, s, func(tx *Tx) error { return tx.Count("a", 1) })
	v := len(migrations())
	bad := append(migrations(), "CREATE TABLE later (a INTEGER) STRICT", "CREATE TABLE later (a INTEGER) STRICT")
	if err := migrate(s.writer, v, bad); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("schema %d", v+2)) {
		t.Errorf("migrate: %v", err)
	}
	if now, err := checkSchema(s.writer, s.path, v); now != v || err != nil {
		t.Errorf("schema %d, %v after the failure, want %d", now, err, v)
	}
	if err := migrate(s.writer, v, bad[:v+1]); err != nil {
		t.Errorf("migrate by one: %v", err)
	}
	if now, err := checkSchema(s.writer, s.path, v+1); now != v+1 || err != nil {
		t.Errorf("schema %d, %v, want %d", now, err, v+1)
	}
	counterIs(t, s, "a", 1)
}

// A first start that was killed before its first commit leaves an empty file.
func TestEmptyFileIsANewSpool(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	update(t, openSpool(t, path), func(tx *Tx) error { return tx.Count("a", 1) })
}
