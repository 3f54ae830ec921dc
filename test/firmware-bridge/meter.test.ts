/** The host's side of a meter and a payer, against the model of a metered board over a binding in memory. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Board, openFrames } from '../../firmware-bridge/frames.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { installationMac, lastLink } from '../../schemas/meter.ts';
import { CODES } from '../../schemas/result.ts';
import { type Installation, ROLE, type SerialMessage, SLOT } from '../../schemas/serial.ts';
import { buildChain, linkAt, type Tick } from '../../schemas/tick.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { MeteredBoard } from './metered-board.ts';
import { ScriptedBoard } from './scripted-board.ts';
import { Watch } from './watch.ts';

const PATH = '/dev/ttyTest0';
const KEY = filled(0x4b);
const CHANNEL = filled(0xc1);
const TICKS = 64;
const TIMING = { hello: 20, ack: 50, tick: 25, silence: 60_000 };

const LINKS = buildChain(crypto.sha256, CHANNEL, 2, filled(0x99, 16), TICKS);
const tick = (index: number): Tick => ({ seq16: 2, index, x: linkAt(LINKS, index) });
const credit = (wish: Partial<Installation> = {}): Installation => ({
  ...{ number: 5, channel: CHANNEL, seq: 2, anchor: linkAt(LINKS, 0), ticks: TICKS, base: 0, window: 4 },
  ...wish,
});
const macOf = (one: Installation, key = KEY): Uint8Array => installationMac(crypto.sha256, key, one);

type Opened<B extends ScriptedBoard> = { device: Board; board: B; binding: PeerBinding; watch: Watch };

const opened = async <B extends ScriptedBoard>(board: B): Promise<Opened<B>> => {
  const binding = new PeerBinding();
  binding.plug(PATH, board);
  const device = await openFrames({ path: PATH, binding, timing: TIMING, backoff: { first: 1, max: 10 } });
  if (!device.ok) throw new Error(device.detail);
  return { device: device.value, board, binding, watch: new Watch(device.value) };
};

const installed = async (): Promise<Opened<MeteredBoard>> => {
  const all = await opened(new MeteredBoard(KEY));
  const done = await all.device.meter!.install(credit(), macOf(credit()));
  if (!done.ok) throw new Error(done.detail);
  return all;
};

/** The ticks that the board heard, as their indices. */
const heardTicks = (board: ScriptedBoard): number[] =>
  board.heard.flatMap((message) => (message.type === 'tick' ? [message.index] : []));

const meter = suite('BoardMeter');

meter('is null for a board without one', async () => {
  const { device } = await opened(new ScriptedBoard());
  assert.is(device.meter, null);
  assert.is(device.payer, null);
  await device.close();
});

meter('knows what the board told after its greeting', async () => {
  const { device, watch } = await opened(new MeteredBoard(KEY));
  await watch.until(() => device.meter?.state !== null);
  assert.ok(device.meter?.keySet);
  assert.equal(device.meter?.state, {
    ...{ type: 'meter', number: 0, seq: 0, index: 0, delivered: 0, room: 0 },
  });
  await device.close();
});

meter('installs, and says so when the board shows it', async () => {
  const { device, board } = await installed();
  assert.is(device.meter?.state?.number, 5);
  assert.is(device.meter?.state?.room, 4);
  assert.is(board.installs, 1);
  await device.close();
});

meter('repeats an installation that was lost, which is then taken once', async () => {
  const board = new MeteredBoard(KEY);
  board.deaf = 2;
  const { device } = await opened(board);
  assert.equal(await device.meter!.install(credit(), macOf(credit())), { ok: true, value: undefined });
  assert.equal(await device.meter!.install(credit(), macOf(credit())), { ok: true, value: undefined });
  assert.is(board.installs, 1);
  await device.close();
});

meter('asks a busy board again', async () => {
  const { device, board } = await opened(new MeteredBoard(KEY));
  const answer = board.answer;
  let busy = 2;
  board.answer = (message) =>
    message.type === 'install' && busy-- > 0
      ? { type: 'ack', id: message.id, code: CODES.busy }
      : answer(message);
  assert.ok((await device.meter!.install(credit(), macOf(credit()))).ok);
  await device.close();
});

meter('says that a board stays busy', async () => {
  const { device, board } = await opened(new MeteredBoard(KEY));
  board.answer = (message) => ({ type: 'ack', id: 'id' in message ? message.id : 0, code: CODES.busy });
  const refused = await device.meter!.install(credit(), macOf(credit()));
  assert.is(refused.ok ? '' : refused.code, 'busy');
  assert.match(refused.ok ? '' : refused.detail, /installation 5: .* another request/);
  await device.close();
});

meter('asks again where it was acknowledged and not shown', async () => {
  const { device, board } = await opened(new MeteredBoard(KEY));
  const answer = board.answer;
  board.answer = (message) => {
    const shown = answer(message);
    return board.heardOf('install').length < 2 && message.type === 'install' ? undefined : shown;
  };
  assert.ok((await device.meter!.install(credit(), macOf(credit()))).ok);
  assert.is(board.heardOf('install').length, 2);
  assert.is(board.installs, 1);
  await device.close();
});

meter('pays into a new installation of the chain at once', async () => {
  const { device, board, watch } = await installed();
  const again = credit({ number: 6, base: 2 });
  board.deaf = 1;
  device.meter!.pay(tick(3));
  await board.until(() => heardTicks(board).length === 1);
  assert.ok((await device.meter!.install(again, macOf(again))).ok);
  await watch.until(() => device.meter?.state?.index === 3);
  assert.is(device.meter?.state?.number, 6);
  await device.close();
});

meter('passes on what the board refuses, with what to do', async () => {
  const { device } = await installed();
  const refused = async (one: Installation, key = KEY): Promise<string> => {
    const done = await device.meter!.install(one, macOf(one, key));
    return done.ok ? 'installed' : `${done.code}: ${done.detail}`;
  };
  assert.match(
    await refused(credit({ number: 6 }), filled(0x4c)),
    /^signature-invalid: .*installation 6.*another meter key/,
  );
  assert.match(await refused(credit({ number: 4 })), /^voucher-stale: .*higher number/);
  assert.match(await refused(credit({ number: 0 })), /^value-out-of-range: .*number/);
  await device.close();
});

meter('pays a tick and hears of the room it makes', async () => {
  const { device, board, watch } = await installed();
  for (let i = 0; i < 6; i++) board.measure(i);
  assert.is(board.delivered, 4);
  device.meter!.pay(tick(3));
  await watch.until(() => device.meter?.state?.index === 3);
  assert.is(device.meter?.state?.room, 3);
  await device.close();
});

meter('has one tick on its way, and after it only the newest', async () => {
  const { device, board, watch } = await installed();
  const answer = board.answer;
  let held: SerialMessage | undefined;
  board.answer = (message) => {
    if (message.type !== 'tick' || held !== undefined) return answer(message);
    held = message; // it walks
    return undefined;
  };
  for (const index of [1, 2, 3, 4]) device.meter!.pay(tick(index));
  await board.until(() => held !== undefined);
  board.say(answer(held!)!);
  await watch.until(() => device.meter?.state?.index === 4);
  assert.equal([...new Set(heardTicks(board))], [1, 4]);
  await device.close();
});

meter('says a lost tick again until the meter shows it', async () => {
  const { device, board, watch } = await installed();
  board.deaf = 3;
  device.meter!.pay(tick(2));
  await watch.until(() => device.meter?.state?.index === 2);
  assert.equal(heardTicks(board), [2, 2, 2, 2]);
  await device.close();
});

meter('does not say a tick for ever to a board that does not take it', async () => {
  const { device, board, watch } = await installed();
  device.meter!.pay({ ...tick(2), x: filled(0, 16) });
  await board.until(() => heardTicks(board).length === 8);
  const answer = board.answer;
  board.answer = (message) => (message.type === 'period' ? undefined : answer(message));
  await device.setPeriod(0, 20); // six times as long as between two ticks, until it is given up
  assert.is(heardTicks(board).length, 8);
  device.meter!.pay(tick(3));
  await watch.until(() => device.meter?.state?.index === 3);
  assert.equal(heardTicks(board), [2, 2, 2, 2, 2, 2, 2, 2, 3]);
  assert.is(watch.faults.length, 8);
  await device.close();
});

meter('keeps a tick of another chain to itself', async () => {
  const { device, board, watch } = await installed();
  device.meter!.pay({ ...tick(5), seq16: 3 });
  device.meter!.pay(tick(1));
  await watch.until(() => device.meter?.state?.index === 1);
  assert.equal(heardTicks(board), [1]);
  await device.close();
});

meter('pays what was not shown when the board is back', async () => {
  const { device, board, binding, watch } = await installed();
  board.deaf = 1;
  device.meter!.pay(tick(2));
  await board.until(() => heardTicks(board).length === 1);
  binding.unplug(PATH);
  await watch.until(() => watch.states.length === 1);
  assert.is(device.meter?.state, null);
  binding.plug(PATH, board);
  await watch.until(() => device.meter?.state?.index === 2);
  await device.close();
});

meter.run();

const SECRET = filled(0x5c);

/** A payer as meter.md says it. */
class PayingBoard extends ScriptedBoard {
  counter = 0;
  #links: Uint8Array | null = null;
  #seq = 0;
  #ticks = 0;

  constructor() {
    super();
    this.answer = (message) => this.#onMessage(message);
  }

  override identity(nonce: number): ReturnType<ScriptedBoard['identity']> {
    return { ...super.identity(nonce), roles: ROLE.payer | ROLE.payerSecret };
  }

  reset(): void {
    this.#links = null;
  }

  #onMessage(message: SerialMessage): SerialMessage | undefined {
    if (message.type === 'chain') {
      this.counter++;
      const last = lastLink(crypto.sha256, SECRET, message.channel, message.seq, this.counter);
      this.#links = buildChain(crypto.sha256, message.channel, message.seq, last, message.ticks);
      this.#seq = message.seq;
      this.#ticks = message.ticks;
      this.say({ type: 'ack', id: message.id, code: 0 });
      return { type: 'chained', id: message.id, counter: this.counter, anchor: linkAt(this.#links, 0) };
    }
    if (message.type !== 'release') return this.usual(message);
    const refusal =
      this.#links === null
        ? 'tick-unknown-voucher'
        : message.index > this.#ticks
          ? 'tick-beyond-chain'
          : null;
    if (refusal !== null) return { type: 'ack', id: message.id, code: CODES[refusal] };
    return {
      type: 'tick',
      seq16: this.#seq % 65_536,
      index: message.index,
      x: linkAt(this.#links!, message.index),
    };
  }
}

const payer = suite('Payer');

payer('asks for a chain and releases its ticks', async () => {
  const { device } = await opened(new PayingBoard());
  const chain = await device.payer!.chain(CHANNEL, 70_000, 32);
  assert.ok(chain.ok);
  assert.is(chain.value.counter, 1);
  const links = buildChain(
    crypto.sha256,
    CHANNEL,
    70_000,
    lastLink(crypto.sha256, SECRET, CHANNEL, 70_000, 1),
    32,
  );
  assert.equal(chain.value.anchor, linkAt(links, 0));
  assert.equal(await device.payer!.release(9), {
    ok: true,
    value: { seq16: 70_000 % 65_536, index: 9, x: linkAt(links, 9) },
  });
  await device.close();
});

payer('passes refusals on', async () => {
  const { device, board } = await opened(new PayingBoard());
  const code = async (index: number): Promise<string> => {
    const released = await device.payer!.release(index);
    return released.ok ? 'released' : released.code;
  };
  assert.is(await code(1), 'tick-unknown-voucher');
  await device.payer!.chain(CHANNEL, 1, 32);
  assert.is(await code(33), 'tick-beyond-chain');
  assert.is(await code(1025), 'value-out-of-range');
  board.reset();
  assert.is(await code(2), 'tick-unknown-voucher');
  await device.close();
});

payer.run();

const provision = suite('provision');

provision('writes a slot, and passes on that it is set', async () => {
  const { device, board } = await opened(new ScriptedBoard());
  const slots = new Set<number>();
  board.answer = (message) => {
    if (message.type !== 'provision') return board.usual(message);
    const code = slots.has(message.slot) ? CODES['not-authorised'] : 0;
    slots.add(message.slot);
    return { type: 'ack', id: message.id, code };
  };
  assert.ok((await device.provision(SLOT.meterKey, KEY)).ok);
  const again = await device.provision(SLOT.meterKey, KEY);
  assert.is(again.ok ? '' : again.code, 'not-authorised');
  assert.match(again.ok ? '' : again.detail, /the meter key: it has one already/);
  const short = await device.provision(SLOT.serial, KEY);
  assert.is(short.ok ? '' : short.code, 'value-out-of-range');
  await device.close();
});

provision.run();
