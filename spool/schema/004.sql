-- Segments submitted, and their price, by the hour of bridge time: for windows that reach further back than the rows of
-- spend, whose number is bounded that way. total and paid count on from row to row of a scope, so that a window's sum is one
-- difference, as modem_n of spend does.
CREATE TABLE tally (
  scope TEXT NOT NULL,    -- '*', 'm:' and a modem, or 'p:' and a peer's digits
  hour  INTEGER NOT NULL, -- since 1970
  n     INTEGER NOT NULL,
  total INTEGER NOT NULL,
  cost  INTEGER NOT NULL, -- in millionths of the currency
  paid  INTEGER NOT NULL,
  PRIMARY KEY (scope, hour)
) STRICT, WITHOUT ROWID;
CREATE INDEX tally_hour ON tally (hour);
INSERT INTO tally SELECT scope, hour, count(*), sum(count(*)) OVER (PARTITION BY scope ORDER BY hour), 0, 0 FROM (
  SELECT '*' AS scope, at / 3600000000000 AS hour FROM spend
  UNION ALL SELECT 'm:' || modem, at / 3600000000000 FROM spend
  UNION ALL SELECT 'p:' || ltrim(peer, '+'), at / 3600000000000 FROM spend) GROUP BY scope, hour;

UPDATE spend SET peer = ltrim(peer, '+') WHERE peer LIKE '+%'; -- as numbers are compared
CREATE INDEX spend_peer ON spend (peer, at);
ALTER TABLE spend ADD COLUMN price INTEGER NOT NULL DEFAULT 0; -- in millionths of the currency, as it was then
ALTER TABLE spend ADD COLUMN paid  INTEGER NOT NULL DEFAULT 0; -- for all up to this one

-- The theoretical arrival time of the peer's token bucket: when it is full again.
ALTER TABLE peer ADD COLUMN bucket INTEGER NOT NULL DEFAULT 0;

-- Messages to and from a peer that answer each other within seconds.
CREATE TABLE volley (
  peer     TEXT PRIMARY KEY, -- digits
  segments INTEGER NOT NULL, -- accepted in it
  said     INTEGER,          -- when the last segment to the peer was accepted or submitted,
  heard    INTEGER,          -- and the last message from it came
  stopped  INTEGER           -- when it was taken for a loop; NULL: it was not
) STRICT, WITHOUT ROWID;
CREATE INDEX volley_stopped ON volley (peer) WHERE stopped IS NOT NULL;

-- What was said to a modem and by it when something went wrong, without what messages hold.
CREATE TABLE dialogue (
  n       INTEGER PRIMARY KEY,
  about   TEXT NOT NULL,    -- id of a message, or 'q:' and the number of what is in quarantine
  seq     INTEGER NOT NULL, -- of the segment; 0: none
  modem   TEXT NOT NULL,
  at      INTEGER,
  at_wall INTEGER,
  lines   TEXT NOT NULL     -- of the AT dialogue, each with its time before the end and its arrow
) STRICT;
CREATE INDEX dialogue_about ON dialogue (about);
CREATE TRIGGER dialogue_outbound AFTER DELETE ON outbound BEGIN DELETE FROM dialogue WHERE about = old.id; END;
CREATE TRIGGER dialogue_quarantine AFTER DELETE ON quarantine BEGIN DELETE FROM dialogue WHERE about = 'q:' || old.n; END;

-- How often a segment came again and was recognised.
ALTER TABLE in_segment ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;

-- Of which datagram's segments a message was joined; 0: it came in one.
ALTER TABLE message ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;

-- How many outbound messages are in each state.
INSERT INTO gauge SELECT 'out.' || s.state, (SELECT count(*) FROM outbound o WHERE o.state = s.state)
  FROM (SELECT 'queued' AS state UNION ALL SELECT 'sent' UNION ALL SELECT 'delivered' UNION ALL SELECT 'failed'
        UNION ALL SELECT 'expired' UNION ALL SELECT 'unknown' UNION ALL SELECT 'cancelled') s;
CREATE TRIGGER outbound_state_inserted AFTER INSERT ON outbound BEGIN
  UPDATE gauge SET value = value + 1 WHERE name = 'out.' || new.state;
END;
CREATE TRIGGER outbound_state_deleted AFTER DELETE ON outbound BEGIN
  UPDATE gauge SET value = value - 1 WHERE name = 'out.' || old.state;
END;
CREATE TRIGGER outbound_state_updated AFTER UPDATE OF state ON outbound WHEN old.state <> new.state BEGIN
  UPDATE gauge SET value = value - 1 WHERE name = 'out.' || old.state;
  UPDATE gauge SET value = value + 1 WHERE name = 'out.' || new.state;
END;
