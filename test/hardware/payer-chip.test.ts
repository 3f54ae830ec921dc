/** The valve's firmware, executed, as a payer: the same promises as payer.test.ts, on the chip. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RESET_EXTERNAL, RESET_POWER } from '../../hardware/bench/chip.ts';
import { toHex } from '../../schemas/bytes.ts';
import { acceptTick, acceptVoucher, newHeld } from '../../schemas/evidence.ts';
import { CODES } from '../../schemas/result.ts';
import { type Chained, SERIAL_PROTOCOL, type SerialMessage, type SerialTick } from '../../schemas/serial.ts';
import { CHAIN_TICKS_MAX } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { accepted } from '../schemas/verdicts.ts';
import { crypto, filled, keyOf, signer } from '../vectors/parties.ts';
import { type Board, valveBoard } from './board.ts';
import { codes, ofType } from './meter-script.ts';
import { CHAINS, CHANNEL, COUNTER_AT, payerMemory, SECRET } from './payer-board.ts';

const VALVE = 0;
/** 1,024 hashes of 2 ms, and the counter before them. */
const BUILD_MS = 2500;
/** Eight bytes at 3.6 ms, and a chain of a few ticks. */
const SHORT_BUILD_MS = 80;
/** Nine hashes, and the line. */
const RELEASE_MS = 25;
/** The way to later ticks of the vectors takes seconds and is that of payer.test.ts. */
const FAR = 17;

/** A board with a secret that has made `counter` chains, greeted. */
const paying = (counter: number): Board => {
  const board = valveBoard();
  board.chip.eeprom.memory.set(payerMemory(counter));
  board.boot();
  board.greet();
  return board;
};

const chainedIn = (said: readonly SerialMessage[]): Chained[] => ofType(said, 'chained');
const ticksIn = (said: readonly SerialMessage[]): SerialTick[] => ofType(said, 'tick');

let id = 1000;
const askChain = (board: Board, ticks: number, seq = 1): void =>
  board.send({ type: 'chain', id: ++id, channel: CHANNEL, seq, ticks });
const release = (board: Board, index: number, ms = RELEASE_MS): SerialMessage[] => {
  board.send({ type: 'release', id: ++id, index });
  return board.during(ms);
};

const payer = suite('payer, on the chip');

payer('makes the chains of the vectors and releases their ticks', () => {
  for (const { seq, counter, ticks, anchor, links } of CHAINS) {
    const board = paying(counter - 1);
    askChain(board, ticks, seq);
    const [chained] = chainedIn(board.during(ticks > 4 ? BUILD_MS : SHORT_BUILD_MS));
    assert.is(chained?.counter, counter);
    assert.is(toHex(chained!.anchor), anchor);
    for (const { index, x } of links.filter((one) => one.index <= FAR)) {
      const [tick] = ticksIn(release(board, index, index * RELEASE_MS));
      assert.equal([tick?.seq16, tick?.index, toHex(tick!.x)], [seq % 65536, index, x]);
    }
  }
});

payer('is given its secret, builds a chain of 1,024 and answers commands all the while', () => {
  const board = valveBoard();
  board.boot();
  assert.is(board.greet().roles, 4);
  askChain(board, 4);
  assert.equal(codes(board.during(20)), [CODES['not-authorised']]);
  board.send({ type: 'provision', id: 1, slot: 2, bytes: SECRET });
  assert.equal(codes(board.during(300)), [0]);
  assert.is(board.greet().roles, 4 + 8);

  const before = board.heard.length;
  askChain(board, CHAIN_TICKS_MAX);
  const COMMANDS = 62; // 40 ms each
  for (let i = 1; i <= COMMANDS; i++) assert.is(board.command(VALVE, i % 2), 0);
  const said = board.heard.slice(before).map(({ message }) => message);
  assert.is(chainedIn(said).length, 1);
  assert.is(board.pins.length, COMMANDS);
  // No identity that nobody asked for, which a watchdog's reset would send, and no fault.
  assert.equal([...new Set(said.map(({ type }) => type))].sort(), ['ack', 'chained', 'reading']);
  assert.is(board.noiseBytes, 0);
});

payer('pays: a seller takes its ticks as evidence under a voucher with its anchor', () => {
  const board = paying(0);
  const seq = 70_000;
  askChain(board, 128, seq);
  const [chained] = chainedIn(board.during(600));
  const held = newHeld(CHANNEL, keyOf('buyer'), 1_000_000, 128);
  const voucher = {
    seq,
    cumulativeNano: 0,
    readings: 0,
    head: filled(0),
    anchor: chained!.anchor,
    tickNano: 10,
  };
  accepted(acceptVoucher(held, signVoucher(CHANNEL, voucher, signer('buyer')), crypto));
  for (let index = 1; index <= 128; index++) {
    const [tick, ...more] = ticksIn(release(board, index));
    assert.is(more.length, 0);
    assert.is(accepted(acceptTick(held, tick!, crypto)), index * 10);
  }
  assert.equal(codes(release(board, 129)), [CODES['tick-beyond-chain']]);
  assert.equal(codes(release(board, 127)), [CODES['voucher-stale']]);
  assert.is(ticksIn(release(board, 128))[0]?.index, 128);
});

payer('releases nothing of an old chain after any reset', () => {
  for (const cause of [RESET_POWER, RESET_EXTERNAL]) {
    const board = paying(7);
    askChain(board, 16);
    assert.is(chainedIn(board.during(SHORT_BUILD_MS + 60))[0]?.counter, 8);
    assert.is(ticksIn(release(board, 3))[0]?.index, 3);
    board.chip.reset(cause);
    board.boot();
    assert.equal(codes(release(board, 4)), [CODES['tick-unknown-voucher']]);
    askChain(board, 16);
    assert.is(chainedIn(board.during(SHORT_BUILD_MS + 60))[0]?.counter, 9);
  }
});

payer('uses no number twice, whenever the power fails', () => {
  const COUNTER = 254; // the next ones change two bytes, then one
  for (let cutMs = 1; cutMs <= SHORT_BUILD_MS; cutMs += 1.3) {
    const board = paying(COUNTER);
    askChain(board, 1);
    const first = chainedIn(board.during(cutMs));
    board.chip.reset(RESET_POWER);
    board.boot();
    askChain(board, 1);
    const numbers = [...first, ...chainedIn(board.during(SHORT_BUILD_MS))].map(({ counter }) => counter);
    const name = `${numbers} after ${COUNTER}, power cut after ${cutMs} ms`;
    assert.is(numbers.length, first.length + 1, name);
    assert.ok(
      numbers.every((n, i) => n > (numbers[i - 1] ?? COUNTER)),
      name,
    );
    assert.ok(numbers.at(-1)! <= COUNTER + 2, name);
  }
});

payer('wears no byte of its EEPROM faster than one write in five chains', () => {
  const board = paying(0);
  for (let n = 1; n <= 25; n++) {
    askChain(board, 1);
    assert.is(chainedIn(board.during(SHORT_BUILD_MS))[0]?.counter, n);
  }
  assert.is(Math.max(...board.chip.eeprom.writes), 5);
});

payer('uses no number that its EEPROM did not keep, and goes on in another place', () => {
  const board = paying(1);
  const { eeprom } = board.chip;
  const write = eeprom.writeMemory.bind(eeprom);
  const worn = COUNTER_AT + 2 * 8 + 3; // of number 2
  eeprom.writeMemory = (address, value) => {
    if (address !== worn) write(address, value);
  };
  askChain(board, 1);
  assert.equal(chainedIn(board.during(SHORT_BUILD_MS)), []);
  assert.equal(codes(release(board, 1)), [CODES['tick-unknown-voucher']]);
  askChain(board, 1);
  assert.equal(
    chainedIn(board.during(SHORT_BUILD_MS)).map(({ counter }) => counter),
    [3],
  );
});

payer('sends its anchor and its ticks as soon as the line has room for them', () => {
  const board = paying(0);
  const ASKS = 20;
  /** An identity takes 6 ms on the line: for whoever is greeted oftener it is always nearly full. */
  const flooded = (gapMs: (i: number) => number, ask: () => void): SerialMessage[] => {
    const before = board.heard.length;
    for (let i = 0; i < 4 * ASKS; i++) {
      board.send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: i + 1 });
      if (i % 4 === 3) ask();
      board.run(gapMs(i));
    }
    board.run(100);
    return board.heard.slice(before).map(({ message }) => message);
  };
  askChain(board, 64);
  board.run(250);
  const again: SerialMessage = { type: 'chain', id, channel: CHANNEL, seq: 1, ticks: 64 };
  let index = 0;
  for (const gapMs of [() => 5, (i: number) => 3 + (i % 4)]) {
    assert.is(chainedIn(flooded(gapMs, () => board.send(again))).length, ASKS);
    const first = index + 1;
    const ticks = ticksIn(flooded(gapMs, () => board.send({ type: 'release', id: ++id, index: ++index })));
    assert.equal(
      ticks.map((tick) => tick.index),
      Array.from({ length: ASKS }, (_, i) => first + i),
    );
  }
});

payer.run();
