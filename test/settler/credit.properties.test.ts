import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { obligationsOf } from '../../broker/settler/credit/obligations.ts';
import { eventOfRow } from '../../broker/settler/ledger/journal.ts';
import { ADVANCED_ACCOUNT, type LedgerEvent } from '../../broker/settler/ledger/ledger.ts';
import { openAndGrant } from '../../broker/settler/ledger/proofs.ts';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { type LineState, linesOf } from '../../broker/settler/reports/lines.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { allRows, type Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import { openChannel } from '../../schemas/open.ts';
import { must } from '../world/deal.ts';
import { balanceOf } from './balance.ts';
import { ask, BEGINNING, CHANNELS, operate, steps } from './credit-script.ts';
import { crypto, type House, houseOver } from './parties.ts';

type Row = { readonly event: LedgerEvent; readonly timeMs: number };

const journalOf = async (store: Store): Promise<readonly Row[]> =>
  must(await store.read((reader) => reader.journal(0, 10_000))).map((row) => ({
    event: must(eventOfRow(row)),
    timeMs: row.timeMs,
  }));

/** Everything in `spending`, counted again from the events alone, without the settler's own projection. */
const recount = (rows: readonly Row[]): Map<string, bigint> => {
  const sums = new Map<string, bigint>();
  const channels = new Map<string, { device: string; scopes: readonly string[] }>();
  const add = (device: string, scope: string, nano: bigint) => {
    const name = `${device} ${scope}`;
    sums.set(name, (sums.get(name) ?? 0n) + nano);
  };
  for (const { event, timeMs } of rows) {
    if (event.kind === 'grant') {
      const { open } = must(openChannel(openAndGrant(event.proof).open, crypto));
      if (toHex(open.payer) === toHex(event.owner)) continue;
      const day = new Date(timeMs).toISOString().slice(0, 10);
      const seller = toHex(event.other.length === 0 ? open.payee : event.other);
      const scopes = [`EUR/total`, `EUR/day/${day}`, `EUR/seller/${seller}`];
      channels.set(event.subject, { device: toHex(open.payer), scopes });
      for (const scope of scopes) add(toHex(open.payer), scope, event.nano);
    }
    const channel = channels.get(event.subject);
    if (channel === undefined) continue;
    if (event.kind === 'claim') add(channel.device, 'EUR/spent', event.nano);
    if (event.kind === 'release') for (const scope of channel.scopes) add(channel.device, scope, -event.nano);
  }
  return sums;
};

const spendingIn = async (store: Store): Promise<Map<string, bigint>> =>
  must(
    await store.read(async (reader) => {
      const sums = new Map<string, bigint>();
      for await (const { device, scope, nano } of allRows(reader, 'spending')) {
        sums.set(`${toHex(device)} ${scope}`, nano);
      }
      return sums;
    }),
  );

const sorted = (sums: ReadonlyMap<string, bigint>) => [...sums].sort(([a], [b]) => (a < b ? -1 : 1));

const linesIn = (store: Store, nowMs: number): Promise<readonly LineState[]> =>
  store.read((reader) => linesOf(reader, nowMs)).then(must);

/** Whatever a grant reserved fits the caps and the line that held when it was granted. */
const checkGrant = async (store: Store, house: House): Promise<void> => {
  const rows = await journalOf(store);
  const last = rows.at(-1)!;
  const { event, timeMs } = last;
  const { open } = must(openChannel(openAndGrant(event.proof).open, crypto));
  const [budget] = must(await store.read((reader) => reader.get('budget', [[open.payer]])));
  if (budget !== undefined) {
    assert.equal(event.owner, budget.owner, 'the owner of the newest enrolment pays');
    assert.ok(budget.expiryS === 0 || budget.expiryS * 1000 > timeMs, 'a budget that is over');
    const sums = recount(rows);
    const used = (scope: string) => sums.get(`${toHex(open.payer)} ${scope}`) ?? 0n;
    assert.ok(used('EUR/total') <= BigInt(budget.totalNano), 'over the total');
    const day = new Date(timeMs).toISOString().slice(0, 10);
    assert.ok(used(`EUR/day/${day}`) <= BigInt(budget.dayNano), 'over the day');
    assert.ok(used(`EUR/seller/${toHex(event.other)}`) <= BigInt(budget.sellerNano), 'over the seller');
  }
  if (event.backing === 'deposit') return;
  const creditor = event.backing === 'guaranteed' ? null : event.other;
  const line = (await linesIn(store, house.clock.nowMs)).find(
    (one) =>
      toHex(one.debtor) === toHex(event.owner) &&
      (one.creditor === null
        ? creditor === null
        : creditor !== null && toHex(one.creditor) === toHex(creditor)),
  )!;
  assert.ok(line.expiryS === 0 || line.expiryS * 1000 > timeMs, 'a line that is over');
  assert.ok(line.reservedNano + line.owedNano <= line.limitNano, 'over the line');
};

/** Each line holds reserved what its open channels have left; what they paid is owed, repaid or lost. */
const checkLines = async (store: Store, house: House): Promise<void> => {
  const reserved = new Map<string, bigint>();
  const channels = must(
    await store.read((reader) =>
      reader.get(
        'channel',
        CHANNELS.map(({ id }) => [id]),
      ),
    ),
  );
  for (const { backing, closed, payerOwner, payeeOwner, limitNano, paidNano } of channels) {
    if (backing === 'deposit' || closed) continue;
    const name = `${backing === 'guaranteed' ? 'settler' : toHex(payeeOwner)} ${toHex(payerOwner)}`;
    reserved.set(name, (reserved.get(name) ?? 0n) + BigInt(limitNano - paidNano));
  }
  let guaranteedNano = 0n;
  for (const { creditor, debtor, reservedNano, owedNano } of await linesIn(store, house.clock.nowMs)) {
    const name = `${creditor === null ? 'settler' : toHex(creditor)} ${toHex(debtor)}`;
    assert.is(reservedNano, reserved.get(name) ?? 0n, 'what a line reserves is what its channels have left');
    assert.ok(owedNano >= 0n);
    reserved.delete(name);
    if (creditor === null) guaranteedNano += owedNano;
  }
  assert.is(reserved.size, 0, 'no channel reserves on a line that is not shown');
  assert.is(
    await balanceOf(store, ADVANCED_ACCOUNT),
    -guaranteedNano,
    'what the settler stood in for is owed to it',
  );
};

const checkObligations = async (store: Store): Promise<void> => {
  const found = must(await store.read((reader) => obligationsOf(reader, 'EUR')));
  for (const { creditor, debtor, nano } of found) {
    const owedNano = await balanceOf(store, `owed/${creditor}/${debtor}`);
    assert.ok(nano > 0n && nano <= owedNano, 'more would be cleared than is owed');
  }
};

const properties = suite('owners and credit, for any script');

properties('nothing passes a cap, and every count is a recount of the journal', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const store = openMemoryStore();
      const house = await houseOver(store, { claimsPerS: 1e6, opensPerS: 1e6 });
      const grants = async () =>
        (await journalOf(store)).filter(({ event }) => event.kind === 'grant').length;
      for (const one of [...BEGINNING, ...script]) {
        const before = await grants();
        await ask(one, house);
        await operate(one, house, store);
        if ((await grants()) > before) await checkGrant(store, house);
        await checkLines(store, house);
        await checkObligations(store);
      }
      const again = recount(await journalOf(store));
      assert.equal(sorted(await spendingIn(store)), sorted(again), 'spending is what the journal says');
      const verified = await verifyStore(store, crypto.sha256);
      assert.ok(verified.ok, verified.ok ? '' : verified.detail);
      const audited = must(await auditStore(store, { crypto }));
      assert.is(audited.fault, null, 'every posting stands on its evidence');
      assert.equal(house.logged, [], 'no batch was rolled back');
      await house.settler.close();
    }),
    { numRuns: 40 },
  );
});

properties('requests that come at once pass no cap either', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const store = openMemoryStore();
      const house = await houseOver(store, { claimsPerS: 1e6, opensPerS: 1e6 });
      for (const one of BEGINNING) await operate(one, house, store);
      await Promise.all([...BEGINNING, ...script].map((one) => ask(one, house)));
      assert.equal(
        sorted(await spendingIn(store)),
        sorted(recount(await journalOf(store))),
        'spending is what the journal says',
      );
      await checkLines(store, house);
      const verified = await verifyStore(store, crypto.sha256);
      assert.ok(verified.ok, verified.ok ? '' : verified.detail);
      assert.equal(house.logged, [], 'no batch was rolled back');
      await house.settler.close();
    }),
    { numRuns: 40 },
  );
});

properties.run();
