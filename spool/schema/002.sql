-- What became of each submission: the last of each segment, for people.
CREATE TABLE attempt (
  n          INTEGER PRIMARY KEY,
  outbound   INTEGER NOT NULL REFERENCES outbound (n) ON DELETE CASCADE,
  seq        INTEGER NOT NULL,
  began      INTEGER,
  ended      INTEGER,
  ended_wall INTEGER,
  modem      TEXT NOT NULL,
  sim        TEXT NOT NULL,
  outcome    TEXT NOT NULL,
  mr         INTEGER NOT NULL,      -- -1: none
  why        TEXT NOT NULL
) STRICT;
CREATE INDEX attempt_segment ON attempt (outbound, seq, n);
CREATE INDEX attempt_unknown ON attempt (sim, n) WHERE outcome = 'unknown';

CREATE INDEX in_segment_open ON in_segment (generation) WHERE generation <> 0 AND done = 0;

-- How often a message was offered, as of its last ACK or NAK.
ALTER TABLE message ADD COLUMN offers INTEGER NOT NULL DEFAULT 0;

-- A report comes twice, or behind a failure: TP-MR of failed segments too.
DROP INDEX out_segment_mr;
CREATE INDEX out_segment_mr ON out_segment (peer, mr, outbound) WHERE state IN ('accepted', 'delivered', 'unknown', 'failed');
