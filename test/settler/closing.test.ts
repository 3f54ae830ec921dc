import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deposited, earned, type Housed, housed, nano } from './housed.ts';
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
  queryRequest,
  START_MS,
  UNIT,
} from './parties.ts';

const closing = housed(suite<Housed>('closing'));

closing("closes on the payee's word alone and gives the rest back", async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  const reply = await house.ask(closeRequest(channel, UNIT, PAYEE), channel);
  assert.is(reply.receipt?.final, true);
  assert.equal([await deposited(store), await earned(store)], [nano(9), nano(1)]);
  const late = await house.ask(claimRequest(channel, evidenceFor(channel, 2, 2 * UNIT)));
  assert.is(late.code, 'channel-closed');
  const again = await house.ask(closeRequest(channel, UNIT, PAYEE), channel);
  assert.equal(again.receipt, reply.receipt);
});

closing("closes on the payer's word only with the payee's, in either order", async ({ house }) => {
  const [a, b] = [openOf({ nonce: 1 }), openOf({ nonce: 2 })];
  await house.ask(openRequest(a));
  await house.ask(openRequest(b));
  assert.is((await house.ask(closeRequest(a, 0, PAYER))).code, 'not-authorised');
  assert.is((await house.ask(closeRequest(a, 0, PAYER, OTHER))).code, 'not-authorised');
  assert.is((await house.ask(closeRequest(a, 0, OTHER))).code, 'signature-invalid');
  assert.is((await house.ask(closeRequest(a, 0, PAYER, PAYEE), a)).receipt?.final, true);
  assert.is((await house.ask(closeRequest(b, 0, PAYEE, PAYER), b)).receipt?.final, true);
});

closing('refuses a close at a total that is not booked', async ({ house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  const early = closeRequest(channel, 0, PAYER, PAYEE);
  const overtaking = closeRequest(channel, 2 * UNIT, PAYEE);
  assert.is((await house.ask(overtaking)).code, 'statement-differs');
  await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)));
  assert.is((await house.ask(early)).code, 'statement-differs');
});

closing(
  'releases an expired channel after the grace, and takes claims until then',
  async ({ store, house }) => {
    const channel = openOf();
    await house.ask(openRequest(channel));
    const expiryMs = START_MS + DAY_MS;
    const live = async (untilMs: number): Promise<number> => {
      let released = 0;
      while (house.clock.nowMs < untilMs) {
        house.clock.nowMs = Math.min(untilMs, house.clock.nowMs + 200_000);
        const swept = await house.settler.sweep();
        released += swept.ok ? swept.value : Number.NaN;
      }
      return released;
    };
    assert.is(await live(expiryMs + DAY_MS - 1), 0);
    assert.is((await house.ask(closeRequest(channel, 0, PAYER))).code, 'not-authorised');
    assert.is(
      (await house.ask(claimRequest(channel, evidenceFor(channel, 1, UNIT)), channel)).receipt?.paidNano,
      UNIT,
    );
    assert.is(await live(expiryMs + DAY_MS), 1);
    assert.equal([await deposited(store), await earned(store)], [nano(9), nano(1)]);
    assert.is((await house.ask(queryRequest(channel), channel)).receipt?.final, true);
  },
);

closing('does not count downtime, nor a leap of the clock, as grace', async ({ store, house }) => {
  const channel = openOf();
  await house.ask(openRequest(channel));
  house.clock.nowMs = START_MS + 5 * DAY_MS;
  assert.equal(await house.settler.sweep(), { ok: true, value: 0 });
  assert.is((await house.ask(closeRequest(channel, 0, PAYER))).code, 'not-authorised');
  const second = await houseOver(store);
  second.clock.nowMs = START_MS + 5 * DAY_MS + 1000;
  assert.is((await second.ask(closeRequest(channel, 0, PAYER))).code, 'not-authorised');
  const until = START_MS + 6 * DAY_MS;
  while (second.clock.nowMs < until) {
    second.clock.nowMs = Math.min(until, second.clock.nowMs + 200_000);
    await second.settler.sweep();
  }
  assert.is((await second.ask(queryRequest(channel), channel)).receipt?.final, true);
});

closing.run();
