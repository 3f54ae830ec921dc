/** Tables of the settler's database and the way from each version to the next. A step is never edited. */

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE journal (
    idx     INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    key     TEXT NOT NULL UNIQUE,
    bytes   BLOB NOT NULL,
    hash    BLOB NOT NULL CHECK (length(hash) = 32)
  ) STRICT;
  CREATE TRIGGER journal_is_never_updated BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

  -- Credits less debits. Only the outside world may be overdrawn.
  CREATE TABLE balance (
    account  TEXT NOT NULL,
    currency TEXT NOT NULL,
    nano     INTEGER NOT NULL CHECK (nano >= 0 OR account GLOB 'bank/*'),
    PRIMARY KEY (account, currency)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE channel (
    id           BLOB PRIMARY KEY CHECK (length(id) = 32),
    payer        BLOB NOT NULL,
    payee        BLOB NOT NULL,
    currency     TEXT NOT NULL,
    lease        BLOB NOT NULL,
    limit_nano   INTEGER NOT NULL,
    expiry_s     INTEGER NOT NULL,
    grant_bytes  BLOB NOT NULL,
    paid_nano    INTEGER NOT NULL CHECK (paid_nano BETWEEN 0 AND limit_nano),
    closed       INTEGER NOT NULL CHECK (closed IN (0, 1)),
    booked_index INTEGER NOT NULL REFERENCES journal (idx),
    voucher      BLOB,
    tick_index   INTEGER NOT NULL,
    link         BLOB
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX channel_by_expiry ON channel (expiry_s) WHERE closed = 0;

  CREATE TABLE owner (
    key  BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    iban TEXT NOT NULL,
    bic  TEXT
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run (
    id             TEXT PRIMARY KEY,
    created_ms     INTEGER NOT NULL,
    execution_date TEXT NOT NULL,
    currency       TEXT NOT NULL,
    name           TEXT NOT NULL,
    iban           TEXT NOT NULL,
    bic            TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE payout (
    id       TEXT PRIMARY KEY,
    run      TEXT NOT NULL REFERENCES run (id),
    owner    BLOB NOT NULL,
    currency TEXT NOT NULL,
    nano     INTEGER NOT NULL CHECK (nano > 0),
    name     TEXT NOT NULL,
    iban     TEXT NOT NULL,
    bic      TEXT,
    state    TEXT NOT NULL CHECK (state IN ('pending', 'posted', 'voided'))
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX payout_by_run ON payout (run, id);

  CREATE TABLE statement (
    channel      BLOB PRIMARY KEY REFERENCES channel (id),
    presented_ms INTEGER NOT NULL,
    bytes        BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
];
