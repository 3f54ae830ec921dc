import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { obligationsOf } from '../../broker/settler/credit/obligations.ts';
import { eventOfRow } from '../../broker/settler/ledger/journal.ts';
import { disputesOf } from '../../broker/settler/reports/disputes.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { toHex } from '../../schemas/bytes.ts';
import type { Evidence } from '../../schemas/evidence.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { must } from '../world/deal.ts';
import { type Housed, housed, nano } from './housed.ts';
import {
  agreedOf,
  claimRequest,
  closeRequest,
  DAY_MS,
  evidenceFor,
  type OpenedChannel,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  START_MS,
  statementRequest,
  UNIT,
} from './parties.ts';
import {
  disputeOf,
  disputeRequest,
  enrol,
  HEAD_A,
  HEAD_B,
  lineOf,
  lineRequest,
  notedIn,
  OWNER,
  SELLER,
} from './words.ts';

/** A voucher in which the payer says what it holds. */
const voucherOf = (
  channel: OpenedChannel,
  seq: number,
  cumulativeNano: number,
  readings: number,
  head: Uint8Array,
): Evidence => ({
  voucher: signVoucher(
    channel.id,
    { seq, cumulativeNano, readings, head, anchor: null, tickNano: 0 },
    channel.payer,
  ),
  tick: null,
});

/** How the disputes on a channel stand: payer, payee. */
const standings = async (store: Store, channel: OpenedChannel) => {
  const all = must(await store.read((reader) => disputesOf(reader, true)));
  const says = all.find((one) => one.channel === toHex(channel.id))?.says;
  return [says?.payer, says?.payee].map((side) => side && (side.resolution ?? 'open'));
};

const disputes = housed(suite<Housed>('disputes'));

const opened = async ({ house }: Housed, nonce = 1): Promise<OpenedChannel> => {
  const channel = openOf({ nonce });
  await house.ask(openRequest(channel));
  return channel;
};

disputes('are noted, move no money, and claims are taken as ever', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  const bytes = disputeOf(channel, PAYEE);
  const first = notedIn(await house.ask(disputeRequest(channel, bytes)));
  assert.is(notedIn(await house.ask(disputeRequest(channel, bytes))).journalIndex, first.journalIndex);
  const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel);
  assert.is(reply.receipt?.paidNano, UNIT);
  assert.equal(await standings(store, channel), [null, 'open']);
});

disputes('are of a channel that was granted, and of its two parties', async (context) => {
  const { house } = context;
  const channel = await opened(context);
  const codeOf = async (on: OpenedChannel, bytes: Uint8Array) =>
    (await house.ask(disputeRequest(on, bytes))).code;
  const unknown = openOf({ nonce: 9 });
  assert.is(await codeOf(unknown, disputeOf(unknown, PAYEE)), 'channel-unknown');
  assert.is(await codeOf(channel, disputeOf(channel, OTHER)), 'not-authorised');
  assert.is(await codeOf(channel, disputeOf(channel, OTHER, {}, PAYEE)), 'signature-invalid');
  const sibling = await opened(context, 2);
  assert.is(await codeOf(channel, disputeOf(sibling, PAYEE)), 'signature-invalid');
});

disputes('count the highest version of each party', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  const codeOf = async (bytes: Uint8Array) => (await house.ask(disputeRequest(channel, bytes))).code;
  assert.is(await codeOf(disputeOf(channel, PAYEE, { version: 2 })), undefined);
  assert.is(await codeOf(disputeOf(channel, PAYEE, { version: 1 })), 'version-stale');
  assert.is(await codeOf(disputeOf(channel, PAYEE, { version: 2, delivered: 1 })), 'version-stale');
  assert.is(await codeOf(disputeOf(channel, PAYER, { version: 1, delivered: 1 })), undefined);
  assert.is(await codeOf(disputeOf(channel, PAYEE, { version: 3, open: false })), undefined);
  assert.equal(await standings(store, channel), ['open', 'withdrawn']);
});

disputes('are since their first open word, until they end', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  const say = async (version: number, open: boolean) => {
    house.clock.nowMs += 1000;
    await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE, { version, open })));
    return must(await store.read((reader) => disputesOf(reader, true)))[0]!.sinceMs - START_MS;
  };
  assert.equal([await say(1, true), await say(2, true)], [1000, 1000]);
  await say(3, false);
  assert.is(await say(4, true), 4000);
});

disputes('end by a statement, whether it came before or after them', async (context) => {
  const { store, house } = context;
  const [before, after] = [await opened(context, 1), await opened(context, 2)];
  await house.ask(statementRequest(agreedOf(before, UNIT, 10)));
  await house.ask(disputeRequest(before, disputeOf(before, PAYER)));
  assert.equal(
    await standings(store, before),
    ['statement', undefined].map((by) => by ?? null),
  );
  await house.ask(disputeRequest(after, disputeOf(after, PAYER, { head: HEAD_B })));
  await house.ask(disputeRequest(after, disputeOf(after, PAYEE)));
  assert.equal(await standings(store, after), ['open', 'open']);
  await house.ask(statementRequest(agreedOf(after, UNIT, 10)));
  assert.equal(await standings(store, after), ['statement', 'statement']);
});

disputes('end by a voucher of the payer that says what the payee says', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  await house.ask(claimRequest(channel, voucherOf(channel, 1, UNIT / 2, 280, HEAD_B)));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE)));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { head: HEAD_B })));
  assert.equal(await standings(store, channel), ['open', 'open']);
  await house.ask(claimRequest(channel, voucherOf(channel, 2, UNIT, 300, HEAD_A)));
  assert.equal(await standings(store, channel), ['voucher', 'voucher']);
});

disputes('a payer whose claimed voucher says otherwise is answered at once', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  await house.ask(claimRequest(channel, voucherOf(channel, 1, UNIT, 300, HEAD_A)));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { head: HEAD_B })));
  assert.equal(await standings(store, channel), ['voucher', null]);
  // It may dispute on with a higher version, in which it says what it signed.
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { version: 2 })));
  assert.equal(await standings(store, channel), ['open', null]);
});

disputes('a payee that closed at less is answered by its close, whichever came first', async (context) => {
  const { store, house } = context;
  const [a, b] = [await opened(context, 1), await opened(context, 2)];
  await house.ask(disputeRequest(a, disputeOf(a, PAYEE, { totalNano: 7 })));
  await house.ask(closeRequest(a, 0, PAYER, PAYEE));
  assert.equal(await standings(store, a), [null, 'close']);
  await house.ask(closeRequest(b, 0, PAYEE));
  await house.ask(disputeRequest(b, disputeOf(b, PAYEE, { totalNano: 7 })));
  assert.equal(await standings(store, b), [null, 'open']);
  const shown = await house.ask(closeRequest(b, 0, PAYEE), b, PAYER);
  assert.is(shown.receipt?.final, true);
  assert.equal(await standings(store, b), [null, 'close']);
});

disputes('are booked with the evidence that ended them, once', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE)));
  const agreed = agreedOf(channel, UNIT, 10);
  for (let i = 0; i < 3; i++) await house.ask(statementRequest(agreed));
  const rows = must(await store.read((reader) => reader.rowsUnder('dispute-resolved/', 9)));
  assert.is(rows.length, 1);
  const event = must(eventOfRow(rows[0]!));
  assert.equal([event.owner, event.proof], [PAYEE.key, agreed]);
  assert.is(event.subject, `${toHex(channel.id)}/${toHex(PAYEE.key)}/1/statement`);
});

disputes('a newer statement replaces an older one, never the other way round', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  const [older, newer] = [agreedOf(channel, UNIT, 10), agreedOf(channel, 2 * UNIT, 20)];
  for (const one of [older, newer, older, newer, older]) await house.ask(statementRequest(one));
  const [filed] = must(await store.read((reader) => reader.get('statement', [[channel.id]])));
  assert.equal(filed?.bytes, newer);
  const rows = must(await store.read((reader) => reader.rowsUnder('statement/', 9)));
  assert.is(rows.length, 2, 'what is older is not booked again');
});

disputes('show both sides, the evidence, and where they part', async (context) => {
  const { store, house } = context;
  const channel = await opened(context);
  await house.ask(claimRequest(channel, voucherOf(channel, 4, UNIT / 2, 280, HEAD_B)));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE)));
  const one = async () => must(await store.read((reader) => disputesOf(reader, false)))[0]!;
  assert.equal((await one()).parts, ['delivered', 'totalNano', 'head']);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { head: HEAD_B })));
  const shown = await one();
  assert.equal(shown.parts, ['head']);
  assert.equal(shown.proven, {
    readings: 280,
    totalNano: UNIT / 2,
    head: toHex(HEAD_B),
    voucherSeq: 4,
  });
  assert.equal(
    [shown.open, shown.withheldNano, shown.says.payee?.reason],
    [true, 0, 'the head of voucher 7 differs'],
  );
});

disputes.run();

const obligations = housed(suite<Housed>('obligations'));

/** A bilateral channel of OWNER's device to SELLER's, with that much claimed. */
const owing = async ({ house }: Housed, nonce: number, units: number): Promise<OpenedChannel> => {
  const channel = openOf({ nonce, limitNano: units * UNIT });
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, units * UNIT)));
  return channel;
};

obligations.before.each(async ({ house }) => {
  await enrol(house, { device: PAYER });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await house.ask(lineRequest(lineOf({ limit: 100 })));
});

const owed = async (store: Store, currency = 'EUR') =>
  must(await store.read((reader) => obligationsOf(reader, currency)));

obligations('are what bilateral channels came to, of two owners as one', async (context) => {
  await owing(context, 1, 3);
  await owing(context, 2, 4);
  assert.equal(await owed(context.store), [
    { creditor: toHex(SELLER.key), debtor: toHex(OWNER.key), nano: nano(7) },
  ]);
  assert.equal(await owed(context.store, 'USD'), []);
});

obligations('leave out what is disputed while it is disputed', async (context) => {
  const { store, house } = context;
  const channel = await owing(context, 1, 3);
  await owing(context, 2, 4);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE, { totalNano: 9 * UNIT })));
  assert.equal(
    (await owed(store)).map((one) => one.nano),
    [nano(4)],
  );
  const shown = must(await store.read((reader) => disputesOf(reader, false)));
  assert.is(shown[0]!.withheldNano, 3 * UNIT);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE, { version: 2, open: false })));
  assert.equal(
    (await owed(store)).map((one) => one.nano),
    [nano(7)],
  );
});

obligations('leave a pair out that owes no more than is disputed', async (context) => {
  const { store, house } = context;
  const channel = await owing(context, 1, 3);
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYER, { totalNano: 9 * UNIT })));
  await house.ask(disputeRequest(channel, disputeOf(channel, PAYEE, { totalNano: 8 * UNIT })));
  house.clock.nowMs += DAY_MS;
  assert.equal(await owed(store), []);
});

obligations('are not what deposits and guarantees pay', async (context) => {
  const { store, house } = context;
  await house.deposit(9, 'R', OWNER);
  await owing(context, 1, 3);
  assert.equal(await owed(store), []);
});

obligations('stand where the same owners dispute what a deposit paid', async (context) => {
  const { store, house } = context;
  await house.deposit(3, 'R', OWNER);
  const paid = await owing(context, 1, 3);
  await owing(context, 2, 4);
  await house.ask(disputeRequest(paid, disputeOf(paid, PAYEE, { totalNano: 9 * UNIT })));
  assert.equal(
    (await owed(store)).map((one) => one.nano),
    [nano(4)],
  );
});

obligations.run();
