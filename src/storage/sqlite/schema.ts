/** Version of the tables below, kept in `PRAGMA user_version`. A higher one on disk is refused. */
export const SCHEMA_VERSION = 1;

/**
 * `cur` holds what is now. `log` holds, for each change, what was there before it: the value after a change is the
 * `previous` of the next change of that key, or the one in `cur`, so each value is written once and not twice.
 * A log row with an empty key marks a restart: revisions between `previous_revision` and its own were reserved, but
 * nothing is known of them.
 */
export const SCHEMA = `
  CREATE TABLE cur (
    key TEXT PRIMARY KEY NOT NULL,
    revision INTEGER NOT NULL,
    value BLOB NOT NULL
  ) STRICT;
  CREATE TABLE log (
    revision INTEGER PRIMARY KEY NOT NULL,
    time_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    is_delete INTEGER NOT NULL,
    previous_revision INTEGER NOT NULL,
    previous BLOB
  ) STRICT;
  CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    number INTEGER NOT NULL
  ) STRICT;
  INSERT INTO meta VALUES ('compacted', 0);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;
