package spool

import (
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Migrations: schema/001.sql makes schema 1 of nothing, 002.sql schema 2 of schema 1, and so on. A released file is
// never changed; testdata/schema-N.db shows that a spool of that release still opens.
//
//go:embed schema/*.sql
var schemaFiles embed.FS

// applicationID stands in the header of our database files ("WVSP"), so that another program's is not taken for one.
const applicationID = 0x57565350

// magic is how every SQLite file begins.
const magic = "SQLite format 3\x00"

func migrations() []string {
	names, _ := fs.Glob(schemaFiles, "schema/*.sql") // sorted
	scripts := make([]string, len(names))
	for i, name := range names {
		b, _ := schemaFiles.ReadFile(name)
		scripts[i] = string(b)
	}
	return scripts
}

// checkFile refuses what is no SQLite file before SQLite touches it. A missing or empty file is a new spool.
func checkFile(path string) (isNew bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, len(magic))
	n, err := io.ReadFull(f, head)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	if string(head[:n]) != magic {
		return false, &fault{kind: ErrNotSpool, text: fmt.Sprintf("open spool %s: it is not an SQLite database: move that file away or use another [spool] path; if it was a spool, wvsms run --recover saves what can be read of it; nothing was changed", path)}
	}
	return false, nil
}

// checkSchema looks, without writing, whether the database is ours and of a schema this program knows.
func checkSchema(c *conn, path string, known int) (version int, err error) {
	var app, objects int
	for q, dest := range map[string]*int{
		"PRAGMA user_version":                &version,
		"PRAGMA application_id":              &app,
		"SELECT count(*) FROM sqlite_schema": &objects,
	} {
		if err := c.row(q).Scan(dest); err != nil {
			return 0, err
		}
	}
	switch {
	case objects > 0 && app != applicationID:
		return 0, &fault{kind: ErrNotSpool, text: fmt.Sprintf("open spool %s: it is the database of another program: use another [spool] path; nothing was changed", path)}
	case version > known:
		return 0, &fault{kind: ErrNewer, text: fmt.Sprintf("open spool %s: it has schema %d, and this wvsms knows schemas up to %d: run the newer wvsms that wrote it, or use another [spool] path; nothing was changed", path, version, known)}
	}
	return version, nil
}

// migrate brings the database to the newest schema: all of the steps in one transaction, or none.
func migrate(c *conn, version int, scripts []string) (err error) {
	if version == len(scripts) {
		return nil
	}
	if _, err := c.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.exec("ROLLBACK")
		}
	}()
	for i := version; i < len(scripts); i++ {
		if err := c.script(scripts[i]); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", i+1, err)
		}
	}
	if err := c.script(fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(scripts))); err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	if _, err := c.exec("INSERT INTO secret VALUES ('id', ?) ON CONFLICT DO NOTHING", secret); err != nil {
		return err
	}
	_, err = c.exec("COMMIT")
	return err
}
