import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EMPTY_HEAD, headAfter, type JournalRow, nextRow } from '../../broker/settler/ledger/journal.ts';
import { eventFor, type LedgerEvent } from '../../broker/settler/ledger/ledger.ts';
import { guaranteeProof } from '../../broker/settler/ledger/proofs.ts';
import { type Audited, auditStore } from '../../broker/settler/reports/audit.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import { must } from '../world/deal.ts';
import { type Entry, FORGERIES, HONEST, paid, placeOf } from './audit-forgeries.ts';
import { crypto, OTHER, PAYEE, PAYER, ROOT } from './parties.ts';

/** What a malicious operator writes: every hash is as it should be. */
const journalOf = (entries: readonly Entry[]): JournalRow[] => {
  const rows: JournalRow[] = [];
  let head = EMPTY_HEAD;
  for (const { event, timeMs } of entries) {
    const row = nextRow(head, timeMs, event, crypto.sha256);
    rows.push(row);
    head = headAfter(row);
  }
  return rows;
};

const storeOf = async (journal: readonly JournalRow[]): Promise<Store> => {
  const store = openMemoryStore();
  const meta = [{ name: 'settler', value: toHex(ROOT.key) }];
  must(await store.transact(async () => ({ changes: { journal, put: { meta } }, value: null })));
  return store;
};

const audited = async (journal: readonly JournalRow[]): Promise<Audited> =>
  must(await auditStore(await storeOf(journal), { crypto }));

const audit = suite('auditStore');

audit('finds nothing in an honest journal, and counts what it checked', async () => {
  const { rows, kinds, signatures, ticks, fault, hash } = await audited(journalOf(HONEST));
  assert.is(fault, null);
  assert.equal([rows, hash], [HONEST.length, toHex(journalOf(HONEST).at(-1)!.hash)]);
  assert.equal(kinds, {
    deposit: 2,
    enrolment: 1,
    line: 1,
    consent: 2,
    grant: 3,
    claim: 5,
    snapshot: 1,
    dispute: 3,
    statement: 2,
    release: 1,
    expiry: 2,
    'payout-pending': 1,
    'payout-posted': 1,
  });
  // 5, then 4 more of the same chain, 3 of the next, and 7 of another channel.
  assert.is(ticks, 19);
  // Grants 2 each, claims 4 vouchers, enrolment 2, line, consents, disputes 3, statements 2 each, a close.
  assert.is(signatures, 6 + 4 + 2 + 1 + 2 + 3 + 4 + 1);
});

audit('takes no word of the tables', async () => {
  const store = await storeOf(journalOf(HONEST));
  const read: Store['read'] = (work) =>
    store.read((reader) =>
      work({
        ...reader,
        get: (table, keys) => (table === 'meta' ? reader.get(table, keys) : Promise.reject(new Error(table))),
        page: (table) => Promise.reject(new Error(table)),
        balancesUnder: () => Promise.reject(new Error('balance')),
      }),
    );
  assert.is(must(await auditStore({ ...store, read }, { crypto })).fault, null);
});

for (const [claim, { kind, subject, as, timeMs, at, why }] of Object.entries(FORGERIES)) {
  audit(`finds ${claim}, however well it is hashed`, async () => {
    const place = placeOf(kind, subject);
    assert.ok(place >= 0, `${kind} ${subject}`);
    const forged = HONEST.map((entry, i) => {
      if (timeMs !== undefined && i === place) return { event: entry.event, timeMs: timeMs(entry.timeMs) };
      return i === place ? { ...entry, event: { ...entry.event, ...as(entry.event) } } : entry;
    });
    // Time never goes back in a journal: what comes before happened no later.
    const early = timeMs === undefined ? Number.POSITIVE_INFINITY : forged[place]!.timeMs;
    const timed = forged.map((entry, i) =>
      i < place ? { ...entry, timeMs: Math.min(entry.timeMs, early) } : entry,
    );
    const { fault, rows } = await audited(journalOf(timed));
    assert.ok(fault !== null, 'nothing was found');
    assert.match(fault.why, why);
    assert.is(rows, fault.row);
    assert.is(fault.row, at?.() ?? place);
  });
}

audit('finds the same event twice', async () => {
  const twice = [...HONEST.slice(0, 2), HONEST[0]!, ...HONEST.slice(2)];
  const rows = journalOf(twice);
  // A database without the index that forbids it.
  const store = await storeOf(journalOf(HONEST));
  const read: Store['read'] = (work) =>
    store.read((reader) =>
      work({
        ...reader,
        head: async () => headAfter(rows.at(-1)!),
        journal: async (from, countMax) => rows.slice(from, from + countMax),
        rows: async (keys) => rows.filter(({ key }) => keys.includes(key)),
        rowsUnder: async (prefix) => rows.filter(({ key }) => key.startsWith(prefix)),
      }),
    );
  const { fault } = must(await auditStore({ ...store, read }, { crypto }));
  assert.equal([fault?.row, fault?.why], [0, 'row 2 has the same key']);
});

audit('finds a step of a payout that contradicts the one before', async () => {
  const posted = HONEST.find(({ event }) => event.kind === 'payout-posted')!;
  const voided = { ...posted, event: { ...posted.event, kind: 'payout-voided' as const, nano: 0n } };
  const { fault } = await audited(journalOf([...HONEST, voided]));
  assert.is(fault?.why, 'payout-posted comes before it');
});

audit('finds a word that comes again under another name', async () => {
  for (const kind of ['enrolment', 'line', 'consent'] as const) {
    const word = HONEST.find(({ event }) => event.kind === kind)!;
    const again = { ...word.event, subject: 'again/1' };
    const { fault } = await audited(journalOf([...HONEST, { ...HONEST.at(-1)!, event: again }]));
    assert.is(fault?.why, 'version 1 comes after version 1');
  }
});

audit('finds a credit line of the settler that lends for somebody else', async () => {
  const proof = guaranteeProof({ version: 1, limitNano: 5, expiryS: 0 });
  const event = eventFor({
    kind: 'guarantee',
    currency: 'EUR',
    nano: 0n,
    subject: 'x/1',
    owner: OTHER.key,
    other: PAYEE.key,
    backing: 'guaranteed',
    proof,
  });
  const { fault } = await audited(journalOf([...HONEST, { ...HONEST.at(-1)!, event }]));
  assert.match(fault?.why ?? '', /^its creditor is/);
});

audit('finds a claim on a channel that is closed', async () => {
  const late = HONEST.find(({ event }) => event.kind === 'claim' && event.subject === paid)!;
  const event = { ...late.event, totalNano: 2_000_004_000n, nano: 0n };
  const { fault } = await audited(journalOf([...HONEST, { ...late, event }]));
  assert.is(fault?.why, 'the channel was closed before');
});

/** Rows of a clearing run after an honest journal, in which OTHER owes PAYEE. */
const clearingOf = (
  ...events: readonly Pick<LedgerEvent, 'kind' | 'nano' | 'owner' | 'other'>[]
): readonly Entry[] => {
  const { timeMs } = HONEST.at(-1)!;
  const run = { currency: 'EUR', nano: 0n, owner: ROOT.key, subject: 'C-1' };
  const begun = eventFor({ ...run, kind: 'clearing' });
  const moved = events.map((event, i) => eventFor({ ...run, ...event, subject: `C-1/${i}` }));
  return [...HONEST, ...[begun, ...moved].map((event) => ({ event, timeMs }))];
};

audit('finds a clearing that changes what an owner is owed in all', async () => {
  const cleared = { kind: 'cleared' as const, nano: 5n, owner: PAYEE.key, other: OTHER.key };
  const { fault } = await audited(journalOf(clearingOf(cleared)));
  assert.equal([fault?.row, fault?.kind], [HONEST.length + 1, 'cleared']);
  assert.match(fault?.why ?? '', /^clearing C-1 changed what .* is owed in all by -5 nano/);
  const [first] = HONEST;
  const later = await audited(
    journalOf([...clearingOf(cleared), { ...first!, event: { ...first!.event, subject: 'R' } }]),
  );
  assert.match(later.fault?.why ?? '', /^clearing C-1 changed what/);
});

audit('finds debts cleared outside of a clearing', async () => {
  const cleared = { kind: 'cleared' as const, nano: 5n, owner: PAYEE.key, other: OTHER.key };
  const [, , ...alone] = clearingOf(cleared).slice(HONEST.length - 1);
  const { fault } = await audited(journalOf([...HONEST, ...alone]));
  assert.is(fault?.why, 'no clearing comes before it');
});

audit('finds new debts of owners who did not consent, or not to so much', async () => {
  const novated = { kind: 'novated' as const, nano: 5n, owner: PAYEE.key, other: PAYER.key };
  const { fault } = await audited(journalOf(clearingOf(novated)));
  assert.match(fault?.why ?? '', /has not consented to new debts/);
  const much = { ...novated, nano: 10n ** 9n, other: OTHER.key };
  assert.match((await audited(journalOf(clearingOf(much)))).fault?.why ?? '', /consented to 1000000000 nano/);
});

audit('names the row, the kind and the subject', async () => {
  const place = placeOf('claim', paid);
  const rows = journalOf(HONEST);
  const bad = rows.map((row) =>
    row.index === place ? { ...row, hash: row.hash.map((byte) => byte ^ 1) } : row,
  );
  const { fault } = await audited(bad);
  assert.equal(fault, {
    row: place,
    kind: 'claim',
    subject: paid,
    why: 'its hash does not continue the chain',
  });
});

audit.run();
