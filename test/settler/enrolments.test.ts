import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { signBudget, signEnrolment } from '../../schemas/budget.ts';
import { type Housed, housed } from './housed.ts';
import {
  claimRequest,
  closeRequest,
  DAY_MS,
  evidenceFor,
  houseOver,
  OTHER,
  openOf,
  openRequest,
  PAYEE,
  PAYER,
  ROOT,
  START_S,
  UNIT,
} from './parties.ts';
import { enrol, enrolmentOf, enrolRequest, OWNER, SELLER, spendingIn } from './words.ts';

const enrolments = housed(suite<Housed>('enrolments'));

enrolments('are answered with what is spent, reserved, of today and free, to the nano', async ({ house }) => {
  await house.deposit(50, 'R', OWNER);
  await enrol(house, { device: PAYER, total: 40, day: 20 });
  const [a, b] = [1, 2].map((nonce) => openOf({ nonce, limitNano: 8 * UNIT, expiryS: START_S + 9 * 86_400 }));
  await house.ask(openRequest(a!));
  await house.ask(claimRequest(a!, evidenceFor(a!, 1, 3 * UNIT, 5)));
  house.clock.nowMs += DAY_MS;
  await house.ask(openRequest(b!));
  await house.ask(claimRequest(b!, evidenceFor(b!, 1, UNIT, 1)));
  assert.equal(await enrol(house, { device: PAYER, total: 40, day: 20 }), {
    issuedS: START_S + 86_400,
    owner: OWNER.key,
    currency: 'EUR',
    budgetVersion: 1,
    totalNano: 40 * UNIT,
    spentNano: 4 * UNIT + 6000,
    reservedNano: 12 * UNIT - 6000,
    todayNano: 8 * UNIT,
    depositNano: 34 * UNIT,
    journalIndex: 7,
  });
  await house.ask(closeRequest(b!, UNIT + 1000, PAYEE));
  const after = await enrol(house, { device: PAYER, total: 40, day: 20 });
  assert.equal(
    [after.spentNano, after.reservedNano, after.todayNano, after.depositNano],
    [4 * UNIT + 6000, 5 * UNIT - 5000, UNIT + 1000, 41 * UNIT - 1000],
  );
});

enrolments('say at most what one amount can, of a larger deposit', async ({ house }) => {
  await house.deposit(9_100_000, 'R', OWNER);
  assert.is((await enrol(house, { device: PAYER })).depositNano, Number.MAX_SAFE_INTEGER);
});

enrolments(
  'that come again, or are older, change nothing and say which version holds',
  async ({ store, house }) => {
    await enrol(house, { device: PAYER, version: 3, total: 7 });
    const rows = async () => (await store.read((reader) => reader.head())) as { value: { length: number } };
    const before = await rows();
    const again = await enrol(house, { device: PAYER, version: 3, total: 7 });
    const older = await enrol(house, { device: PAYER, version: 2, total: 900 });
    assert.equal([again.budgetVersion, older.budgetVersion, older.totalNano], [3, 3, 7 * UNIT]);
    // An old budget of another owner does not take the device back.
    const stolen = await enrol(house, { device: PAYER, version: 1, owner: SELLER });
    assert.equal(stolen.owner, OWNER.key);
    assert.equal(await rows(), before);
  },
);

enrolments('bind nobody without both signatures', async ({ house }) => {
  const terms = {
    owner: OWNER.key,
    device: PAYER.key,
    settler: ROOT.key,
    currency: 'EUR',
    version: 1,
    totalNano: UNIT,
    dayNano: UNIT,
    sellerNano: UNIT,
    expiryS: 0,
  };
  const codeOf = async (bytes: Uint8Array) => (await house.ask(enrolRequest(bytes))).code;
  assert.is(await codeOf(signEnrolment(signBudget(terms, OTHER), PAYER)), 'signature-invalid');
  assert.is(await codeOf(signEnrolment(signBudget(terms, OWNER), OTHER)), 'signature-invalid');
  assert.is(await codeOf(signBudget(terms, OWNER)), 'cose-malformed');
  const own = signEnrolment(signBudget({ ...terms, owner: PAYER.key }, PAYER), PAYER);
  assert.is(await codeOf(own), 'value-out-of-range');
});

enrolments('of another settler or a currency that is not kept are refused', async ({ house }) => {
  const codeOf = async (wish: Parameters<typeof enrolmentOf>[0]) =>
    (await house.ask(enrolRequest(enrolmentOf(wish)))).code;
  assert.is(await codeOf({ device: PAYER, settler: OTHER.key }), 'settler-unpinned');
  assert.is(await codeOf({ device: PAYER, currency: 'XAU' }), 'currency-unknown');
});

enrolments('of many versions in one batch end with the highest', async ({ house }) => {
  const versions = [2, 5, 1, 4, 3];
  const answers = await Promise.all(
    versions.map((version) => enrol(house, { device: PAYER, version, total: version })),
  );
  assert.equal(
    answers.map(({ budgetVersion }) => budgetVersion),
    [2, 5, 5, 5, 5],
  );
});

enrolments('are taken from whoever brings them, at a rate', async ({ store }) => {
  const house = await houseOver(store, { opensPerS: 2 });
  const request = () => enrolRequest(enrolmentOf({ device: PAYER }));
  const first = await house.ask(request(), undefined, OTHER);
  assert.is(spendingIn(first, PAYER).budgetVersion, 1);
  const codes: unknown[] = [];
  for (let i = 0; i < 4; i++) codes.push((await house.ask(request(), undefined, OTHER)).code);
  assert.equal(codes, [undefined, undefined, undefined, 'rate-exceeded']);
  assert.is((await house.ask(request(), undefined, PAYER)).code, undefined);
});

enrolments.run();
