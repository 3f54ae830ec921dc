import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runClearing } from '../../../broker/settler/clearing/run.ts';
import { run } from '../../../broker/settler/command.ts';
import { obligationsOf } from '../../../broker/settler/credit/obligations.ts';
import { openBook } from '../../../broker/settler/ledger/book.ts';
import { eventFor, lineAccount, owedAccount } from '../../../broker/settler/ledger/ledger.ts';
import { verifyStore } from '../../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../../broker/settler/store/memory.ts';
import { openSqliteStore } from '../../../broker/settler/store/sqlite.ts';
import type { Store } from '../../../broker/settler/store/store.ts';
import { toHex } from '../../../schemas/bytes.ts';
import { signConsent } from '../../../schemas/consent.ts';
import type { Signer } from '../../../schemas/crypto.ts';
import { didKey } from '../../../schemas/identity.ts';
import { must } from '../../world/deal.ts';
import { crypto, type House, houseOver, ROOT, START_MS, UNIT } from '../parties.ts';
import { consentRequest } from '../words.ts';
import { A, asked, B, buys, C, cleared, D, disputes, ORDER, oblige, trust } from './owing.ts';

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
  'that would change nothing is not made, and its name is free for what comes',
  async ({ store, house }) => {
    await trust(house, B, A);
    await trust(house, A, B);
    await buys(house, A, B, 5);
    const rows = must(await store.read((reader) => reader.head())).length;
    const nothing = await cleared(store);
    assert.equal([nothing.booked, nothing.repeated], [false, false]);
    assert.is(must(await store.read((reader) => reader.head())).length, rows);
    assert.equal(must(await store.read((reader) => reader.page('clearing', [], null, 1))), []);
    await buys(house, B, A, 5);
    const made = await cleared(store);
    assert.equal([made.booked, made.row.id], [true, nothing.row.id]);
    assert.equal(await owed(store), []);
  },
);

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
    await asked(house, consentRequest(signConsent({ owner: owner.key, ...consent }, owner)));
  }
  await cleared(store, { ...ORDER, sequence: 2 });
  assert.equal(await owed(store), [owes(A, C, 5)]);
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

clearing.run();
