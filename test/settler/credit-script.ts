/** Scripts of owners, devices, operators and parties in dispute: as fast-check makes them, and how they are played. */

import * as fc from 'fast-check';
import { writeOff } from '../../broker/settler/credit/defaults.ts';
import { setGuarantee } from '../../broker/settler/credit/guarantees.ts';
import { repay } from '../../broker/settler/credit/repayments.ts';
import { bookTransfer } from '../../broker/settler/credit/transfers.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { must } from '../world/deal.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  crypto,
  evidenceFor,
  type House,
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

export const CHANNELS: readonly OpenedChannel[] = Array.from({ length: 6 }, (_, i) =>
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
export const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });

/** Buyers of two owners, sellers of a third that gives them credit, some money: something to fight over. */
export const BEGINNING: readonly Step[] = [
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
export const ask = async (one: Step, house: House): Promise<void> => {
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
export const operate = async (one: Step, house: House, store: Store): Promise<void> => {
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
