import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Housed, housed, nano } from './housed.ts';
import {
  claimRequest,
  closeRequest,
  DAY_MS,
  evidenceFor,
  OTHER,
  openRequest,
  PAYEE,
  PAYER,
  partyOf,
  START_MS,
  START_S,
  UNIT,
} from './parties.ts';
import {
  depositedBy,
  earnedBy,
  enrol,
  enrolmentOf,
  enrolRequest,
  granted,
  OWNER,
  SELLER,
  unitsOf,
} from './words.ts';

const budgets = housed(suite<Housed>('budgets at the settler'));

budgets('caps the total over all channels and sellers', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 10 });
  assert.is(await granted(house, 1, 6), 'deposit');
  assert.is(await granted(house, 2, 5, { payee: OTHER }), 'budget-exhausted');
  assert.is(await granted(house, 3, 4, { payee: OTHER }), 'deposit');
  assert.is(await granted(house, 4, 1), 'budget-exhausted');
});

budgets('spends from the deposit of the owner, not of the device', async ({ store, house }) => {
  await enrol(house, { device: PAYER });
  assert.is(await granted(house, 1, 1), 'deposit-insufficient');
  await house.deposit(3, 'R', OWNER);
  assert.is(await granted(house, 1, 1), 'deposit');
  assert.is(await depositedBy(store, OWNER), nano(2));
  assert.is(await depositedBy(store, PAYER), nano(10));
});

budgets('caps what goes to the owner of a seller, by whichever of its devices', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, seller: 5 });
  await enrol(house, { device: PAYEE, owner: SELLER });
  await enrol(house, { device: OTHER, owner: SELLER });
  assert.is(await granted(house, 1, 3, { payee: PAYEE }), 'deposit');
  assert.is(await granted(house, 2, 3, { payee: OTHER }), 'budget-exhausted');
  assert.is(await granted(house, 3, 2, { payee: OTHER }), 'deposit');
  assert.is(await granted(house, 4, 3, { payee: partyOf(20) }), 'deposit');
});

budgets(
  "caps a day by the settler's clock in UTC, and gives back to the day of the grant",
  async (context) => {
    const { house } = context;
    await house.deposit(100, 'R', OWNER);
    await enrol(house, { device: PAYER, day: 5 });
    house.clock.nowMs = START_MS + DAY_MS - 1;
    assert.is(await granted(house, 1, 5), 'deposit');
    assert.is(await granted(house, 2, 1), 'budget-exhausted');
    house.clock.nowMs = START_MS + DAY_MS;
    assert.is(await granted(house, 2, 4), 'deposit');
    await house.ask(closeRequest(unitsOf(1, 5), 0, PAYEE));
    // Yesterday's room is of no use today.
    assert.is(await granted(house, 3, 2), 'budget-exhausted');
    assert.is((await enrol(house, { device: PAYER, day: 5 })).todayNano, 4 * UNIT);
    await house.ask(closeRequest(unitsOf(2, 4), 0, PAYEE));
    assert.is(await granted(house, 3, 5), 'deposit');
    // A clock that goes back does not bring yesterday's room back either.
    house.clock.nowMs = START_MS;
    assert.is(await granted(house, 4, 1), 'budget-exhausted');
  },
);

budgets('holds nothing of another currency, however much of that the owner has', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, currency: 'USD' });
  assert.is(await granted(house, 1, 1), 'budget-exhausted');
  assert.is(await granted(house, 2, 1, { currency: 'USD' }), 'deposit-insufficient');
});

budgets('holds until its expiry, to the millisecond', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, expiryS: START_S + 60 });
  house.clock.nowMs = START_MS + 59_999;
  assert.is(await granted(house, 1, 1), 'deposit');
  house.clock.nowMs = START_MS + 60_000;
  assert.is(await granted(house, 2, 1), 'budget-exhausted');
  // What was granted stays granted.
  const claimed = await house.ask(
    claimRequest(unitsOf(1, 1), evidenceFor(unitsOf(1, 1), 1, 5)),
    unitsOf(1, 1),
  );
  assert.is(claimed.receipt?.paidNano, 5);
});

budgets('counts over all versions: a raised total gives only the difference', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 5 });
  assert.is(await granted(house, 1, 5), 'deposit');
  await enrol(house, { device: PAYER, total: 8, version: 2 });
  assert.is(await granted(house, 2, 4), 'budget-exhausted');
  assert.is(await granted(house, 3, 3), 'deposit');
});

budgets(
  'a total below what is reserved stops the device and takes nothing back',
  async ({ store, house }) => {
    await house.deposit(100, 'R', OWNER);
    await enrol(house, { device: PAYER, total: 50 });
    const channel = unitsOf(1, 20);
    await house.ask(openRequest(channel));
    const spending = await enrol(house, { device: PAYER, total: 1, version: 2 });
    assert.equal([spending.totalNano, spending.reservedNano], [UNIT, 20 * UNIT]);
    assert.is(await granted(house, 2, 1), 'budget-exhausted');
    const reply = await house.ask(claimRequest(channel, evidenceFor(channel, 1, 20 * UNIT)), channel);
    assert.is(reply.receipt?.paidNano, 20 * UNIT);
    assert.is(await earnedBy(store, PAYEE), nano(20));
  },
);

budgets('frees what a channel releases, and never what it paid', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 10 });
  const channel = unitsOf(1, 10);
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, 4 * UNIT)));
  assert.is(await granted(house, 2, 1), 'budget-exhausted');
  await house.ask(closeRequest(channel, 4 * UNIT, PAYEE));
  assert.is(await granted(house, 3, 7), 'budget-exhausted');
  assert.is(await granted(house, 4, 6), 'deposit');
});

budgets('an open that comes again reserves and counts nothing', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 10 });
  for (let i = 0; i < 3; i++) assert.is(await granted(house, 1, 10), 'deposit');
  assert.is((await enrol(house, { device: PAYER, total: 10 })).reservedNano, 10 * UNIT);
});

budgets('two devices at once never pass the deposit that they share', async ({ store, house }) => {
  await house.deposit(10, 'R', OWNER);
  await enrol(house, { device: PAYER });
  await enrol(house, { device: OTHER });
  const opens = [1, 2, 3, 4].map((nonce) => granted(house, nonce, 3, { payer: nonce % 2 ? PAYER : OTHER }));
  assert.equal(await Promise.all(opens), ['deposit', 'deposit', 'deposit', 'deposit-insufficient']);
  assert.is(await depositedBy(store, OWNER), nano(1));
});

budgets('one device at once never passes its own budget', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 7 });
  const opens = [1, 2, 3].map((nonce) => granted(house, nonce, 3));
  assert.equal(await Promise.all(opens), ['deposit', 'deposit', 'budget-exhausted']);
});

budgets('holds no other currency than its own, and counts each on its own', async ({ house }) => {
  await house.deposit(100, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 10 });
  assert.is(await granted(house, 1, 10), 'deposit');
  assert.is(await granted(house, 2, 1, { currency: 'USD' }), 'budget-exhausted');
  const dollars = await enrol(house, { device: PAYER, total: 10, version: 2, currency: 'USD' });
  assert.equal([dollars.currency, dollars.reservedNano, dollars.depositNano], ['USD', 0, 0]);
  // It would be within the budget, but nobody paid dollars in.
  assert.is(await granted(house, 3, 10, { currency: 'USD' }), 'deposit-insufficient');
  await house.ask(closeRequest(unitsOf(1, 10), 0, PAYEE));
  const euros = await enrol(house, { device: PAYER, total: 10, version: 3 });
  assert.equal([euros.currency, euros.reservedNano], ['EUR', 0]);
});

budgets.run();

const owners = housed(suite<Housed>('owners of devices'));

owners('a key that no enrolment names is its own owner', async ({ store, house }) => {
  const channel = unitsOf(1, 5);
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  assert.equal([await depositedBy(store, PAYER), await earnedBy(store, PAYEE)], [nano(5), nano(1)]);
});

owners('a seller that is enrolled earns to its owner', async ({ store, house }) => {
  await enrol(house, { device: PAYEE, owner: SELLER });
  const channel = unitsOf(1, 5);
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  assert.equal([await earnedBy(store, PAYEE), await earnedBy(store, SELLER)], [0n, nano(1)]);
});

owners(
  'a device moves with what it spent; its channels stay with whom they were opened for',
  async (context) => {
    const { store, house } = context;
    const NEXT = partyOf(12);
    await house.deposit(20, 'R', OWNER);
    await house.deposit(20, 'S', NEXT);
    await enrol(house, { device: PAYER, total: 10 });
    const channel = unitsOf(1, 6);
    await house.ask(openRequest(channel));
    await house.ask(claimRequest(channel, evidenceFor(channel, 1, 2 * UNIT)));
    const moved = await enrol(house, { device: PAYER, owner: NEXT, total: 10, version: 2 });
    assert.equal(moved.owner, NEXT.key);
    assert.equal([moved.spentNano, moved.reservedNano], [2 * UNIT, 4 * UNIT]);
    assert.is(moved.depositNano, 20 * UNIT);
    assert.is(await granted(house, 2, 5), 'budget-exhausted');
    assert.is(await granted(house, 3, 4), 'deposit');
    assert.is(await depositedBy(store, NEXT), nano(16));
    await house.ask(closeRequest(channel, 2 * UNIT, PAYEE));
    assert.is(await depositedBy(store, OWNER), nano(18), 'the rest goes back where it came from');
  },
);

owners('earnings of a channel stay with the owner at its opening', async ({ store, house }) => {
  const channel = unitsOf(1, 5);
  await house.ask(openRequest(channel));
  await enrol(house, { device: PAYEE, owner: SELLER });
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  assert.equal([await earnedBy(store, PAYEE), await earnedBy(store, SELLER)], [nano(1), 0n]);
});

owners('a device that moves and opens in one batch rolls nobody back', async ({ house }) => {
  await house.deposit(20, 'R', OWNER);
  await enrol(house, { device: PAYER, version: 1, owner: SELLER });
  const bystander = unitsOf(9, 1, { payer: OTHER });
  const [, opened, refused] = await Promise.all([
    house.ask(enrolRequest(enrolmentOf({ device: PAYER, version: 2 }))),
    granted(house, 1, 5),
    house.ask(openRequest(bystander)),
  ]);
  assert.equal([opened, refused.code], ['deposit', 'deposit-insufficient']);
  assert.equal(house.logged, []);
});

owners('opens, claims, states and closes in one batch', async ({ store, house }) => {
  const channel = unitsOf(1, 5);
  const replies = await Promise.all([
    house.ask(openRequest(channel)),
    house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel),
    house.ask(closeRequest(channel, UNIT, PAYEE), channel),
  ]);
  assert.equal([replies[1].receipt?.paidNano, replies[2].receipt?.final], [UNIT, true]);
  assert.equal(house.logged, []);
  assert.is(await depositedBy(store, PAYER), nano(9));
});

owners.run();
