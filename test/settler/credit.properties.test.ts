import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeOff } from '../../broker/settler/credit/defaults.ts';
import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { obligationsOf } from '../../broker/settler/credit/obligations.ts';
import { repay } from '../../broker/settler/credit/repayments.ts';
import { bookTransfer } from '../../broker/settler/credit/transfers.ts';
import { eventOfRow } from '../../broker/settler/ledger/journal.ts';
import { ADVANCED_ACCOUNT, type LedgerEvent } from '../../broker/settler/ledger/ledger.ts';
import { openAndGrant } from '../../broker/settler/ledger/proofs.ts';
import { auditStore } from '../../broker/settler/reports/audit.ts';
import { type LineState, linesOf } from '../../broker/settler/reports/lines.ts';
import { verifyStore } from '../../broker/settler/reports/verify.ts';
import { openMemoryStore } from '../../broker/settler/store/memory.ts';
import { allRows, type Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { openChannel } from '../../schemas/open.ts';
import { must } from '../world/deal.ts';
import { balanceOf } from './balance.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  evidenceFor,
  type House,
  houseOver,
  type OpenedChannel,
  openOf,
  openRequest,
  partyOf,
  START_S,
  statementRequest,
  UNIT,
} from './parties.ts';
import {
  disputeOf,
  disputeRequest,
  enrolmentOf,
  enrolRequest,
  HEAD_A,
  HEAD_B,
  lineOf,
  lineRequest,
} from './words.ts';

const BUYERS = [partyOf(31), partyOf(32)] as const;
const SELLERS = [partyOf(33), partyOf(34)] as const;
const DEVICES: readonly Signer[] = [...BUYERS, ...SELLERS];
const OWNERS = [partyOf(41), partyOf(42), partyOf(43)] as const;
const EVERYONE: readonly Signer[] = [...OWNERS, ...DEVICES];

const CHANNELS: readonly OpenedChannel[] = Array.from({ length: 6 }, (_, i) =>
  openOf({
    nonce: 100 + i,
    payer: BUYERS[i % 2]!,
    payee: SELLERS[(i >> 1) % 2]!,
    limitNano: (1 + (i % 3)) * UNIT,
    expiryS: START_S + 300 * 86_400,
  }),
);

/** Mostly an owner, now and then a device that is its own. */
const who = fc.oneof({ weight: 5, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(6) });

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('deposit' as const),
      owner: who,
      units: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('open' as const), channel: fc.nat(5) }) },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      channel: fc.nat(5),
      tenths: fc.constantFrom(0, 5, 10, 20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('close' as const), channel: fc.nat(5) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('enrol' as const),
      device: fc.nat(3),
      owner: fc.nat(2),
      version: fc.integer({ min: 1, max: 6 }),
      total: fc.nat(12),
      day: fc.nat(8),
      seller: fc.nat(8),
      expiryH: fc.nat(60),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('line' as const),
      creditor: who,
      debtor: who,
      version: fc.integer({ min: 1, max: 6 }),
      limit: fc.nat(9),
      expiryH: fc.nat(60),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('guarantee' as const), debtor: who, limit: fc.nat(5) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom('repay' as const, 'default' as const, 'withdrawal' as const, 'top-up' as const),
      debtor: who,
      creditor: fc.constantFrom(null, 2, 5),
      units: fc.integer({ min: 1, max: 2 }),
      reference: fc.nat(40),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('dispute' as const),
      channel: fc.nat(5),
      byPayer: fc.boolean(),
      version: fc.integer({ min: 1, max: 4 }),
      open: fc.boolean(),
      tenths: fc.constantFrom(0, 5, 10, 20),
      head: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('state' as const),
      channel: fc.nat(5),
      tenths: fc.constantFrom(0, 5, 10, 20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.nat(30) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

/** Buyers of two owners, sellers of a third that gives them credit, some money: something to fight over. */
const BEGINNING: readonly Step[] = [
  ...[0, 1].flatMap((i): Step[] => [
    { do: 'enrol', device: i, owner: i, version: 1, total: 20, day: 20, seller: 20, expiryH: 0 },
    { do: 'enrol', device: 2 + i, owner: 2, version: 1, total: 0, day: 0, seller: 0, expiryH: 0 },
    { do: 'deposit', owner: i, units: 2 },
    { do: 'line', creditor: 2, debtor: i, version: 1, limit: 6, expiryH: 0 },
  ]),
  { do: 'guarantee', debtor: 0, limit: 9 },
];

const expiryIn = (house: House, hours: number): number =>
  hours === 0 ? 0 : Math.floor(house.clock.nowMs / 1000) + hours * 3600;

/** Requests as parties send them. */
const ask = async (one: Step, house: House): Promise<void> => {
  if (one.do === 'open') await house.ask(openRequest(CHANNELS[one.channel]!));
  else if (one.do === 'claim') {
    const channel = CHANNELS[one.channel]!;
    const evidence = evidenceFor(channel, 1 + one.tenths, (one.tenths * UNIT) / 10);
    await house.ask(claimRequest(channel, evidence), channel);
  } else if (one.do === 'close') {
    const channel = CHANNELS[one.channel]!;
    const reply = await house.ask(closeRequest(channel, 0, channel.payee), channel);
    // The total that is booked stands in the refusal's place of the receipt: ask for it, then close at it.
    if (reply.code === 'statement-differs') await closeAtBooked(channel, house);
  } else if (one.do === 'enrol') {
    const { version, total, day, seller } = one;
    const [device, owner] = [DEVICES[one.device]!, OWNERS[one.owner]!];
    const expiryS = expiryIn(house, one.expiryH);
    await house.ask(enrolRequest(enrolmentOf({ device, owner, version, total, day, seller, expiryS })));
  } else if (one.do === 'line') {
    const [creditor, debtor] = [EVERYONE[one.creditor]!, EVERYONE[one.debtor]!];
    if (creditor === debtor) return;
    const { version, limit } = one;
    await house.ask(
      lineRequest(lineOf({ creditor, debtor, version, limit, expiryS: expiryIn(house, one.expiryH) })),
    );
  } else if (one.do === 'dispute') {
    const channel = CHANNELS[one.channel]!;
    const { version, open } = one;
    const says = { version, open, totalNano: (one.tenths * UNIT) / 10, head: one.head ? HEAD_A : HEAD_B };
    const party = one.byPayer ? channel.payer : channel.payee;
    await house.ask(disputeRequest(channel, disputeOf(channel, party, says)));
  } else if (one.do === 'state') {
    const channel = CHANNELS[one.channel]!;
    await house.ask(statementRequest(agreedOf(channel, (one.tenths * UNIT) / 10, one.tenths)));
  }
};

const closeAtBooked = async (channel: OpenedChannel, house: House): Promise<void> => {
  const booked = await house.ask(claimRequest(channel, evidenceFor(channel, 1, 0)), channel);
  await house.ask(closeRequest(channel, booked.receipt!.paidNano, channel.payee), channel);
};

/** What an operator does. Refusals are fine: that nothing passes a cap is judged by what is booked. */
const operate = async (one: Step, house: House, store: Store): Promise<void> => {
  const nowMs = house.clock.nowMs;
  const currency = 'EUR';
  const nanoOf = (units: number) => BigInt(units) * BigInt(UNIT);
  if (one.do === 'deposit') {
    await house.deposit(one.units, `R-${nowMs}-${one.owner}-${one.units}`, EVERYONE[one.owner]!);
  } else if (one.do === 'guarantee') {
    const order = { debtor: EVERYONE[one.debtor]!.key, currency, limitNano: nanoOf(one.limit), expiryS: 0 };
    must(await setGuarantee(store, order, nowMs, crypto.sha256));
  } else if (one.do === 'wait') {
    house.clock.nowMs += one.hours * 3_600_000;
  } else if (one.do === 'withdrawal' || one.do === 'top-up') {
    const owner = EVERYONE[one.debtor]!.key;
    const order = { kind: one.do, owner, currency, nano: nanoOf(one.units), reference: `X-${one.reference}` };
    await bookTransfer(store, order, nowMs, crypto.sha256);
  } else if (one.do === 'repay' || one.do === 'default') {
    const creditor = one.creditor === null ? null : EVERYONE[one.creditor]!.key;
    const debtor = EVERYONE[one.debtor]!.key;
    const order = { debtor, currency, nano: nanoOf(one.units), reference: `X-${one.reference}` };
    if (one.do === 'default') await writeOff(store, { ...order, creditor }, nowMs, crypto.sha256);
    else await repay(store, { ...order, creditor: creditor ?? undefined }, nowMs, crypto.sha256);
  }
};

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
    { numRuns: 60 },
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
