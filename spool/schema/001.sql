-- Times are nanoseconds since 1970 UTC, bridge time but for …_wall; NULL is "none". Booleans are 0 and 1.

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE secret  (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Kept by the triggers below, in the transaction of the change itself: counts that are asked for with every message.
CREATE TABLE gauge (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO gauge VALUES ('queue_depth', 0), ('open_segments', 0), ('unclaimed', 0), ('partials', 0), ('fingerprints', 0);

-- Outbound messages -------------------------------------------------------------------------------------------------

CREATE TABLE outbound (
  n             INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT NOT NULL UNIQUE,
  peer          TEXT NOT NULL,
  port          INTEGER NOT NULL,
  from_port     INTEGER NOT NULL,
  key           TEXT,
  digest        BLOB NOT NULL,
  origin        TEXT NOT NULL,
  accepted      INTEGER,
  accepted_wall INTEGER,
  report        INTEGER NOT NULL,
  want_modem    TEXT NOT NULL,
  unknown       TEXT NOT NULL,
  ttl           INTEGER NOT NULL, -- as asked for; an operator's retry gives it anew
  expires       INTEGER,
  state         TEXT NOT NULL,
  why           TEXT NOT NULL,
  due           INTEGER,
  attempts      INTEGER NOT NULL,
  modem         TEXT NOT NULL,
  sim           TEXT NOT NULL,
  ref           INTEGER NOT NULL,
  ref_bits      INTEGER NOT NULL,
  restarts      INTEGER NOT NULL, -- whole, under another reference
  settled       INTEGER,          -- NULL while open
  todo          INTEGER NOT NULL, -- segments neither accepted nor delivered
  lane          TEXT NOT NULL     -- who may carry it: 'm:'modem, 's:'SIM, or '*' for anyone
) STRICT;
CREATE INDEX outbound_lane    ON outbound (lane, due, n) WHERE state = 'queued';
CREATE INDEX outbound_expires ON outbound (expires)      WHERE state = 'queued';
CREATE INDEX outbound_peer    ON outbound (peer, ref_bits, ref) WHERE state = 'queued';
CREATE INDEX outbound_report  ON outbound (expires)      WHERE state = 'sent' AND report = 1;
CREATE INDEX outbound_key     ON outbound (key, accepted) WHERE key IS NOT NULL;
CREATE INDEX outbound_state   ON outbound (state, n);
CREATE INDEX outbound_settled ON outbound (settled)      WHERE settled IS NOT NULL;

-- Apart, so that a change of state does not write 32 KiB again.
CREATE TABLE outbound_payload (
  outbound INTEGER PRIMARY KEY REFERENCES outbound (n) ON DELETE CASCADE,
  data     BLOB NOT NULL
) STRICT;

CREATE TABLE out_segment (
  outbound INTEGER NOT NULL REFERENCES outbound (n) ON DELETE CASCADE,
  seq      INTEGER NOT NULL,
  peer     TEXT NOT NULL,         -- digits of its message's, for the search by (peer, mr)
  state    TEXT NOT NULL,
  mr       INTEGER NOT NULL,      -- -1: none
  modem    TEXT NOT NULL,
  sim      TEXT NOT NULL,
  at       INTEGER,
  sent_at  INTEGER,               -- the last attempt began
  air_at   INTEGER,               -- it may first have gone on air
  attempts INTEGER NOT NULL,
  tries    INTEGER NOT NULL,      -- attempts that count against a limit
  unsure   INTEGER NOT NULL,      -- an attempt of unknown outcome is open
  why      TEXT NOT NULL,
  PRIMARY KEY (outbound, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX out_segment_submitting ON out_segment (outbound) WHERE state = 'submitting';
CREATE INDEX out_segment_mr ON out_segment (peer, mr, outbound) WHERE state IN ('accepted', 'delivered', 'unknown');

CREATE TRIGGER outbound_inserted AFTER INSERT ON outbound WHEN new.state = 'queued' BEGIN
  UPDATE gauge SET value = value + 1 WHERE name = 'queue_depth';
  UPDATE gauge SET value = value + new.todo WHERE name = 'open_segments';
END;
CREATE TRIGGER outbound_deleted AFTER DELETE ON outbound WHEN old.state = 'queued' BEGIN
  UPDATE gauge SET value = value - 1 WHERE name = 'queue_depth';
  UPDATE gauge SET value = value - old.todo WHERE name = 'open_segments';
END;
CREATE TRIGGER outbound_updated AFTER UPDATE OF state, todo ON outbound
WHEN (old.state = 'queued') <> (new.state = 'queued') OR old.todo <> new.todo BEGIN
  UPDATE gauge SET value = value + (new.state = 'queued') - (old.state = 'queued') WHERE name = 'queue_depth';
  UPDATE gauge SET value = value + (new.state = 'queued') * new.todo - (old.state = 'queued') * old.todo
   WHERE name = 'open_segments';
END;

-- One row a submission attempt. modem_n counts the rows of one modem, so that a count over a window is one difference.
CREATE TABLE spend (
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  at      INTEGER NOT NULL,
  modem   TEXT NOT NULL,
  modem_n INTEGER NOT NULL,
  sim     TEXT NOT NULL,
  peer    TEXT NOT NULL
) STRICT;
CREATE INDEX spend_at    ON spend (at, n);
CREATE INDEX spend_modem ON spend (modem, at, modem_n);
CREATE INDEX spend_sim   ON spend (sim, at);

-- Peers -------------------------------------------------------------------------------------------------------------

CREATE TABLE peer (
  peer TEXT PRIMARY KEY,          -- digits: one handset is written in two ways
  home TEXT NOT NULL DEFAULT '',  -- the SIM that last heard from it
  ref  INTEGER,                   -- the last concatenation reference given to it
  used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX peer_home ON peer (home);
CREATE INDEX peer_used ON peer (used);

CREATE TABLE ref_given (
  peer TEXT NOT NULL,
  low  INTEGER NOT NULL,          -- low octet of the reference
  at   INTEGER NOT NULL,
  PRIMARY KEY (peer, low)
) STRICT, WITHOUT ROWID;
CREATE INDEX ref_given_at ON ref_given (at);

-- Inbound segments --------------------------------------------------------------------------------------------------

CREATE TABLE in_segment (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  fingerprint BLOB NOT NULL UNIQUE,
  sim         TEXT NOT NULL,
  oa          TEXT NOT NULL,
  bits        INTEGER NOT NULL,
  ref         INTEGER NOT NULL,
  total       INTEGER NOT NULL,
  port        INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  generation  INTEGER NOT NULL,
  done        INTEGER NOT NULL,
  parked      INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  mode        BLOB,
  scts        INTEGER,
  at          INTEGER,
  at_wall     INTEGER,
  peer        TEXT NOT NULL,
  from_port   INTEGER NOT NULL,
  modem       TEXT NOT NULL
) STRICT;
CREATE INDEX in_segment_key        ON in_segment (sim, oa, bits, ref, total, port);
CREATE INDEX in_segment_generation ON in_segment (generation, at) WHERE generation <> 0;
CREATE INDEX in_segment_at         ON in_segment (at);

CREATE TABLE sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO sequence VALUES ('generation', 0);

-- The open generations: one row while a generation has a segment neither done nor parked.
CREATE TABLE partial (
  generation INTEGER PRIMARY KEY,
  sim        TEXT NOT NULL,
  oa         TEXT NOT NULL,
  first_at   INTEGER
) STRICT;
CREATE INDEX partial_sender ON partial (sim, oa, first_at);
CREATE INDEX partial_first  ON partial (first_at);

CREATE TRIGGER in_segment_inserted AFTER INSERT ON in_segment BEGIN
  UPDATE gauge SET value = value + 1 WHERE name = 'fingerprints';
  INSERT INTO partial SELECT new.generation, new.sim, new.oa, new.at
   WHERE new.generation <> 0 AND new.done = 0 AND new.parked = 0
    ON CONFLICT DO UPDATE SET first_at = excluded.first_at WHERE excluded.first_at < first_at;
END;
CREATE TRIGGER in_segment_deleted AFTER DELETE ON in_segment BEGIN
  UPDATE gauge SET value = value - 1 WHERE name = 'fingerprints';
  DELETE FROM partial WHERE generation = old.generation AND NOT EXISTS (
    SELECT 1 FROM in_segment WHERE generation = old.generation AND generation <> 0 AND done = 0 AND parked = 0);
  UPDATE partial SET first_at = (SELECT min(at) FROM in_segment
    WHERE generation = old.generation AND generation <> 0 AND done = 0 AND parked = 0)
   WHERE generation = old.generation AND first_at IS old.at;
END;
CREATE TRIGGER in_segment_updated AFTER UPDATE OF generation, done, parked, at ON in_segment BEGIN
  DELETE FROM partial WHERE generation = old.generation AND NOT EXISTS (
    SELECT 1 FROM in_segment WHERE generation = old.generation AND generation <> 0 AND done = 0 AND parked = 0);
  UPDATE partial SET first_at = (SELECT min(at) FROM in_segment
    WHERE generation = old.generation AND generation <> 0 AND done = 0 AND parked = 0)
   WHERE generation = old.generation AND first_at IS old.at;
  INSERT INTO partial SELECT new.generation, new.sim, new.oa, new.at
   WHERE new.generation <> 0 AND new.done = 0 AND new.parked = 0
    ON CONFLICT DO UPDATE SET first_at = excluded.first_at WHERE excluded.first_at < first_at;
END;
CREATE TRIGGER partial_inserted AFTER INSERT ON partial BEGIN
  UPDATE gauge SET value = value + 1 WHERE name = 'partials';
END;
CREATE TRIGGER partial_deleted AFTER DELETE ON partial BEGIN
  UPDATE gauge SET value = value - 1 WHERE name = 'partials';
END;

-- Inbound messages --------------------------------------------------------------------------------------------------

CREATE TABLE message (
  n             INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT NOT NULL UNIQUE,
  peer          TEXT NOT NULL,
  oa            TEXT NOT NULL,
  port          INTEGER NOT NULL,
  from_port     INTEGER NOT NULL,
  own           TEXT NOT NULL,    -- number of the SIM that received it
  alphabet      TEXT NOT NULL,
  modem         TEXT NOT NULL,
  sim           TEXT NOT NULL,
  scts          INTEGER,
  received      INTEGER,
  received_wall INTEGER,
  segments      INTEGER NOT NULL,
  route         TEXT NOT NULL,
  state         TEXT NOT NULL,
  not_before    INTEGER,
  naks          INTEGER NOT NULL,
  acked_at      INTEGER,
  payload       BLOB NOT NULL
) STRICT;
CREATE INDEX message_route ON message (route, n)       WHERE state = 'ready';
CREATE INDEX message_port  ON message (route, port, n) WHERE state = 'ready';
CREATE INDEX message_acked ON message (acked_at)       WHERE state = 'acked';

CREATE TRIGGER message_inserted AFTER INSERT ON message WHEN new.state = 'ready' BEGIN
  UPDATE gauge SET value = value + 1 WHERE name = 'unclaimed';
END;
CREATE TRIGGER message_deleted AFTER DELETE ON message WHEN old.state = 'ready' BEGIN
  UPDATE gauge SET value = value - 1 WHERE name = 'unclaimed';
END;
CREATE TRIGGER message_updated AFTER UPDATE OF state ON message
WHEN (old.state = 'ready') <> (new.state = 'ready') BEGIN
  UPDATE gauge SET value = value + (new.state = 'ready') - (old.state = 'ready') WHERE name = 'unclaimed';
END;

-- Events, quarantine, PIN attempts ----------------------------------------------------------------------------------

CREATE TABLE event (
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  id      TEXT NOT NULL,
  word    TEXT NOT NULL,
  segment INTEGER NOT NULL,
  total   INTEGER NOT NULL,
  why     TEXT NOT NULL,
  at      INTEGER,
  at_wall INTEGER
) STRICT;
CREATE INDEX event_id ON event (id, n);

CREATE TABLE quarantine (
  n       INTEGER PRIMARY KEY AUTOINCREMENT,
  modem   TEXT NOT NULL,
  sim     TEXT NOT NULL,
  peer    TEXT NOT NULL,
  reason  TEXT NOT NULL,
  raw     BLOB,
  text    TEXT NOT NULL,
  at      INTEGER,
  at_wall INTEGER
) STRICT;

CREATE TABLE pin_attempt (
  iccid  TEXT NOT NULL,
  digest BLOB NOT NULL,
  at     INTEGER,
  PRIMARY KEY (iccid, digest)
) STRICT, WITHOUT ROWID;
