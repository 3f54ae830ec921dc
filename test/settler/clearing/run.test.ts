import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Obligation } from '../../../broker/settler/clearing/obligation.ts';
import { pastClearing } from '../../../broker/settler/clearing/past.ts';
import { type ClearingRun, runClearing } from '../../../broker/settler/clearing/run.ts';
import { run } from '../../../broker/settler/command.ts';
import { obligationsOf } from '../../../broker/settler/credit/obligations.ts';
import { openBook } from '../../../broker/settler/ledger/book.ts';
import { eventFor, lineAccount, owedAccount } from '../../../broker/settler/ledger/ledger.ts';
import { verifyStore } from '../../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import { openSqliteStore } from '../../../broker/settler/store/sqlite.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { toHex } from '../../../schemas/bytes.ts';
import { signClose } from '../../../schemas/close.ts';
import { signConsent } from '../../../schemas/consent.ts';
import type { Signer } from '../../../schemas/crypto.ts';
import { signDispute } from '../../../schemas/dispute.ts';
import { didKey } from '../../../schemas/identity.ts';
import { signLine } from '../../../schemas/line.ts';
import { encodeRequest } from '../../../schemas/request.ts';
import { must } from '../../world/deal.ts';
import {
  claimRequest,
  crypto,
  evidenceFor,
  type House,
  houseOver,
  type OpenedChannel,
  openOf,
  openRequest,
  partyOf,
  ROOT,
  START_MS,
  UNIT,
} from '../parties.ts';

const ORDER = { currency: 'EUR', period: '2026-11-20', sequence: 1 };
const [A, B, C, D] = [partyOf(11), partyOf(12), partyOf(13), partyOf(14)];

const cleared = async (store: Store, order = ORDER): Promise<ClearingRun> =>
  must(await runClearing(store, order, START_MS, crypto.sha256));

const owed = async (store: Store): Promise<readonly [string, string, bigint][]> =>
  must(await store.read((reader) => obligationsOf(reader, 'EUR'))).map(({ debtor, creditor, nano }) => [
    debtor,
    creditor,
    nano,
  ]);

const owes = (debtor: Signer, creditor: Signer, units: number): [string, string, bigint] => [
  toHex(debtor.key),
  toHex(creditor.key),
  BigInt(units) * BigInt(UNIT),
];

const asked = async (house: House, kind: 'line' | 'consent', object: Uint8Array): Promise<void> => {
  const request = { kind, id: crypto.random(8), parts: [object] } as const;
  assert.is((await house.ask(encodeRequest(request))).code, undefined);
};

const trust = (house: House, creditor: Signer, debtor: Signer): Promise<void> => {
  const line = { settler: ROOT.key, currency: 'EUR', version: 1, limitNano: 100 * UNIT, expiryS: 0 };
  return asked(house, 'line', signLine({ creditor: creditor.key, debtor: debtor.key, ...line }, creditor));
};

let nonce = 0;

/** The debtor buys from the creditor on credit, for that much. */
const buys = async (
  house: House,
  debtor: Signer,
  creditor: Signer,
  units: number,
): Promise<OpenedChannel> => {
  const channel = openOf({ payer: debtor, payee: creditor, limitNano: units * UNIT, nonce: ++nonce });
  assert.is((await house.ask(openRequest(channel))).code, undefined);
  assert.is((await house.ask(claimRequest(channel, evidenceFor(channel, 1, units * UNIT)))).code, undefined);
  return channel;
};

const disputes = async (house: House, { id }: OpenedChannel, party: Signer): Promise<void> => {
  const says = { version: 1, open: true, delivered: 9, totalNano: 5 * UNIT, head: id, reason: 'head' };
  const dispute = signDispute(id, { party: party.key, ...says }, party);
  const request = { kind: 'dispute', id: crypto.random(8), parts: [id, dispute] } as const;
  assert.is((await house.ask(encodeRequest(request))).code, undefined);
};

type Context = { store: Store; house: House };
const clearing = suite<Context>('runClearing');
clearing.before.each(async (context) => {
  context.store = openMemoryStore();
  context.house = await houseOver(context.store);
});
clearing.after.each(async ({ store, house }) => {
  await house.settler.close();
  must(await verifyStore(store, crypto.sha256));
});

/** A owes B 5, B owes C 3, C owes A 4. */
const circle = async (house: House): Promise<void> => {
  for (const [creditor, debtor] of [
    [B, A],
    [C, B],
    [A, C],
  ] as const) {
    await trust(house, creditor, debtor);
  }
  await buys(house, A, B, 5);
  await buys(house, B, C, 3);
  await buys(house, C, A, 4);
};

clearing('makes a circle of debts disappear, and gives the credit lines back', async ({ store, house }) => {
  await circle(house);
  const run = await cleared(store);
  assert.is(run.repeated, false);
  assert.is(run.clearing?.report.clearedNano, 9n * BigInt(UNIT));
  assert.equal((await owed(store)).toSorted(), [owes(A, B, 2), owes(C, A, 1)].toSorted());
  const line = must(await store.read((r) => r.get('balance', [[lineAccount(C.key, B.key), 'EUR']])));
  assert.is(line[0]?.nano, 0n);
});

clearing('is made once: again it is found as it was, and books nothing', async ({ store, house }) => {
  await trust(house, B, A);
  await trust(house, A, B);
  await buys(house, A, B, 5);
  await buys(house, B, A, 5);
  const first = await cleared(store);
  assert.equal(await owed(store), []);
  await buys(house, A, B, 1);
  const rows = must(await store.read((reader) => reader.head())).length;
  const again = await cleared(store);
  assert.equal([again.repeated, again.row], [true, first.row]);
  assert.is(must(await store.read((reader) => reader.head())).length, rows);
  assert.is(JSON.parse(again.row.report).clearedNano, String(10n * BigInt(UNIT)));
  assert.is((await cleared(store, { ...ORDER, sequence: 2 })).repeated, false);
});

clearing(
  'that an earlier program made, under the name it gave, is not made again',
  async ({ store, house }) => {
    await circle(house);
    const { row } = await cleared(store, { ...ORDER, currency: 'USD' });
    assert.is(row.id, 'CL-2026-11-20-1-USD');
    const old = { ...row, id: '2026-11-20-EUR-1', currency: 'EUR' };
    must(await store.transact(async () => ({ changes: { put: { clearing: [old] } }, value: null })));
    const again = await cleared(store);
    assert.equal([again.repeated, again.row], [true, old]);
    assert.is((await cleared(store, { ...ORDER, sequence: 2 })).row.id, 'CL-2026-11-20-2');
  },
);

clearing('leaves what is disputed where it is', async ({ store, house }) => {
  await trust(house, B, A);
  await trust(house, A, B);
  const channel = await buys(house, A, B, 5);
  await buys(house, B, A, 5);
  await disputes(house, channel, B);
  const run = await cleared(store);
  assert.is(run.clearing?.report.clearedNano, 0n);
  assert.equal(await owed(store), [owes(B, A, 5)]);
});

clearing('passes debts on only among those who consent', async ({ store, house }) => {
  await trust(house, B, A);
  await trust(house, C, B);
  await buys(house, A, B, 5);
  await buys(house, B, C, 5);
  await cleared(store);
  assert.is((await owed(store)).length, 2, 'a chain is no circle');
  for (const owner of [A, B, C]) {
    const consent = {
      settler: ROOT.key,
      currency: 'EUR',
      version: 1,
      counterpartyNano: 9 * UNIT,
      expiryS: 0,
    };
    await asked(house, 'consent', signConsent({ owner: owner.key, ...consent }, owner));
  }
  await cleared(store, { ...ORDER, sequence: 2 });
  assert.equal(await owed(store), [owes(A, C, 5)]);
});

/** Puts obligations there as compression would. */
const oblige = (store: Store, pairs: readonly (readonly [Signer, Signer, bigint])[], name: string) =>
  store.transact(async (reader) => {
    const accounts = pairs.flatMap(([debtor, creditor]) => [
      [lineAccount(creditor.key, debtor.key), 'EUR'],
      [owedAccount(creditor.key, debtor.key), 'EUR'],
    ]);
    const book = await openBook(reader, { balance: accounts }, START_MS, crypto.sha256);
    pairs.forEach(([debtor, creditor, nano], i) => {
      const between = { owner: creditor.key, other: debtor.key };
      must(
        book.post(eventFor({ kind: 'novated', currency: 'EUR', nano, subject: `${name}/${i}`, ...between })),
      );
    });
    return { changes: book.changes(), value: null };
  });

clearing(
  'begins anew where debts were paid while it searched, and gives up in the end',
  async ({ store }) => {
    await oblige(
      store,
      [
        [A, B, 5n],
        [B, A, 5n],
      ],
      'first',
    );
    let paid = 0;
    const pays = async (): Promise<void> => {
      await store.transact(async (reader) => {
        const accounts = [lineAccount(B.key, A.key), owedAccount(B.key, A.key)];
        const wanted = { balance: accounts.map((account) => [account, 'EUR']) };
        const book = await openBook(reader, wanted, START_MS, crypto.sha256);
        const between = { owner: B.key, other: A.key, subject: `paid/${++paid}` };
        must(book.post(eventFor({ kind: 'cleared', currency: 'EUR', nano: 1n, ...between })));
        return { changes: book.changes(), value: null };
      });
    };
    const busy = (times: number): Store => ({
      ...store,
      read: async (work) => {
        const read = await store.read(work);
        if (paid < times) await pays();
        return read;
      },
    });
    const refused = await runClearing(busy(5), ORDER, START_MS, crypto.sha256);
    assert.is(refused.ok ? '' : refused.code, 'busy');
    await oblige(store, [[A, B, 5n]], 'second');
    const run = must(await runClearing(busy(7), ORDER, START_MS, crypto.sha256));
    assert.is(run.clearing?.report.clearedNano, 6n);
  },
);

clearing('refuses a day that is none', async ({ store }) => {
  for (const order of [{ period: '2026-02-30' }, { sequence: 0 }, { sequence: 1000 }]) {
    const refused = await runClearing(store, { ...ORDER, ...order }, START_MS, crypto.sha256);
    assert.is(refused.ok ? '' : refused.code, 'value-out-of-range');
  }
});

clearing('changes nobody, whatever is owed', async () => {
  const owners = [A, B, C, D];
  const pair = fc
    .tuple(fc.nat(3), fc.nat(3), fc.bigInt(1n, 2n ** 60n))
    .filter(([debtor, creditor]) => debtor !== creditor);
  const property = fc.asyncProperty(fc.array(pair, { maxLength: 12 }), async (pairs) => {
    const store = openMemoryStore();
    await (await houseOver(store)).settler.close();
    await oblige(
      store,
      pairs.map(([debtor, creditor, nano]) => [owners[debtor]!, owners[creditor]!, nano]),
      'given',
    );
    const net = async (): Promise<bigint[]> => {
      const all = await owed(store);
      return owners.map((owner) =>
        all.reduce(
          (sum, [debtor, creditor, nano]) =>
            sum + (creditor === toHex(owner.key) ? nano : 0n) - (debtor === toHex(owner.key) ? nano : 0n),
          0n,
        ),
      );
    };
    const before = await net();
    await cleared(store);
    assert.equal(await net(), before);
    must(await verifyStore(store, crypto.sha256));
  });
  await fc.assert(property, { numRuns: 60 });
});

clearing('is a command, with a table, a picture, JSON, and the same words again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tb-clearing-'));
  const db = join(folder, 'settler.db');
  const store = must(await openSqliteStore(db));
  const house = await houseOver(store);
  await circle(house);
  const runOn = async (args: string): Promise<string> => {
    const printed: string[] = [];
    const host = { print: (text: string) => void printed.push(text), nowMs: () => START_MS, crypto };
    const exit = await run([...args.split(' '), '--db', db], host);
    return exit.ok ? printed.join('') : exit.code;
  };
  const picture = join(folder, 'circle.svg');
  const text = await runOn(`clearing --picture ${picture}`);
  assert.match(text, /^clearing CL-2026-11-20-1 of the obligations at journal index \d+\n/);
  assert.match(text, /circles of debt +9\.00 +3\.00/);
  assert.ok(text.includes(didKey(A.key)));
  assert.match(readFileSync(picture, 'utf8'), /^<svg.*<\/svg>\s*$/s);
  const said = JSON.parse(await runOn('clearing --json'));
  assert.equal([said.repeated, said.cleared, said.left], [true, '9000000000', '3000000000']);
  assert.match(await runOn('clearing'), /made before: nothing was booked now/);
  const drawn = readFileSync(picture);
  await buys(house, A, B, 7);
  const disputed = await buys(house, B, C, 2);
  await disputes(house, disputed, C);
  await runOn('clearing --sequence 2');
  const again = join(folder, 'again.svg');
  assert.is(await runOn('clearing --show CL-2026-11-20-1'), text);
  assert.is(await runOn(`clearing --show CL-2026-11-20-1 --picture ${again}`), text);
  assert.equal(readFileSync(again), drawn);
  assert.equal(JSON.parse(await runOn('clearing --show CL-2026-11-20-1 --json')), said);
  rmSync(again);
  assert.match(await runOn(`clearing --picture ${again}`), /made before/);
  assert.equal(readFileSync(again), drawn);
  assert.is(await runOn('clearing --show CL-2026-11-20-3'), 'config-invalid');
  assert.is(await runOn('clearing --show CL-2026-11-20-1 --period 2026-11-20'), 'config-invalid');
  assert.is(await runOn('clearing --sequence 0'), 'config-invalid');
  assert.is(await runOn('clearing --period yesterday'), 'value-out-of-range');
  await house.settler.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const past = suite('a clearing from the ledger again');

/** Amounts that are often equal, so that no order but its own is in the picture. */
const LARGE = fc.array(
  fc.tuple(fc.nat(7), fc.nat(7), fc.bigInt(1n, 4n)).filter(([debtor, creditor]) => debtor !== creditor),
  { minLength: 1, maxLength: 40 },
);

past('is what was cleared then, whatever happened since', async () => {
  const owners = Array.from({ length: 8 }, (_, i) => partyOf(20 + i));
  const inOrder = (obligations: readonly Obligation[]) =>
    obligations.map(({ debtor, creditor, nano }) => `${debtor} ${creditor} ${nano}`).toSorted();
  const property = fc.asyncProperty(LARGE, LARGE, fc.array(fc.nat(7)), async (first, later, consenting) => {
    const store = openMemoryStore();
    const house = await houseOver(store);
    const pairs = (given: typeof first) =>
      given.map(([debtor, creditor, nano]) => [owners[debtor]!, owners[creditor]!, nano] as const);
    for (const i of new Set(consenting)) {
      const consent = { settler: ROOT.key, currency: 'EUR', version: 1, counterpartyNano: 3, expiryS: 0 };
      await asked(house, 'consent', signConsent({ owner: owners[i]!.key, ...consent }, owners[i]!));
    }
    must(await oblige(store, pairs(first), 'first'));
    const made = await cleared(store);
    must(await oblige(store, pairs(later), 'later'));
    await cleared(store, { ...ORDER, sequence: 2 });
    const { before, left } = must(await pastClearing(store, made.row, crypto.sha256));
    assert.equal(inOrder(before), inOrder(made.before));
    assert.equal(inOrder(left), inOrder(made.clearing!.left));
    await house.settler.close();
  });
  await fc.assert(property, { numRuns: 30 });
});

past('is what nobody disputed then, of a channel that has closed before or since', async () => {
  const store = openMemoryStore();
  const house = await houseOver(store);
  for (const [creditor, debtor] of [
    [B, A],
    [A, B],
  ] as const)
    await trust(house, creditor, debtor);
  const ended = await buys(house, A, B, 5);
  const open = await buys(house, A, B, 3);
  await buys(house, B, A, 9);
  await disputes(house, ended, B);
  await disputes(house, open, A);
  const close = async ({ id }: OpenedChannel, paid: number): Promise<void> => {
    const parts = [id, signClose(id, paid * UNIT, B), null] as const;
    const closed = await house.ask(encodeRequest({ kind: 'close', id: crypto.random(8), parts }));
    assert.is(closed.code, undefined);
  };
  await close(ended, 5);
  await buys(house, A, B, 4);
  const made = await cleared(store);
  assert.is(made.before.length, 2);
  await close(open, 3);
  await buys(house, A, B, 6);
  const { before, left } = must(await pastClearing(store, made.row, crypto.sha256));
  assert.equal(before, made.before);
  assert.equal(left, made.clearing!.left);
  const forged = { ...made.row, report: made.row.report.replace(/"obligations":2/, '"obligations":3') };
  const refused = await pastClearing(store, forged, crypto.sha256);
  assert.is(refused.ok ? '' : refused.code, 'journal-corrupt');
  await house.settler.close();
});

clearing.run();
past.run();
