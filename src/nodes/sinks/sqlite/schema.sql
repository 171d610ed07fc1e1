-- One row an event, in the order in which they came.
CREATE TABLE events (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  t       INTEGER NOT NULL,  -- its time: milliseconds since 1970, UTC
  start   INTEGER NOT NULL,  -- when what it tells of began
  "end"   INTEGER NOT NULL,  -- and ended
  kind    TEXT NOT NULL,
  source  TEXT NOT NULL,
  node    TEXT NOT NULL,
  label   TEXT,
  zone    TEXT,
  track   INTEGER,
  score   REAL,
  text    TEXT,              -- what was said, or why something is missing
  path    TEXT,              -- the file that it tells of
  model   TEXT,
  private INTEGER NOT NULL,  -- whether the pipeline file asked for privacy
  says    TEXT NOT NULL,     -- what it tells in a sentence
  json    TEXT NOT NULL      -- all of it, as `jsonl` writes it
) STRICT;

CREATE INDEX events_t ON events(t);
CREATE INDEX events_kind ON events(kind, t);
CREATE INDEX events_source ON events(source, t);
CREATE INDEX events_label ON events(label, t) WHERE label IS NOT NULL;
CREATE INDEX events_zone ON events(zone, t) WHERE zone IS NOT NULL;

-- The words of `text`, without a copy of them.
CREATE VIRTUAL TABLE words USING fts5(
  text, content = 'events', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
-- How many there are of each source and kind in ten minutes: what retention and the timeline go by.
CREATE TABLE tally (
  slot   INTEGER NOT NULL,
  source TEXT NOT NULL,
  kind   TEXT NOT NULL,
  events INTEGER NOT NULL,
  bytes  INTEGER NOT NULL,
  PRIMARY KEY (slot, source, kind)
) STRICT, WITHOUT ROWID;
-- Between which numbers the events of ten minutes are: words are found by number and not by time.
CREATE TABLE slots (slot INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
-- The batch that was written last.
CREATE TABLE batch (only INTEGER PRIMARY KEY CHECK (only = 1), token INTEGER NOT NULL) STRICT;

CREATE TRIGGER events_counted AFTER INSERT ON events BEGIN
  INSERT INTO tally VALUES (new.t / 600000, new.source, new.kind, 1, length(new.json))
    ON CONFLICT DO UPDATE SET events = events + 1, bytes = bytes + excluded.bytes;
  INSERT INTO slots VALUES (new.t / 600000, new.id, new.id) ON CONFLICT DO UPDATE SET last = max(last, new.id);
END;
CREATE TRIGGER words_added AFTER INSERT ON events WHEN new.text IS NOT NULL BEGIN
  INSERT INTO words(rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER events_uncounted AFTER DELETE ON events BEGIN
  UPDATE tally SET events = events - 1, bytes = bytes - length(old.json)
    WHERE slot = old.t / 600000 AND source = old.source AND kind = old.kind;
END;
CREATE TRIGGER words_removed AFTER DELETE ON events WHEN old.text IS NOT NULL BEGIN
  INSERT INTO words(words, rowid, text) VALUES ('delete', old.id, old.text);
END;
