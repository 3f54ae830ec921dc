/**
 * Tables of the settler's database and the way from each version to the next, for SQLite and PostgreSQL alike.
 * A step is never edited once it has shipped: what it makes on a database that exists is made.
 */

/** Where the two databases write the same thing differently. */
export type Dialect = {
  readonly integer: string;
  readonly text: string;
  readonly bytes: string;
  /** After the closing bracket of a table. */
  readonly rowTable: string;
  readonly keyTable: string;
  readonly lengthOf: (column: string) => string;
  readonly hexOf: (column: string) => string;
  /** Refuses updates and deletes of the journal. */
  readonly appendOnly: string;
};

export const SQLITE: Dialect = {
  integer: 'INTEGER',
  text: 'TEXT',
  bytes: 'BLOB',
  rowTable: ' STRICT',
  keyTable: ' STRICT, WITHOUT ROWID',
  lengthOf: (column) => `length(${column})`,
  hexOf: (column) => `lower(hex(${column}))`,
  appendOnly: `
  CREATE TRIGGER journal_is_never_updated BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
  CREATE TRIGGER journal_is_never_deleted BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;`,
};

/** Collation "C" orders texts by their bytes, as SQLite does. */
export const POSTGRES: Dialect = {
  integer: 'BIGINT',
  text: 'TEXT COLLATE "C"',
  bytes: 'BYTEA',
  rowTable: '',
  keyTable: '',
  lengthOf: (column) => `octet_length(${column})`,
  hexOf: (column) => `encode(${column}, 'hex')`,
  appendOnly: `
  CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
  CREATE TRIGGER journal_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();`,
};

/** Deposits to payouts: the first shipped version. */
const first = (d: Dialect): string => `
  CREATE TABLE journal (
    idx     ${d.integer} PRIMARY KEY,
    time_ms ${d.integer} NOT NULL,
    key     ${d.text} NOT NULL UNIQUE,
    bytes   ${d.bytes} NOT NULL,
    hash    ${d.bytes} NOT NULL CHECK (${d.lengthOf('hash')} = 32)
  )${d.rowTable};
  ${d.appendOnly}

  CREATE TABLE balance (
    account  ${d.text} NOT NULL,
    currency ${d.text} NOT NULL,
    nano     ${d.integer} NOT NULL CHECK (nano >= 0 OR account LIKE 'bank/%'),
    PRIMARY KEY (account, currency)
  )${d.keyTable};

  CREATE TABLE channel (
    id           ${d.bytes} PRIMARY KEY CHECK (${d.lengthOf('id')} = 32),
    payer        ${d.bytes} NOT NULL,
    payee        ${d.bytes} NOT NULL,
    currency     ${d.text} NOT NULL,
    lease        ${d.bytes} NOT NULL,
    limit_nano   ${d.integer} NOT NULL,
    expiry_s     ${d.integer} NOT NULL,
    grant_bytes  ${d.bytes} NOT NULL,
    paid_nano    ${d.integer} NOT NULL CHECK (paid_nano BETWEEN 0 AND limit_nano),
    closed       ${d.integer} NOT NULL CHECK (closed IN (0, 1)),
    booked_index ${d.integer} NOT NULL REFERENCES journal (idx),
    voucher      ${d.bytes},
    tick_index   ${d.integer} NOT NULL,
    link         ${d.bytes}
  )${d.keyTable};
  CREATE INDEX channel_by_expiry ON channel (expiry_s) WHERE closed = 0;

  CREATE TABLE owner (
    key  ${d.bytes} PRIMARY KEY,
    name ${d.text} NOT NULL,
    iban ${d.text} NOT NULL,
    bic  ${d.text}
  )${d.keyTable};

  CREATE TABLE run (
    id             ${d.text} PRIMARY KEY,
    created_ms     ${d.integer} NOT NULL,
    execution_date ${d.text} NOT NULL,
    currency       ${d.text} NOT NULL,
    name           ${d.text} NOT NULL,
    iban           ${d.text} NOT NULL,
    bic            ${d.text}
  )${d.keyTable};
  CREATE TABLE payout (
    id       ${d.text} PRIMARY KEY,
    run      ${d.text} NOT NULL REFERENCES run (id),
    owner    ${d.bytes} NOT NULL,
    currency ${d.text} NOT NULL,
    nano     ${d.integer} NOT NULL CHECK (nano > 0),
    name     ${d.text} NOT NULL,
    iban     ${d.text} NOT NULL,
    bic      ${d.text},
    state    ${d.text} NOT NULL CHECK (state IN ('pending', 'posted', 'voided'))
  )${d.keyTable};
  CREATE INDEX payout_by_run ON payout (run, id);

  CREATE TABLE statement (
    channel      ${d.bytes} PRIMARY KEY REFERENCES channel (id),
    presented_ms ${d.integer} NOT NULL,
    bytes        ${d.bytes} NOT NULL
  )${d.keyTable};
`;

/**
 * The second version. Tables that change are made anew and filled, those that point at others first; the pointing is
 * left to `verify`, which sees more.
 */
const remadePapers = (d: Dialect): string => `
  CREATE TABLE statement_2 (
    channel      ${d.bytes} PRIMARY KEY,
    presented_ms ${d.integer} NOT NULL,
    bytes        ${d.bytes} NOT NULL
  )${d.keyTable};
  INSERT INTO statement_2 SELECT channel, presented_ms, bytes FROM statement;
  DROP TABLE statement;
  ALTER TABLE statement_2 RENAME TO statement;

  CREATE TABLE payout_2 (
    id         ${d.text} PRIMARY KEY,
    run        ${d.text} NOT NULL,
    owner      ${d.bytes} NOT NULL,
    currency   ${d.text} NOT NULL,
    nano       ${d.integer} NOT NULL CHECK (nano > 0),
    name       ${d.text} NOT NULL,
    bank       ${d.text} NOT NULL,
    holder     ${d.text} NOT NULL CHECK (holder IN ('person', 'company')),
    mandate    ${d.text},
    state      ${d.text} NOT NULL CHECK (state IN ('pending', 'posted', 'voided', 'returned', 'final')),
    reason     ${d.text},
    changed_ms ${d.integer} NOT NULL
  )${d.keyTable};
  INSERT INTO payout_2
    SELECT p.id, p.run, p.owner, p.currency, p.nano, p.name,
      'sepa:' || p.iban || ':' || coalesce(p.bic, ''), 'person', NULL, p.state, NULL, r.created_ms
    FROM payout p JOIN run r ON r.id = p.run;
  DROP TABLE payout;
  ALTER TABLE payout_2 RENAME TO payout;
  CREATE INDEX payout_by_run_2 ON payout (run, id);

  CREATE TABLE run_2 (
    id             ${d.text} PRIMARY KEY,
    kind           ${d.text} NOT NULL CHECK (kind IN ('payout', 'collection', 'recovered')),
    created_ms     ${d.integer} NOT NULL,
    execution_date ${d.text} NOT NULL,
    currency       ${d.text} NOT NULL,
    name           ${d.text} NOT NULL,
    bank           ${d.text} NOT NULL,
    sender         ${d.text} NOT NULL,
    is_over        ${d.integer} NOT NULL CHECK (is_over IN (0, 1))
  )${d.keyTable};
  INSERT INTO run_2
    SELECT id, 'payout', created_ms, execution_date, currency, name,
      'sepa:' || iban || ':' || coalesce(bic, ''), '', 0 FROM run;
  DROP TABLE run;
  ALTER TABLE run_2 RENAME TO run;

  CREATE TABLE owner_2 (
    key    ${d.bytes} NOT NULL,
    scheme ${d.text} NOT NULL,
    name   ${d.text} NOT NULL,
    bank   ${d.text} NOT NULL,
    holder ${d.text} NOT NULL CHECK (holder IN ('person', 'company')),
    PRIMARY KEY (key, scheme)
  )${d.keyTable};
  INSERT INTO owner_2
    SELECT key, 'sepa', name, 'sepa:' || iban || ':' || coalesce(bic, ''), 'person' FROM owner;
  DROP TABLE owner;
  ALTER TABLE owner_2 RENAME TO owner;
`;

const remadeLedger = (d: Dialect): string => `
  CREATE TABLE channel_2 (
    id           ${d.bytes} PRIMARY KEY CHECK (${d.lengthOf('id')} = 32),
    payer        ${d.bytes} NOT NULL,
    payee        ${d.bytes} NOT NULL,
    payer_owner  ${d.bytes} NOT NULL,
    payee_owner  ${d.bytes} NOT NULL,
    currency     ${d.text} NOT NULL,
    lease        ${d.bytes} NOT NULL,
    limit_nano   ${d.integer} NOT NULL,
    expiry_s     ${d.integer} NOT NULL,
    backing      ${d.text} NOT NULL CHECK (backing IN ('deposit', 'guaranteed', 'bilateral')),
    granted_ms   ${d.integer} NOT NULL,
    grant_bytes  ${d.bytes} NOT NULL,
    paid_nano    ${d.integer} NOT NULL CHECK (paid_nano BETWEEN 0 AND limit_nano),
    closed       ${d.integer} NOT NULL CHECK (closed IN (0, 1)),
    booked_index ${d.integer} NOT NULL,
    voucher      ${d.bytes},
    tick_index   ${d.integer} NOT NULL,
    link         ${d.bytes}
  )${d.keyTable};
  INSERT INTO channel_2
    SELECT c.id, c.payer, c.payee, c.payer, c.payee, c.currency, c.lease, c.limit_nano, c.expiry_s, 'deposit',
      j.time_ms, c.grant_bytes, c.paid_nano, c.closed, c.booked_index, c.voucher, c.tick_index, c.link
    FROM channel c JOIN journal j ON j.key = 'grant/' || ${d.hexOf('c.id')};
  DROP TABLE channel;
  ALTER TABLE channel_2 RENAME TO channel;
  CREATE INDEX channel_by_expiry_2 ON channel (expiry_s) WHERE closed = 0;

  -- Credits less debits. Only the outside world, credit in use, losses and money asked for are below zero.
  CREATE TABLE balance_2 (
    account  ${d.text} NOT NULL,
    currency ${d.text} NOT NULL,
    nano     ${d.integer} NOT NULL CHECK (nano >= 0 OR account LIKE 'bank/%' OR account LIKE 'line/%'
      OR account LIKE 'loss/%' OR account LIKE 'collection/%'),
    PRIMARY KEY (account, currency)
  )${d.keyTable};
  INSERT INTO balance_2 SELECT account, currency, nano FROM balance;
  DROP TABLE balance;
  ALTER TABLE balance_2 RENAME TO balance;
`;

const ownersAndCredit = (d: Dialect): string => `
  CREATE TABLE budget (
    device      ${d.bytes} PRIMARY KEY,
    owner       ${d.bytes} NOT NULL,
    currency    ${d.text} NOT NULL,
    version     ${d.integer} NOT NULL,
    total_nano  ${d.integer} NOT NULL,
    day_nano    ${d.integer} NOT NULL,
    seller_nano ${d.integer} NOT NULL,
    expiry_s    ${d.integer} NOT NULL,
    bytes       ${d.bytes} NOT NULL,
    booked_index ${d.integer} NOT NULL
  )${d.keyTable};
  CREATE TABLE spending (
    device ${d.bytes} NOT NULL,
    scope  ${d.text} NOT NULL,
    nano   ${d.integer} NOT NULL CHECK (nano >= 0),
    PRIMARY KEY (device, scope)
  )${d.keyTable};
  CREATE TABLE line (
    creditor   ${d.bytes} NOT NULL,
    debtor     ${d.bytes} NOT NULL,
    currency   ${d.text} NOT NULL,
    version    ${d.integer} NOT NULL,
    limit_nano ${d.integer} NOT NULL,
    expiry_s   ${d.integer} NOT NULL,
    bytes      ${d.bytes} NOT NULL,
    booked_index ${d.integer} NOT NULL,
    PRIMARY KEY (creditor, debtor, currency)
  )${d.keyTable};
  CREATE TABLE consent (
    owner             ${d.bytes} NOT NULL,
    currency          ${d.text} NOT NULL,
    version           ${d.integer} NOT NULL,
    counterparty_nano ${d.integer} NOT NULL,
    expiry_s          ${d.integer} NOT NULL,
    bytes             ${d.bytes} NOT NULL,
    booked_index ${d.integer} NOT NULL,
    PRIMARY KEY (owner, currency)
  )${d.keyTable};
`;

const disputesAndRuns = (d: Dialect): string => `
  CREATE TABLE dispute (
    channel    ${d.bytes} NOT NULL,
    party      ${d.bytes} NOT NULL,
    version    ${d.integer} NOT NULL,
    is_open    ${d.integer} NOT NULL CHECK (is_open IN (0, 1)),
    since_ms   ${d.integer} NOT NULL,
    bytes      ${d.bytes} NOT NULL,
    resolution ${d.text},
    booked_index ${d.integer} NOT NULL,
    PRIMARY KEY (channel, party)
  )${d.keyTable};
  CREATE TABLE snapshot (
    idx   ${d.integer} NOT NULL,
    part  ${d.integer} NOT NULL,
    bytes ${d.bytes} NOT NULL,
    PRIMARY KEY (idx, part)
  )${d.keyTable};
  CREATE TABLE clearing (
    id           ${d.text} PRIMARY KEY,
    currency     ${d.text} NOT NULL,
    frozen_index ${d.integer} NOT NULL,
    created_ms   ${d.integer} NOT NULL,
    report       ${d.text} NOT NULL
  )${d.keyTable};
  CREATE TABLE mandate (
    owner       ${d.bytes} PRIMARY KEY,
    id          ${d.text} NOT NULL,
    signed_date ${d.text} NOT NULL,
    collections ${d.integer} NOT NULL
  )${d.keyTable};
  CREATE TABLE trace (
    trace  ${d.text} PRIMARY KEY,
    payout ${d.text} NOT NULL
  )${d.keyTable};
  CREATE TABLE reference (
    reference ${d.text} PRIMARY KEY,
    owner     ${d.bytes} NOT NULL CHECK (${d.lengthOf('owner')} = 32)
  )${d.keyTable};
  CREATE TABLE gap (
    channel       ${d.bytes} PRIMARY KEY,
    paid_nano     ${d.integer} NOT NULL,
    journal_index ${d.integer} NOT NULL,
    bytes         ${d.bytes} NOT NULL
  )${d.keyTable};
`;

const sharedWork = (d: Dialect): string => `
  -- Who does which share of the work; nothing of money: cluster/leases.ts.
  CREATE TABLE worker (
    name       ${d.text} PRIMARY KEY,
    instance   ${d.text} NOT NULL,
    expires_ms ${d.integer} NOT NULL
  )${d.keyTable};
  CREATE TABLE shard_lease (
    shard  ${d.integer} PRIMARY KEY CHECK (shard BETWEEN 0 AND 255),
    holder ${d.text},
    epoch  ${d.integer} NOT NULL
  )${d.keyTable};
`;

/** Owners with devices and budgets, credit, disputes, clearing, both kinds of bank accounts. */
const second = (d: Dialect): string =>
  [remadePapers, remadeLedger, ownersAndCredit, disputesAndRuns, sharedWork].map((part) => part(d)).join('');

export const MIGRATIONS: readonly ((dialect: Dialect) => string)[] = [first, second];
