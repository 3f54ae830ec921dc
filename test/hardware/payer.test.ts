/** The payer of the firmware on this machine: chains, ticks, refusals, and a power cut at every byte of its memory. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex } from '../../schemas/bytes.ts';
import { acceptTick, acceptVoucher, newHeld } from '../../schemas/evidence.ts';
import { CODES } from '../../schemas/result.ts';
import type { SerialMessage } from '../../schemas/serial.ts';
import { CHAIN_TICKS_MAX, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { bytesOf } from '../schemas/vectors.ts';
import { accepted } from '../schemas/verdicts.ts';
import { crypto, filled, keyOf, signer } from '../vectors/parties.ts';
import { AS_BEFORE, AS_WRITTEN, HostScript } from './host-script.ts';
import { codes, ofType } from './meter-script.ts';
import {
  buildPayerHost,
  CHAINS,
  CHANNEL,
  chain,
  linksOf,
  payerMemory,
  release,
  SECRET,
  turnsFor,
} from './payer-board.ts';

const DONE = 0;
/** A release of the next tick: nine hashes at most, and the answer. */
const RELEASE_TURNS = 10;

const host = buildPayerHost();
const payer = suite('payer, on this machine');

/** `index x`. */
const ticksIn = (said: readonly SerialMessage[]): string[] =>
  ofType(said, 'tick').map(({ index, x }) => `${index} ${toHex(x)}`);

if (host !== undefined) {
  payer('makes the chains of the vectors and releases their ticks', () => {
    for (const { name, seq, counter, ticks, anchor, links } of CHAINS) {
      const script = new HostScript()
        .power(0, payerMemory(counter - 1))
        .send(chain(7, ticks, seq))
        .turn(turnsFor(ticks));
      for (const [i, { index }] of links.entries())
        script.send(release(100 + i, index)).turn(CHAIN_TICKS_MAX * 5);
      const [built, ...released] = script.play(host);
      assert.equal(codes(built!), [DONE], name);
      assert.equal(
        ofType(built!, 'chained'),
        [{ type: 'chained', id: 7, counter, anchor: bytesOf(anchor) }],
        name,
      );
      assert.equal(
        released.map((said) =>
          said.map((one) => (one.type === 'tick' ? [one.seq16, one.index, toHex(one.x)] : one)),
        ),
        links.map(({ index, x }) => [[seq % 65536, index, x]]),
        name,
      );
    }
  });

  payer('releases every tick of chains of every length, each within ten turns', () => {
    const lengths = [...Array.from({ length: 66 }, (_, i) => i + 1), 100, 428, 1023, 1024];
    const script = new HostScript();
    for (const ticks of lengths) {
      script.power(0, payerMemory(0)).send(chain(1, ticks)).turn(turnsFor(ticks));
      for (let index = 1; index <= ticks; index++) script.send(release(2, index)).turn(RELEASE_TURNS);
    }
    const said = script.play(host);
    for (const ticks of lengths) {
      const links = linksOf(1, 1, ticks);
      const [built, ...released] = said.splice(0, ticks + 1);
      assert.equal(ofType(built!, 'chained')[0]?.anchor, linkAt(links, 0));
      assert.equal(
        released.map(ticksIn),
        released.map((_, i) => [`${i + 1} ${toHex(linkAt(links, i + 1))}`]),
      );
    }
  });

  payer('releases any rising selection of ticks, and the last one again', () => {
    const asks = fc.uniqueArray(fc.integer({ min: 1, max: CHAIN_TICKS_MAX }), {
      minLength: 1,
      maxLength: 40,
    });
    for (const drawn of fc.sample(asks, 20)) {
      const indices = drawn.sort((a, b) => a - b);
      const ticks = fc.sample(fc.integer({ min: indices.at(-1)!, max: CHAIN_TICKS_MAX }), 1)[0]!;
      const script = new HostScript().power(0, payerMemory(0)).send(chain(1, ticks)).turn(turnsFor(ticks));
      for (const index of indices) {
        script.send(release(2, index)).turn(CHAIN_TICKS_MAX * 5);
        script.send(release(3, index)).turn(2);
      }
      const links = linksOf(1, 1, ticks);
      const expected = indices.map((index) => [`${index} ${toHex(linkAt(links, index))}`]);
      assert.equal(
        script.play(host).slice(1).map(ticksIn),
        expected.flatMap((one) => [one, one]),
        `${ticks} ticks: ${indices}`,
      );
    }
  });

  payer('answers releases that come faster than it hashes by the newest', () => {
    const script = new HostScript().power(0, payerMemory(0)).send(chain(1, 64)).turn(turnsFor(64));
    for (let index = 1; index <= 40; index++) script.send(release(index, index));
    const [, said] = script.turn(1000).play(host);
    assert.equal(ticksIn(said!), [`40 ${toHex(linkAt(linksOf(1, 1, 64), 40))}`]);
    assert.equal(codes(said!), []);
  });

  payer('pays: its ticks are evidence under a voucher that carries its anchor', () => {
    const seq = 65_537;
    const script = new HostScript()
      .power(0, payerMemory(4))
      .send(chain(1, 64, seq))
      .turn(turnsFor(64));
    for (const index of [1, 2, 3, 20, 64]) script.send(release(index, index)).turn(400);
    const [built, ...released] = script.play(host);
    const { anchor } = ofType(built!, 'chained')[0]!;
    const held = newHeld(CHANNEL, keyOf('buyer'), 1_000_000, 64);
    const voucher = { seq, cumulativeNano: 500, readings: 0, head: filled(0), anchor, tickNano: 10 };
    accepted(acceptVoucher(held, signVoucher(CHANNEL, voucher, signer('buyer')), crypto));
    const totals = released.map(([tick]) =>
      accepted(acceptTick(held, tick as Extract<SerialMessage, { type: 'tick' }>, crypto)),
    );
    assert.equal(totals, [510, 520, 530, 700, 1140]);
  });

  payer(
    'answers a request that is repeated, before and after its chain is there, and makes no second one',
    () => {
      const script = new HostScript()
        .power(0, payerMemory(0))
        .send(chain(1, 16))
        .turn(30)
        .send(chain(1, 16))
        .turn(1);
      script.turn(turnsFor(16)).send(chain(1, 16)).turn(1);
      const [first, again, built, later] = script.play(host);
      assert.equal([codes(first!), codes(again!), codes(later!)], [[0], [0], [0]]);
      assert.equal(
        [first, again].map((said) => ofType(said!, 'chained').length),
        [0, 0],
      );
      assert.is(ofType(built!, 'chained').length, 1);
      assert.equal(ofType(later!, 'chained'), ofType(built!, 'chained'));
    },
  );

  payer('gives up a chain for a new one, and releases nothing of it any more', () => {
    const script = new HostScript().power(0, payerMemory(0)).send(chain(1, 16)).turn(turnsFor(16));
    script
      .send(release(2, 3))
      .turn(20)
      .send(chain(3, 8, 2))
      .turn(30)
      .send(release(4, 4))
      .turn(2);
    script.turn(turnsFor(8)).send(release(5, 1)).turn(20);
    const [, , , early, built, first] = script.play(host);
    assert.equal(codes(early!), [CODES.busy]);
    assert.equal(
      ofType(built!, 'chained').map(({ counter }) => counter),
      [2],
    );
    assert.equal(ticksIn(first!), [`1 ${toHex(linkAt(linksOf(2, 2, 8), 1))}`]);
  });

  payer('refuses with its reason what it cannot do', () => {
    const script = new HostScript().power(0, payerMemory(0));
    script.send(release(1, 1)).turn(2);
    script
      .send(chain(2, 16))
      .turn(5)
      .send(chain(3, 16))
      .turn(1)
      .send(release(4, 1))
      .turn(1)
      .turn(turnsFor(16));
    script.send(release(5, 9)).turn(60).send(release(6, 8)).turn(2).send(release(7, 17)).turn(2);
    const [none, , other, early, , , stale, beyond] = script.play(host);
    assert.equal(
      [none, other, early, stale, beyond].map((said) => codes(said!)),
      [
        [CODES['tick-unknown-voucher']],
        [CODES.busy],
        [CODES.busy],
        [CODES['voucher-stale']],
        [CODES['tick-beyond-chain']],
      ],
    );
  });

  payer('refuses numbers out of range, and says so of bytes that are no request', () => {
    const chainOf = (ticks: number): Uint8Array =>
      Buffer.concat([
        Buffer.from('850a015820', 'hex'),
        CHANNEL,
        Buffer.from([1, 0x19, ticks >> 8, ticks & 255]),
      ]);
    const script = new HostScript().power(0, payerMemory(0));
    script
      .send(chainOf(1025))
      .turn(2)
      .send(Buffer.concat([Buffer.from('850a015820', 'hex'), CHANNEL, Buffer.from([1, 0])]))
      .turn(2);
    script.send(chain(1, 8)).turn(turnsFor(8)).send(Buffer.from('830c0100', 'hex')).turn(2);
    // A host learns of faults: hello, a chain without its seq, one with a short channel, a release with an item more.
    script.send({ type: 'hello', protocol: 2, nonce: 1 }).turn(2);
    for (const bytes of [
      chainOf(16).subarray(0, 38),
      Buffer.from('850a01411101 08'.replace(' ', ''), 'hex'),
      Buffer.from('840c010101', 'hex'),
    ]) {
      script.send(bytes);
    }
    const [long, empty, , zero, , faults] = script.turn(1100).play(host);
    assert.equal(
      [long, empty, zero].map((said) => codes(said!)),
      Array(3).fill([CODES['value-out-of-range']]),
    );
    assert.equal(faults, [{ type: 'fault', fault: 4, count: 3 }]);
  });

  payer('makes no chain without a secret, and can be given one, once', () => {
    const script = new HostScript().power(0, new Uint8Array(0)).send(chain(1, 8)).turn(2);
    script
      .send({ type: 'provision', id: 2, slot: 2, bytes: SECRET })
      .turn(300)
      .send(chain(3, 8))
      .turn(turnsFor(8));
    script.send({ type: 'provision', id: 4, slot: 2, bytes: filled(1) }).turn(300);
    const [without, given, built, twice] = script.play(host);
    assert.equal(codes(without!), [CODES['not-authorised']]);
    assert.equal(codes(given!), [DONE]);
    assert.equal(
      given!.flatMap((one) => (one.type === 'identity' ? [one.roles] : [])),
      [4 + 8],
    );
    assert.equal(ofType(built!, 'chained')[0]?.anchor, linkAt(linksOf(1, 1, 8), 0));
    assert.equal(codes(twice!), [CODES['not-authorised']]);
  });

  payer('stops when its numbers end: the next would be one that was used', () => {
    const script = new HostScript()
      .power(0, payerMemory(2 ** 32 - 2))
      .send(chain(1, 8))
      .turn(turnsFor(8));
    const [built, refused] = script.send(chain(2, 8)).turn(turnsFor(8)).play(host);
    assert.is(ofType(built!, 'chained')[0]?.counter, 2 ** 32 - 1);
    assert.equal(codes(refused!), [CODES['not-authorised']]);
    assert.equal(ofType(refused!, 'chained'), []);
  });

  payer('answers commands at once while it stores, derives and builds', () => {
    const script = new HostScript().power(0, payerMemory(0)).send(chain(1, 1024));
    for (let id = 2; id < 120; id++) script.send({ type: 'command', id, channel: 0, value: id % 2 }).turn(10);
    const said = script.turn(10).play(host);
    assert.equal(said.slice(1, -1).map(codes), Array(117).fill([DONE]));
    assert.is(ofType(said.flat(), 'chained').length, 1);
  });

  payer('loses no number and uses none twice, wherever the power fails and whatever it leaves', () => {
    const script = new HostScript();
    const cases: { counter: number; nth: number; byte: number }[] = [];
    for (const counter of [0, 1, 4, 5, 254, 255, 256, 65_535, 2 ** 24 - 1]) {
      for (let nth = 1; nth <= 8; nth++)
        for (const byte of [0x00, 0x5a, 0xff, AS_WRITTEN, AS_BEFORE]) cases.push({ counter, nth, byte });
    }
    for (const { counter, nth, byte } of cases) {
      script.power(0, payerMemory(counter)).cut(nth, byte);
      // Written before the cut or not at all: the same request again is another chain.
      for (let time = 0; time < 3; time++) script.send(chain(1, 1)).turn(turnsFor(1));
      script.reset().send(chain(2, 1)).turn(turnsFor(1));
    }
    const said = script.play(host);
    for (const { counter, nth, byte } of cases) {
      const [first, second, third, last] = said.splice(0, 4);
      const used = [first, second, third, last].flatMap((one) => ofType(one!, 'chained'));
      const numbers = [...new Set(used.map((one) => one.counter))];
      const name = `${numbers} after ${counter}, cut at byte ${nth} leaving ${byte}`;
      assert.ok(numbers.length >= 2 && numbers.every((n, i) => n > (numbers[i - 1] ?? counter)), name);
      assert.ok(numbers.at(-1)! <= counter + 3, `${name}: numbers are lost`);
      for (const one of used) assert.equal(one.anchor, linkAt(linksOf(1, one.counter, 1), 0), name);
    }
  });
}

payer('has the vectors it needs', () => assert.ok(CHAINS.length >= 3));

payer.after(() => host?.remove());
payer.run();
