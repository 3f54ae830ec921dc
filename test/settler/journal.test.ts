import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatAmount, LEDGER_NANO_MAX, parseAmount } from '../../broker/settler/ledger/amount.ts';
import {
  EMPTY_HEAD,
  eventOfRow,
  headAfter,
  type JournalRow,
  nextRow,
} from '../../broker/settler/ledger/journal.ts';
import {
  apply,
  type EventKind,
  entriesOf,
  eventFor,
  keyOf,
  type LedgerEvent,
} from '../../broker/settler/ledger/ledger.ts';
import { Replay } from '../../broker/settler/ledger/replay.ts';
import { toHex } from '../../schemas/bytes.ts';
import { encodeCbor } from '../../schemas/cbor.ts';
import { crypto, openOf, PAYEE, PAYER } from './parties.ts';

const OPENED = openOf({ limitNano: 100 });
const CHANNEL = toHex(OPENED.id);

/** As much of a proof as a replay without signatures looks at. */
const PROOFS: { readonly [K in EventKind]?: Uint8Array } = {
  grant: encodeCbor([OPENED.bytes, new Uint8Array([1])]),
  claim: encodeCbor([new Uint8Array([1]), null]),
};

const event = (kind: EventKind, nano: bigint, more: Partial<LedgerEvent> = {}): LedgerEvent =>
  eventFor({
    kind,
    currency: 'EUR',
    nano,
    subject: kind === 'deposit' ? 'R-1' : kind.startsWith('payout') ? 'P-1' : CHANNEL,
    owner: kind === 'claim' || kind.startsWith('payout') ? PAYEE.key : PAYER.key,
    proof: PROOFS[kind] ?? new Uint8Array([1]),
    ...more,
  });

/** A life: paid in, reserved, claimed twice, released, paid out. */
const LIFE = [
  event('deposit', 2n ** 60n),
  event('grant', 100n),
  event('claim', 30n, { totalNano: 30n }),
  event('claim', 20n, { totalNano: 50n }),
  event('release', 50n, { totalNano: 50n }),
  event('payout-pending', 40n),
  event('payout-posted', 40n),
];

const journalOf = (events: readonly LedgerEvent[]): JournalRow[] => {
  const rows: JournalRow[] = [];
  let head = EMPTY_HEAD;
  for (const one of events) {
    const row = nextRow(head, 1000, one, crypto.sha256);
    rows.push(row);
    head = headAfter(row);
  }
  return rows;
};

const replayOf = (rows: readonly JournalRow[]): { replay: Replay; fault: string } => {
  const replay = new Replay(crypto.sha256);
  for (const row of rows) {
    const added = replay.add(row);
    if (!added.ok) return { replay, fault: added.detail };
  }
  return { replay, fault: '' };
};

const ledger = suite('ledger');

ledger('moves each nano from one account to another', () => {
  const { replay, fault } = replayOf(journalOf(LIFE));
  assert.is(fault, '');
  assert.equal(Object.fromEntries(replay.balances().map(({ account, nano }) => [account, nano])), {
    'bank/EUR': 40n - 2n ** 60n,
    [`deposit/${toHex(PAYER.key)}`]: 2n ** 60n - 50n,
    [`earned/${toHex(PAYEE.key)}`]: 10n,
  });
});

ledger('returns a voided payout to its owner', () => {
  const { replay } = replayOf(journalOf([...LIFE.slice(0, 6), event('payout-voided', 40n)]));
  assert.is(replay.balanceNano(`earned/${toHex(PAYEE.key)}`, 'EUR'), 50n);
});

ledger('gives each claim of a channel a key of its own, sorted by total', () => {
  const keys = [9n, 10n, 2n ** 53n - 1n].map((totalNano) => keyOf(event('claim', 1n, { totalNano })));
  assert.equal([...keys].sort(), keys);
  assert.is(keyOf(event('deposit', 1n)), 'deposit/R-1');
});

ledger('writes no entry where nothing moves', () => {
  assert.equal(entriesOf(event('release', 0n)), []);
});

ledger('refuses what takes a balance past 64 bits on either side, and less than nothing', () => {
  const codeOf = (
    kind: EventKind,
    nano: bigint,
    held: { readonly [account: string]: bigint } = {},
  ): string => {
    const entries = apply((account) => held[account] ?? 0n, event(kind, nano));
    return entries.ok ? 'ok' : entries.code;
  };
  const payer = `deposit/${toHex(PAYER.key)}`;
  assert.is(codeOf('deposit', LEDGER_NANO_MAX), 'ok');
  assert.is(codeOf('deposit', LEDGER_NANO_MAX + 1n), 'value-out-of-range');
  assert.is(codeOf('deposit', 1n, { [payer]: LEDGER_NANO_MAX - 1n }), 'ok');
  assert.is(codeOf('deposit', 1n, { [payer]: LEDGER_NANO_MAX }), 'value-out-of-range');
  assert.is(codeOf('deposit', 1n, { 'bank/EUR': -LEDGER_NANO_MAX }), 'value-out-of-range');
  assert.is(codeOf('deposit', -1n, { 'bank/EUR': 5n, [payer]: 5n }), 'value-out-of-range');
});
ledger.run();

const journal = suite('journal');

journal('reads back every event as it was written', () => {
  const amount = fc.bigInt(0n, 2n ** 63n - 1n);
  fc.assert(
    fc.property(
      amount,
      amount,
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
      (nano, totalNano, subject, proof) => {
        const written = event('claim', nano, {
          totalNano,
          subject: subject.slice(0, 64),
          proof: new Uint8Array(proof),
        });
        const read = eventOfRow(nextRow(EMPTY_HEAD, 5, written, crypto.sha256));
        assert.equal(read, { ok: true, value: written });
      },
    ),
  );
});

journal('names the first bad row, whichever byte of whichever row is changed', () => {
  const rows = journalOf(LIFE);
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
    const copy = bytes.slice();
    copy[at % copy.length]! ^= 0x41;
    return copy;
  };
  fc.assert(
    fc.property(fc.nat(rows.length - 1), fc.nat(1000), fc.constantFrom('bytes', 'hash'), (i, at, field) => {
      const bad = rows.map((row, k) =>
        k === i ? { ...row, [field]: flipped(row[field as 'bytes'], at) } : row,
      );
      assert.match(replayOf(bad).fault, new RegExp(`^row ${i}: `));
    }),
  );
});

journal('notices a row that is missing, moved, repeated, or given another key or time', () => {
  const rows = journalOf(LIFE);
  const swapped = [rows[0]!, rows[2]!, rows[1]!];
  assert.match(replayOf([...rows.slice(0, 2), ...rows.slice(3)]).fault, /^row 2: missing/);
  assert.match(replayOf(swapped).fault, /^row 1: /);
  assert.match(replayOf([rows[0]!, rows[0]!]).fault, /^row 1: /);
  assert.match(replayOf([{ ...rows[0]!, key: 'deposit/R-2' }]).fault, /^row 0: its key/);
  assert.match(replayOf([{ ...rows[0]!, timeMs: 2000 }]).fault, /^row 0: /);
  assert.match(replayOf([rows[0]!, ...journalOf(LIFE.slice(1))]).fault, /^row 1: /);
});

journal('refuses a history that pays out what nobody holds', () => {
  const { fault } = replayOf(
    journalOf([LIFE[0]!, event('grant', 10n), event('claim', 11n, { totalNano: 11n })]),
  );
  assert.match(fault, /^row 2: claim [0-9a-f]{64}: channel\/[0-9a-f]{64} would hold -1 nano/);
});

journal('never goes back in time', () => {
  const first = nextRow(EMPTY_HEAD, 5000, LIFE[0]!, crypto.sha256);
  assert.is(nextRow(headAfter(first), 4000, LIFE[1]!, crypto.sha256).timeMs, 5000);
});

journal.run();

const amount = suite('amount');

amount('reads and writes exact decimals', () => {
  for (const [text, nano] of [
    ['10', 10_000_000_000n],
    ['10.00', 10_000_000_000n],
    ['0.000000001', 1n],
    ['9007199.254740993', 9_007_199_254_740_993n],
    ['9223372036.854775807', 2n ** 63n - 1n],
  ] as const) {
    assert.equal(parseAmount(text), { ok: true, value: nano });
  }
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 63n - 1n), (nano) => {
      assert.equal(parseAmount(formatAmount(nano)), { ok: true, value: nano });
    }),
  );
  assert.is(formatAmount(10_000_000_000n), '10.00');
  assert.is(formatAmount(-1n), '-0.000000001');
});

amount('refuses what is no amount', () => {
  for (const bad of [
    '',
    '-1',
    '1e3',
    '1,00',
    '1.',
    '.5',
    '1.0000000001',
    '9223372036.854775808',
    '0x10',
    ' 1',
  ]) {
    assert.is(parseAmount(bad).ok, false, bad);
  }
  const long = parseAmount('12345678901234567890');
  assert.match(long.ok ? '' : long.detail, /12345678901234567890 is too much: .* 9223372036\.854775807$/);
});
amount.run();
