// Package spool keeps messages on disk until they are done with. It is the only place that makes anything durable:
// one SQLite file in WAL mode with synchronous=FULL, one writer, a few readers.
//
//	Update(ctx, f)   one business event = one durable commit; nil means it survives kill -9 and power loss
//	View(ctx, f)     a read-only snapshot, beside Update
//
// All times are bridge time as the caller gives it, kept as nanoseconds since 1970 (NULL = the zero time); the fields
// named …Wall are wall time, for display. The package reads no clock but for the time in ids and in the lock file,
// decides nothing, and starts no goroutine.
//
// Files: spool.db, spool.db-wal and spool.db-shm are SQLite's; spool.db.lock says who holds the spool.
package spool
