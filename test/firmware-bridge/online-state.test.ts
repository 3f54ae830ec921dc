import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Audience, newHealth } from '../../firmware-bridge/audience.ts';
import { OnlineState } from '../../firmware-bridge/online-state.ts';
import { refuse } from '../../schemas/result.ts';

const test = suite('OnlineState');

const GONE = refuse('device-failed', 'unplugged');

/** What listeners are told. */
const told = () => {
  const audience = new Audience();
  const health = newHealth();
  const log: string[] = [];
  audience.add({ onState: (state) => log.push(state.online ? 'online' : `${state.code}: ${state.detail}`) });
  return { state: new OnlineState(audience, health), health, log };
};

test('opens with the first answer, and tells it once', async () => {
  const { state, log, health } = told();
  const opened = state.opened(10_000, () => state.refuse(GONE));
  state.offline(GONE);
  state.online();
  state.refuse(GONE);
  assert.is(await opened, undefined);
  assert.ok(state.isOnline);
  assert.equal(log, ['online']);
  assert.is(health.reconnects, 0);
});

test('is refused by whoever knows better, or when it is late', async () => {
  const denied = refuse('port-denied', 'no permission');
  const { state, log } = told();
  const opened = state.opened(10_000, () => state.refuse(GONE));
  state.refuse(denied);
  assert.is(await opened, denied);
  assert.is(await state.opened(1, () => state.refuse(GONE)), GONE);
  assert.equal(log, []);
});

test('counts and tells each loss that somebody saw, and one that nobody did', () => {
  const { state, log, health } = told();
  state.online();
  state.online();
  state.offline(GONE);
  state.offline(GONE);
  state.lost(refuse('device-failed', 'another'));
  state.online();
  assert.is(health.reconnects, 1);
  assert.equal(log, ['online', 'online', 'device-failed: unplugged', 'device-failed: another', 'online']);
});

test('tells nothing of its own end', () => {
  const { state, log } = told();
  state.online();
  state.close();
  assert.not.ok(state.isOnline);
  state.online();
  assert.equal(log, ['online']);
});

test.run();
