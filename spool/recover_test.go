package spool

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"wvsms/spool/spooltest"
)

// inhabited makes a spool with all kinds of rows, some of them deleted again. crashed leaves the last of it in the log.
func inhabited(t *testing.T, path string, crashed bool) {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	round := func(from, to int) {
		update(t, s, func(tx *Tx) error {
			for i := from; i < to; i++ {
				if err := inhabit(tx, i, dice); err != nil {
					return err
				}
			}
			return nil
		})
	}
	round(0, 150)
	update(t, s, func(tx *Tx) error { // what is deleted must not come back
		_, err := tx.Purge(horizon(t0.Add(60*time.Minute), t0.Add(30*time.Minute), t0.Add(30*time.Minute)), 1000)
		return err
	})
	round(150, 200)
	if !crashed {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.writer.script("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		round(200+i, 201+i)
	}
	update(t, s, func(tx *Tx) error { return tx.Set("last", "needs no page more") })
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		files[suffix] = must[[]byte](t, "read")(os.ReadFile(path + suffix))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for suffix, b := range files {
		os.WriteFile(path+suffix, b, 0o600)
	}
}

// inhabit adds the rows of one more minute.
func inhabit(tx *Tx, i int, dice *rand.Rand) error {
	at := t0.Add(time.Duration(i) * time.Minute)
	out := queued(tx.s.NewID(), fmt.Sprintf("+49%d", i%20), at)
	out.Payload = bytes.Repeat([]byte{byte(i)}, dice.IntN(300)*(1+19*(i%7/6)))
	out.Octets = len(out.Payload)
	if i%2 == 0 {
		out.Key = fmt.Sprint("key", i)
	}
	switch i % 5 {
	case 0:
		out.Segments[0].State, out.Segments[0].MR, out.Segments[0].At = SegSubmitting, i%256, at
	case 1, 2:
		out.State = StateSent
		for n := range out.Segments {
			out.Segments[n].State, out.Segments[n].MR, out.Segments[n].At = SegAccepted, i%256, at
		}
	}
	in := arrived(tx.s.NewID(), 3590, "tcp")
	in.Payload = bytes.Repeat([]byte{byte(i)}, dice.IntN(300)*(1+19*(i%11/10)))
	in.Octets = len(in.Payload)
	in.Generation = int64(i % 3)
	if i%3 == 0 {
		in.State, in.AckedAt = MsgAcked, at
	}
	gen := must2(tx.NewGeneration())
	seg := received(byte(i), gen, 1, at)
	seg.Done = i%4 == 0
	must2(tx.TryPIN(fmt.Sprint("card", i), [32]byte{byte(i)}, at))
	_, _, err := tx.NextRef(out.Peer, 8, at)
	return errors.Join(err, tx.PutOutbound(out), tx.PutMessage(in), tx.PutInSegment(seg), tx.Spend(at, "m0", "simA", out.Peer, 90_000),
		tx.PutEvent(&Event{ID: out.ID, Word: "sent", Why: "why", At: at}), tx.Count(fmt.Sprint("counter", i%30), 1),
		tx.PutDialogue(&Dialogue{About: out.ID, Seq: 1, Modem: "m0", At: at, Lines: "-0.000 < ERROR"}),
		tx.Set(fmt.Sprint("setting", i%40), out.ID), tx.SetHome(in.Peer, "simA", at),
		tx.SetBucket(out.Peer, at.Add(time.Minute), at), tx.PutVolley(Volley{Peer: out.Peer, Segments: i, Said: at}),
		tx.Quarantine(&Quarantined{Modem: "m0", Reason: "foreign", Raw: []byte{byte(i)}, At: at}, 100))
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// contents is every row of a spool as text, by table.
func contents(t *testing.T, s *Spool) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	view(t, s, func(tx *Tx) error {
		for _, table := range append(slices.Clone(salvagedTables), salvagedTable{name: "gauge"}, salvagedTable{name: "partial"}) {
			rows, err := tx.c.query("SELECT * FROM " + table.name)
			if err != nil {
				return err
			}
			columns, _ := rows.Columns()
			for rows.Next() {
				row := make([]any, len(columns))
				for i := range row {
					row[i] = &row[i]
				}
				if err := rows.Scan(row...); err != nil {
					return err
				}
				all[table.name] = append(all[table.name], fmt.Sprint(row...))
			}
			rows.Close()
			slices.Sort(all[table.name])
		}
		return nil
	})
	return all
}

// recoverSpool recovers what must need it, and opens the outcome.
func recoverSpool(t *testing.T, path string) (*Report, *Spool) {
	t.Helper()
	r, err := Recover(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		t.Fatal("the damage was not found")
	}
	s := openSpool(t, path)
	if err := examineAllOf(s); err != nil {
		t.Fatalf("the recovered spool: %v", err)
	}
	return r, s
}

func examineAllOf(s *Spool) error {
	var said string
	if err := s.writer.row("PRAGMA integrity_check(1)").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return errors.New(said)
	}
	return nil
}

// What the header's loss leaves is everything: the roots of the tables are where a new spool has them.
func TestRecoverWithoutTheFirstPage(t *testing.T) {
	for name, crashed := range map[string]bool{"closed": false, "crashed": true} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spool.db")
			inhabited(t, path, crashed)
			healthy := filepath.Join(t.TempDir(), "spool.db")
			for _, suffix := range []string{"", "-wal"} {
				if b, err := os.ReadFile(path + suffix); err == nil {
					os.WriteFile(healthy+suffix, b, 0o600)
				}
			}
			want := contents(t, openSpool(t, healthy))
			if crashed { // the log has the first page too
				b := must[[]byte](t, "read")(os.ReadFile(path + "-wal"))
				for at := walHeader; at < len(b); at += frameSize {
					if bytes.HasPrefix(b[at+frameHeader:], []byte(magic)) {
						b[at+frameHeader] = 'x'
					}
				}
				os.WriteFile(path+"-wal", b, 0o600)
			}
			damage(t, path, 1, bytes.Repeat([]byte{0xa5}, pageSize))
			if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "wvsms run --recover") {
				t.Errorf("open without the first page: %v", err)
			}
			r, s := recoverSpool(t, path)
			equal(t, "recovered", want, contents(t, s))
			for _, table := range r.Tables {
				if !table.Whole() {
					t.Errorf("%v", table)
				}
			}
			if b := must[[]byte](t, "read aside")(os.ReadFile(r.Aside)); b[0] != 0xa5 {
				t.Error("what was set aside is not the damaged file")
			}
		})
	}
}

const frameSize = frameHeader + pageSize

func damage(t *testing.T, path string, page uint32, with []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(with, int64(page-1)*pageSize); err != nil {
		t.Fatal(err)
	}
}

// One damaged page, whichever it is, costs the rows on it and what belongs to them: all others are in the recovered
// spool, with every id known, and nothing that was deleted.
func TestRecoverFromEachPage(t *testing.T) {
	path := filepath.Join(memory(t), "spool.db")
	inhabited(t, path, false)
	good := must[[]byte](t, "read")(os.ReadFile(path))
	s := openSpool(t, path)
	want := contents(t, s)
	secret := s.secret
	s.Close()
	refused := 0
	for n := 1; n <= len(good)/pageSize; n++ {
		if roots := 50; n > roots && n%8 != 0 || brief() && n%5 != 1 {
			continue
		}
		for what, with := range map[string][]byte{"garbage": bytes.Repeat([]byte{0xa5}, pageSize), "zeros": make([]byte, pageSize)} {
			if (what == "zeros") != (n%3 == 0) {
				continue
			}
			os.WriteFile(path, good, 0o600)
			damage(t, path, uint32(n), with)
			r, err := Recover(path, Options{})
			if err != nil {
				t.Fatalf("page %d of %s: %v", n, what, err)
			}
			if r == nil {
				continue // a free page, or one whose octets are free to be anything
			}
			refused++
			s := openSpool(t, path)
			if err := examineAllOf(s); err != nil {
				t.Errorf("page %d of %s: the recovered spool: %v", n, what, err)
			}
			checkSaved(t, fmt.Sprintf("page %d of %s", n, what), r, rowsOn(good, n), want, contents(t, s))
			if known := bytes.Equal(s.secret, secret); known == slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "ids that were") }) {
				t.Errorf("page %d of %s: ids are known: %v, and the notes are %q", n, what, known, r.Notes)
			}
			s.Close()
			os.Remove(r.Aside)
		}
	}
	if refused < 10 {
		t.Errorf("of %d pages only %d mattered", len(good)/pageSize, refused)
	}
}

// rowsOn is how many rows a page may hold: an overflow page, a part of one.
func rowsOn(file []byte, page int) int {
	b := file[(page-1)*pageSize:]
	if page == 1 {
		b = b[100:]
	}
	switch b[0] {
	case tableLeaf, indexLeaf, indexInner:
		return max(1, int(b[3])<<8|int(b[4]))
	}
	return 1
}

// checkSaved wants all rows but those of one page, which are as many as that.
func checkSaved(t *testing.T, what string, r *Report, rows int, want, got map[string][]string) {
	t.Helper()
	hurt := map[string]bool{}
	for _, table := range r.Tables {
		if table.LostPages+table.LostRows > 0 {
			hurt[table.Name] = true
		}
		if table.LostPages > 1 {
			t.Errorf("%s: %v", what, table)
		}
	}
	if len(hurt) > 1 {
		t.Errorf("%s: one page has hurt %v", what, slices.Collect(maps.Keys(hurt)))
	}
	// What belongs to an outbound message goes with it; one that has lost its other half ends, with an event.
	outbound := hurt["outbound"] || hurt["outbound_payload"] || hurt["out_segment"]
	for _, table := range salvagedTables {
		if hurt[table.name] || outbound && slices.Contains([]string{"outbound", "outbound_payload", "out_segment", "event", "sqlite_sequence"}, table.name) {
			// A message of the test's has two segments.
			if lost := len(want[table.name]) - len(got[table.name]); lost > rows && !(table.name == "out_segment" && lost <= 2*rows) {
				t.Errorf("%s: %d rows of %s are lost, and the page had %d", what, lost, table.name, rows)
			}
			continue
		}
		if table.name == "sqlite_sequence" || table.name == "secret" {
			continue
		}
		equal(t, what+": "+table.name, want[table.name], got[table.name])
	}
}

// Octets that changed here and there, in what points to other octets too: whatever comes of it is a sound spool.
func TestRecoverFromNoise(t *testing.T) {
	path := filepath.Join(memory(t), "spool.db")
	inhabited(t, path, true)
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		files[suffix] = must[[]byte](t, "read")(os.ReadFile(path + suffix))
	}
	rounds := 20
	if brief() {
		rounds = 6
	}
	for round := range rounds {
		dice := rand.New(rand.NewPCG(uint64(round), 0))
		for _, suffix := range []string{"", "-wal"} {
			b := bytes.Clone(files[suffix])
			for range 1 + dice.IntN(2*len(b)/pageSize) {
				page := dice.IntN(len(b)/pageSize) * pageSize
				b[page+min(dice.IntN(pageSize), dice.IntN(pageSize), dice.IntN(pageSize))] ^= byte(1 + dice.IntN(255)) // the front matters more
			}
			os.WriteFile(path+suffix, b, 0o600)
		}
		r, err := Recover(path, Options{})
		if errors.Is(err, ErrNewer) {
			continue // the octets that say so
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		s := openSpool(t, path)
		if err := examineAllOf(s); err != nil {
			t.Errorf("round %d: the recovered spool: %v", round, err)
		}
		if err := s.View(t.Context(), readAll); r != nil && err != nil {
			t.Errorf("round %d: read the recovered spool: %v", round, err)
		}
		s.Close()
		if r != nil {
			os.Remove(r.Aside)
			os.Remove(r.Aside + "-wal")
		}
	}
}

// readAll reads what there is as the bridge does.
func readAll(tx *Tx) error {
	_, err1 := tx.Outbounds("", 0, 1e6)
	_, err2 := tx.Messages("", 0, 1e6)
	_, err3 := tx.Events(0, 1e6)
	_, err4 := tx.Quarantines(0, 1e6)
	_, err5 := list(tx, scanInSegment, "SELECT "+inColumns+" FROM in_segment")
	_, err6 := tx.Counters()
	_, err7 := tx.DialoguesOf("X")
	return errors.Join(err1, err2, err3, err4, err5, err6, err7)
}

// Half of a file is gone: what is left is saved, the rest said to be lost.
func TestRecoverFromATruncatedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	inhabited(t, path, false)
	good := must[[]byte](t, "read")(os.ReadFile(path))
	for _, left := range []int{len(good) * 9 / 10, len(good) / 2, pageSize * 40} {
		os.WriteFile(path, good[:left], 0o600)
		r, s := recoverSpool(t, path)
		if lines := fmt.Sprint(r.Tables); !strings.Contains(lines, "pages could not be read") {
			t.Errorf("%d of %d octets: %s", left, len(good), lines)
		}
		for id := range strings.FieldsSeq(strings.Join(r.Notes, " ")) {
			if len(id) == 26 && !s.Known(id) {
				t.Errorf("%s is not known any more", id)
			}
		}
		s.Close()
		os.Remove(r.Aside)
	}
}

// A log that is damaged before its last commit is not taken for a shorter one, which would undo what was promised.
func TestDamagedLog(t *testing.T) {
	for what, at := range map[string]int{"header": 3, "frame header": walHeader + 3*frameSize + 17, "page": walHeader + 2*frameSize + 1000} {
		t.Run(what, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "spool.db")
			inhabited(t, path, true)
			b := must[[]byte](t, "read")(os.ReadFile(path + "-wal"))
			b[at] ^= 0xff
			os.WriteFile(path+"-wal", b, 0o600)
			if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "wvsms run --recover") {
				t.Errorf("open: %v", err)
			}
			_, s := recoverSpool(t, path)
			view(t, s, func(tx *Tx) error {
				// The last commits are there, although they stand behind the damage.
				if n := len(must[[]Event](t, "events")(tx.Events(215, 99))); n != 5 {
					t.Errorf("%d of the last 5 events", n)
				}
				return nil
			})
		})
	}
	t.Run("without its database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "spool.db")
		inhabited(t, path, true)
		os.Remove(path)
		if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("open: %v", err)
		}
		recoverSpool(t, path) // what is whole in the log alone; the tables' roots may not be
	})
}

// Commits that failed at the sync, each shorter than the one before, leave their ends in the log one behind the other. That
// is no damage.
func TestFailedCommitsInTheLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "spool.db")
	disk := spooltest.Under(t, dir)
	s := openSpool(t, path)
	kept := arrived(s.NewID(), 3590, "tcp")
	update(t, s, func(tx *Tx) error { return tx.PutMessage(kept) })
	disk.Before(func(kind spooltest.Kind, _ string) error {
		if kind == spooltest.Sync {
			return spooltest.ErrFull
		}
		return nil
	})
	for _, octets := range []int{160_000, 120_000, 80_000, 40_000} {
		m := arrived(s.NewID(), 3590, "tcp")
		m.Payload = make([]byte, octets)
		if err := s.Update(t.Context(), func(tx *Tx) error { return tx.PutMessage(m) }); !errors.Is(err, ErrFull) {
			t.Fatalf("update: %v", err)
		}
	}
	crashed := filepath.Join(t.TempDir(), "spool.db")
	for _, suffix := range []string{"", "-wal"} {
		os.WriteFile(crashed+suffix, must[[]byte](t, "read")(os.ReadFile(path+suffix)), 0o600)
	}
	disk.Before(nil)
	unclaimedIs(t, s, 1) // nothing of what failed
	view(t, openSpool(t, crashed), func(tx *Tx) error {
		_, err := tx.Message(kept.ID)
		return err
	})
}

// What lost its other half is not sent: without payload there is nothing to send, and without segments nobody knows what
// was sent. A segment that was being submitted stays so.
func TestRecoverHalves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	s := openSpool(t, path)
	var ids []string
	for range 4 {
		ids = append(ids, s.NewID())
	}
	update(t, s, func(tx *Tx) error {
		for i, id := range ids {
			m := queued(id, "+491", t0)
			if i == 3 {
				m.Segments[0].State = SegSubmitting
			}
			if err := tx.PutOutbound(m); err != nil {
				return err
			}
		}
		for _, q := range []string{"DELETE FROM outbound_payload WHERE outbound = 1", "DELETE FROM out_segment WHERE outbound = 2 AND seq = 1",
			"DELETE FROM out_segment WHERE outbound = 3 AND seq = 2"} {
			if _, err := tx.exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	s.Close()
	damage(t, path, 1, make([]byte, 16))
	r, s := recoverSpool(t, path)
	view(t, s, func(tx *Tx) error {
		for i, want := range []OutState{StateFailed, StateUnknown, StateUnknown, StateQueued} {
			m := must[*Outbound](t, "outbound")(tx.Outbound(ids[i]))
			equal(t, "state", want, m.State)
			events := must[[]Event](t, "events")(tx.EventsOf(ids[i]))
			if told := len(events) == 1 && events[0].Word == string(want) && strings.Contains(fmt.Sprint(r.Notes), ids[i]); told != (i < 3) {
				t.Errorf("message %d: events %v, notes %q", i+1, events, r.Notes)
			}
		}
		equal(t, "queue", 1, must[int](t, "depth")(tx.QueueDepth()))
		equal(t, "due", []string{ids[3]}, must[[]string](t, "due")(tx.Due(t0.Add(time.Hour), "m0", "", nil, 9)))
		equal(t, "submitting", []string{ids[3]}, must[[]string](t, "submitting")(tx.Submitting()))
		return nil
	})
}

func TestRecoverLeavesTheRestAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spool.db")
	check := func(what string) {
		t.Helper()
		r, err := Recover(path, Options{})
		if r != nil || err != nil {
			t.Errorf("%s: %v, %v", what, r, err)
		}
		if left, _ := filepath.Glob(path + ".*[^k]"); len(left) > 0 {
			t.Errorf("%s: beside it are %v", what, left)
		}
	}
	check("no spool")
	inhabited(t, path, true)
	check("a spool that was killed")
	check("a sound spool")
	os.WriteFile(path, []byte("Dear diary\n"+strings.Repeat("x", 5000)), 0o600)
	if _, err := Recover(path, Options{}); !errors.Is(err, ErrNotSpool) {
		t.Errorf("a diary: %v", err)
	}
	if b, _ := os.ReadFile(path); len(b) != 5011 {
		t.Error("the diary was changed")
	}
}

// Without room for the recovered spool the damaged one stays where it is, with nothing beside it.
func TestRecoverOnAFullDisk(t *testing.T) {
	dir := tmpfs(t, "4m")
	path := filepath.Join(dir, "spool.db")
	beheaded(t, path)
	for ballast := 0; ; ballast++ {
		if os.WriteFile(filepath.Join(dir, fmt.Sprint("ballast", ballast)), make([]byte, 32<<10), 0o600) != nil {
			break
		}
	}
	if _, err := Recover(path, Options{}); !errors.Is(err, ErrFull) {
		t.Errorf("recover on a full disk: %v", err)
	}
	left, _ := filepath.Glob(path + "*")
	equal(t, "beside it", []string{path, path + ".lock"}, left)
	filled, _ := filepath.Glob(filepath.Join(dir, "ballast*"))
	for _, name := range filled {
		os.Remove(name)
	}
	recoverSpool(t, path)
}

func init() {
	children["recover"] = func(path string) int {
		fmt.Println("begins")
		_, err := Recover(path, Options{})
		fmt.Println(err)
		return 0
	}
}

// beheaded makes a spool without its first page, and says what is in it.
func beheaded(t *testing.T, path string) map[string][]string {
	t.Helper()
	inhabited(t, path, false)
	s := openSpool(t, path)
	all := contents(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	damage(t, path, 1, make([]byte, pageSize))
	return all
}

// kill -9 in the middle of a recovery: the next start finds the damaged spool in its place, or the recovered one whole.
func TestKilledRecovery(t *testing.T) {
	rounds := 20
	if brief() {
		rounds = 4
	}
	path := filepath.Join(t.TempDir(), "spool.db")
	want := beheaded(t, path)
	bad := must[[]byte](t, "read")(os.ReadFile(path))
	finished := 0
	for round := range rounds {
		cmd, out := child(t, "recover", path)
		out.Scan()
		time.Sleep(time.Duration(rand.IntN(600)) * time.Millisecond) // the kill's instant, not a wait for anything
		cmd.Process.Kill()
		cmd.Wait()
		s, err := Open(path, Options{})
		switch {
		case err == nil:
			finished++
			equal(t, fmt.Sprint("round ", round), want, contents(t, s))
			s.Close()
		case !errors.Is(err, ErrNotSpool):
			t.Fatalf("round %d: %v", round, err)
		default:
			if b, _ := os.ReadFile(path); !bytes.Equal(b, bad) {
				t.Fatalf("round %d: the damaged spool was changed", round)
			}
			continue
		}
		if set, _ := filepath.Glob(path + ".damaged-*"); len(set) != 1 {
			t.Errorf("round %d: set aside are %v", round, set)
		} else if b, _ := os.ReadFile(set[0]); !bytes.Equal(b, bad) {
			t.Errorf("round %d: the damaged spool was changed while it was set aside", round)
		} else {
			os.Remove(set[0])
		}
		os.WriteFile(path, bad, 0o600)
	}
	t.Logf("%d kills, %d of them after the end", rounds, finished)
}

// The recovered spool takes the other's place step by step; whoever opens it next takes those that are left.
func TestRecoveryGoesOnWhereItWasKilled(t *testing.T) {
	for steps := range 4 {
		path := filepath.Join(t.TempDir(), "spool.db")
		want := beheaded(t, path)
		os.WriteFile(path+"-wal", []byte("the log of the damaged one"), 0o600)
		r := &Report{}
		if err := r.rebuild(path); err != nil {
			t.Fatal(err)
		}
		st := must[os.FileInfo](t, "stat")(os.Stat(path + recovered))
		where := aside(path, st.ModTime())
		for _, suffix := range []string{"-wal", "-shm", ""}[:steps] {
			os.Rename(path+suffix, where+suffix)
		}
		s := openSpool(t, path)
		equal(t, fmt.Sprintf("killed after step %d", steps), want, contents(t, s))
		for _, suffix := range []string{"", "-wal"} {
			if _, err := os.Stat(where + suffix); err != nil {
				t.Errorf("killed after step %d: %v", steps, err)
			}
		}
	}
}

// Rows that are older than a column of their table are recovered with its default.
func TestRecoverMigrated(t *testing.T) {
	for version := 1; version < len(migrations()); version++ {
		path := filepath.Join(t.TempDir(), "spool.db")
		copyFile(t, fixture(version), path)
		s := openSpool(t, path)
		read := func(s *Spool) (all []any) {
			ids := strings.Fields(string(must[[]byte](t, "ids")(os.ReadFile(fixture(version) + ".ids"))))
			view(t, s, func(tx *Tx) error {
				all = append(all, must[*Outbound](t, "outbound")(tx.Outbound(ids[0])), must[*Message](t, "message")(tx.Message(ids[2])),
					must[string](t, "home")(tx.Home("+491")))
				return nil
			})
			return all
		}
		want := read(s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		damage(t, path, 1, bytes.Repeat([]byte{0xa5}, pageSize))
		_, s = recoverSpool(t, path)
		equal(t, fmt.Sprintf("schema %d", version), want, read(s))
	}
}

// A damaged spool of each released schema is recovered too.
func TestRecoverEachSchema(t *testing.T) {
	for version := 1; version <= len(migrations()); version++ {
		path := filepath.Join(t.TempDir(), "spool.db")
		copyFile(t, fixture(version), path)
		b := must[[]byte](t, "read")(os.ReadFile(path))
		pages := uint32(len(b) / pageSize)
		var hit bool
		for page := pages; page > 1 && !hit; page-- { // one that is in use
			damage(t, path, page, bytes.Repeat([]byte{0xa5}, pageSize))
			hit = examineAll(path, Options{}) != nil
		}
		_, s := recoverSpool(t, path)
		ids := strings.Fields(string(must[[]byte](t, "ids")(os.ReadFile(fixture(version) + ".ids"))))
		for _, id := range ids {
			if !s.Known(id) {
				t.Errorf("schema %d: id %s is not known any more", version, id)
			}
		}
	}
}

// A spool from before pages were small is recovered as it is, also without any header that
// would tell their size.
func TestRecoverLargePages(t *testing.T) {
	fixture := must[[]byte](t, "read")(os.ReadFile("testdata/schema-4.db"))
	small := filepath.Join(t.TempDir(), "spool.db")
	inhabited(t, small, false)
	for size, file := range map[int][]byte{oldPageSize: fixture, pageSize: must[[]byte](t, "read")(os.ReadFile(small))} {
		dir := t.TempDir()
		healthy, path := filepath.Join(dir, "healthy.db"), filepath.Join(dir, "spool.db")
		os.WriteFile(healthy, file, 0o600)
		want := contents(t, openSpool(t, healthy))
		os.WriteFile(path, file, 0o600)
		damage(t, path, 1, bytes.Repeat([]byte{0xa5}, 100))
		p := must[*rawPages](t, "open")(openRaw(path))
		if p.size != size {
			t.Errorf("pages of %d octets are taken for %d", size, p.size)
		}
		p.close()
		_, s := recoverSpool(t, path)
		equal(t, fmt.Sprintf("recovered with pages of %d", size), want, contents(t, s))
	}
}

// Where all is in the log and both headers are gone, its frames tell how large the pages are.
func TestSizeOfLoggedPages(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "damaged.db")
	large := filepath.Join(dir, "large.db")
	os.WriteFile(large, must[[]byte](t, "read")(os.ReadFile("testdata/schema-4.db")), 0o600)
	for size, from := range map[int]string{oldPageSize: large, pageSize: filepath.Join(dir, "small.db")} {
		s := openSpool(t, from)
		for i := range 3 {
			update(t, s, func(tx *Tx) error { return tx.Set("written", strings.Repeat("x", i)) })
		}
		log := must[[]byte](t, "read")(os.ReadFile(from + "-wal"))
		copy(log, bytes.Repeat([]byte{0xa5}, walHeader))
		os.WriteFile(path+"-wal", log, 0o600)
		os.WriteFile(path, bytes.Repeat([]byte{0xa5}, oldPageSize), 0o600)
		p := must[*rawPages](t, "open")(openRaw(path))
		if p.size != size {
			t.Errorf("pages of %d octets in the log are taken for %d", size, p.size)
		}
		p.close()
	}
}
