/** The power fails, at every byte that a meter writes: what it forgets, what it gives away, what it still takes. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CODES } from '../../schemas/result.ts';
import type { SerialMessage } from '../../schemas/serial.ts';
import { AS_BEFORE, AS_WRITTEN, HostScript } from './host-script.ts';
import { STRIDE } from './meter-model.ts';
import {
  buildMeterHost,
  type Chain,
  chainOf,
  codes,
  forgedInstall,
  forgedTick,
  INSTALL_TURNS,
  metered,
  ofType,
  RECORD_TURNS,
  sold,
  tickOf,
  turnsFor,
} from './meter-script.ts';

const host = buildMeterHost();
const WINDOW = 8;
/** What may be left of a byte. */
const TORN = [0xff, AS_BEFORE, AS_WRITTEN];

/** A step of a scripted day: what the host sends, after a hello, and how long it waits. */
type Step = { readonly send: SerialMessage; readonly turns: number };

const install = (chain: Chain): Step => ({ send: chain.install, turns: INSTALL_TURNS + turnsFor(WINDOW) });
const tick = (chain: Chain, index: number): Step => ({
  send: tickOf(chain, index),
  turns: index + RECORD_TURNS + turnsFor(WINDOW),
});
const ticks = (chain: Chain, from: number, to: number, by: number): Step[] => {
  const steps: Step[] = [];
  for (let index = from; index <= to; index += by) steps.push(tick(chain, index));
  return steps;
};

const written = (script: HostScript, steps: readonly Step[]): HostScript => {
  for (const { send, turns } of steps) script.hello().send(send).turn(turns);
  return script;
};

const terms = { ticks: 64, window: WINDOW };
const FIRST = chainOf({ ...terms, number: 10, channel: 1, seq: 1, base: 0 });
const SECOND = chainOf({ ...terms, number: 11, channel: 1, seq: 2, base: 40 });
const THIRD = chainOf({ ...terms, number: 12, channel: 2, seq: 1, base: 0 });
/** 40 readings paid by the first chain, 24 by the second, 20 by the third on another channel. */
const DAY = [
  install(FIRST),
  ...ticks(FIRST, 4, 40, 4),
  install(SECOND),
  ...ticks(SECOND, 8, 24, 8),
  install(THIRD),
  ...ticks(THIRD, 1, 20, 1),
];
const PAID = 64 + 20;
/** Unpaid in the end: a window on each channel. */
const UNPAID = 2 * WINDOW;

/** What an attacker, then an honest host, does in the end; and what is answered. */
const END: readonly (readonly [step: Step, code: number | undefined])[] = [
  [install(THIRD), 0],
  [{ send: { ...FIRST.install, id: 900 }, turns: 30 }, CODES['voucher-stale']],
  [{ send: { ...SECOND.install, id: 901 }, turns: 30 }, CODES['voucher-stale']],
  [
    { send: forgedInstall(chainOf({ ...terms, number: 13, channel: 2, seq: 2, base: 0 })), turns: 30 },
    CODES['signature-invalid'],
  ],
  [{ send: forgedTick(tickOf(THIRD, 64)), turns: 100 }, undefined],
  [tick(SECOND, 24), undefined],
  [tick(THIRD, 20), undefined],
];

type Told = { readonly number: number; readonly index: number };

/** What holds at each moment of a day in which the power failed `cuts` times at most. */
const assertDay = (
  said: readonly SerialMessage[],
  genuine: readonly Chain[],
  cuts: number,
  what: string,
): void => {
  let last: Told = { number: 0, index: 0 };
  let acknowledged = 0;
  let resets = -1; // the first start
  for (const message of said) {
    if (message.type === 'identity' && message.nonce === 0) resets++;
    if (message.type === 'ack' && message.code === 0) {
      const chain = genuine.find(({ install }) => install.id === message.id);
      assert.ok(chain, `${what}: a forged installation was taken`);
      acknowledged = Math.max(acknowledged, chain.install.number);
    }
    if (message.type !== 'meter') continue;
    const { number, index } = message;
    assert.ok(number >= last.number, `${what}: number ${number} after ${last.number}`);
    assert.ok(number >= acknowledged, `${what}: number ${number} though ${acknowledged} was acknowledged`);
    assert.ok(number === 0 || genuine.some(({ install }) => install.number === number), `${what}: ${number}`);
    const forgotten = number === last.number ? last.index - index : 0;
    assert.ok(forgotten <= STRIDE, `${what}: forgot ${forgotten} ticks`);
    last = message;
  }
  assert.ok(resets <= cuts, `${what}: ${resets} resets`);
};

/** A day with one cut, and its end. */
const assertCut = (day: readonly (readonly SerialMessage[])[], what: string): void => {
  const said = day.flat();
  assertDay(said, [FIRST, SECOND, THIRD], 1, what);
  const most = PAID + UNPAID + STRIDE + WINDOW;
  assert.ok(sold(said) <= most, `${what}: ${sold(said)} readings of ${most}`);
  assert.equal(
    day.slice(DAY.length).map((step) => codes(step)[0]),
    END.map(([, code]) => code),
    what,
  );
  const state = ofType(said, 'meter').at(-1)!;
  assert.equal([state.number, state.index], [12, 20], what);
};

const meter = suite('meter of a chip without power');

if (host !== undefined) {
  meter.after(host.remove);

  meter('is in a state it was in before, after a cut at each byte of a day, and gives little away', () => {
    const whole = written(metered(), DAY);
    const writes = whole.countWrites(host);
    assert.ok(writes > 2 * 68 + 6 * 4, `${writes} writes`);
    assert.is(sold(whole.play(host).flat()), PAID + UNPAID);
    const steps = [...DAY, ...END.map(([step]) => step)];
    for (let nth = 1; nth <= writes; nth++) {
      const days = HostScript.playAll(
        host,
        TORN.map((torn) => written(metered().cut(nth, torn), steps)),
      );
      for (const [i, day] of days.entries()) assertCut(day, `write ${nth} of ${writes}, left ${TORN[i]}`);
    }
  });

  meter('takes nothing back and gives little away when the power fails again and again', () => {
    const cut = fc.record({
      step: fc.integer({ min: 0, max: DAY.length - 1 }),
      nth: fc.integer({ min: 1, max: 80 }),
      torn: fc.oneof(fc.constantFrom(...TORN), fc.integer({ min: 0, max: 255 })),
    });
    const days = fc.sample(fc.array(cut, { minLength: 2, maxLength: 12 }), 120);
    const scripts = days.map((cuts) => {
      const script = metered();
      for (const [i, { send, turns }] of DAY.entries()) {
        for (const { nth, torn } of cuts.filter(({ step }) => step === i)) script.cut(nth, torn);
        // A host repeats what was not acknowledged.
        const tries = send.type === 'install' ? 2 : 1;
        for (let n = 0; n < tries; n++) script.hello().send(send).turn(turns);
      }
      return script;
    });
    for (const [i, day] of HostScript.playAll(host, scripts).entries()) {
      const [said, cuts] = [day.flat(), days[i]!];
      const what = JSON.stringify(cuts);
      assertDay(said, [FIRST, SECOND, THIRD], cuts.length, what);
      const most = PAID + UNPAID + cuts.length * (STRIDE + WINDOW);
      assert.ok(sold(said) <= most, `${what}: ${sold(said)} readings of ${most}`);
    }
  });

  /** Readings for somebody who has 20 ticks, 16 of them on record, and pays no more. */
  const robbed = (window: number, starts: readonly ((script: HostScript) => void)[]): number[] => {
    const chain = chainOf({ number: 10, channel: 1, seq: 1, base: 0, ticks: 64, window });
    const script = metered()
      .hello()
      .send(chain.install)
      .turn(INSTALL_TURNS + turnsFor(window));
    for (const index of [16, 20])
      script.send(tickOf(chain, index)).turn(RECORD_TURNS + turnsFor(window + 20));
    for (const start of starts) {
      start(script.reset());
      script.hello();
      for (const index of [20, 4, 16, 19]) script.send(tickOf(chain, index)).turn(RECORD_TURNS + 20);
      script.turn(turnsFor(window + STRIDE));
    }
    const said = script.play(host);
    const steps = starts.length === 0 ? 0 : (said.length - 3) / starts.length;
    return starts.map((_, i) => sold(said.slice(3 + i * steps, 3 + (i + 1) * steps).flat()));
  };

  meter('halves what a start without a new tick gives, until nothing is left', () => {
    const plain = (): void => {};
    const given = robbed(64, Array<() => void>(30).fill(plain));
    // The four ticks after the record count once more, and are then on record.
    assert.equal(given.slice(0, 10), [4 + 64, 64, 32, 16, 8, 4, 2, 1, 0, 0]);
    assert.is(
      given.slice(10).reduce((sum, one) => sum + one, 0),
      0,
    );
  });

  meter('gives nothing for starts that are cut off before they are counted', () => {
    for (const window of [1, 8, 300]) {
      const starts = fc.sample(
        fc.record({ nth: fc.integer({ min: 1, max: 14 }), torn: fc.constantFrom(...TORN) }),
        60,
      );
      const given = robbed(
        window,
        starts.map(
          ({ nth, torn }) =>
            (script: HostScript) =>
              void script.cut(nth, torn),
        ),
      );
      const total = given.reduce((sum, one) => sum + one, 0);
      const most = STRIDE + 3 * window;
      assert.ok(total <= most, `${total} readings of ${most}, window ${window}: ${JSON.stringify(starts)}`);
    }
  });

  meter('gives nothing for an installation that is cut off before it is durable', () => {
    const chain = chainOf({ number: 10, channel: 1, seq: 1, base: 0, ticks: 64, window: 300 });
    const whole = metered()
      .hello()
      .send(chain.install)
      .turn(INSTALL_TURNS + turnsFor(300));
    assert.is(sold(whole.play(host).flat()), 300);
    const cuts = Array.from({ length: whole.countWrites(host) }, (_, i) =>
      metered()
        .hello()
        .cut(i + 1, AS_BEFORE)
        .send(chain.install)
        .turn(INSTALL_TURNS),
    );
    for (const [i, said] of HostScript.playAll(host, cuts).entries()) {
      assert.is(sold(said.flat()), 0, `cut at write ${i + 1}`);
    }
  });

  meter('forgets no more than a stride of a tick far ahead', () => {
    const chain = chainOf({ number: 10, channel: 1, seq: 1, base: 0, ticks: 64, window: 30 });
    for (let nth = 1; nth <= 6; nth++) {
      const script = metered()
        .hello()
        .send(chain.install)
        .turn(INSTALL_TURNS + turnsFor(30));
      // All 60 count, 30 of them for readings to come, while the record of them is being written.
      script
        .cut(nth, AS_BEFORE)
        .send(tickOf(chain, 60))
        .turn(60 + RECORD_TURNS);
      script.hello().turn(RECORD_TURNS + turnsFor(30));
      const given = script.play(host).map(sold);
      const total = given.reduce((sum, one) => sum + one, 0);
      assert.ok(total <= 30 + STRIDE + 30, `${given} with a cut at write ${nth}`);
    }
  });

  meter('gives the whole window again after a new tick, once that is on record', () => {
    const chain = chainOf({ number: 10, channel: 1, seq: 1, base: 0, ticks: 64, window: 8 });
    const script = metered()
      .hello()
      .send(chain.install)
      .turn(INSTALL_TURNS + turnsFor(8));
    for (let i = 0; i < 6; i++)
      script
        .reset()
        .hello()
        .turn(RECORD_TURNS + turnsFor(8));
    script.send(tickOf(chain, 1)).turn(RECORD_TURNS + turnsFor(8));
    script
      .reset()
      .hello()
      .turn(RECORD_TURNS + turnsFor(8));
    assert.equal(script.play(host).map(sold), [8, 8, 4, 2, 1, 0, 0, 9, 8]);
  });
}

meter.run();
