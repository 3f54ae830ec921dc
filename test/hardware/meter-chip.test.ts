/** The meter in the station's firmware, executed: the committed HEX on an emulated chip, its EEPROM and its watchdog. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RESET_EXTERNAL, RESET_POWER } from '../../hardware/bench/chip.ts';
import { installationMac } from '../../schemas/meter.ts';
import { CODES, type Code } from '../../schemas/result.ts';
import type { Install, MeterState, SerialMessage } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { bytesOf, vectorsOf } from '../schemas/vectors.ts';
import { crypto } from '../vectors/parties.ts';
import { type Board, stationBoard, weather } from './board.ts';
import { STRIDE } from './meter-model.ts';
import { type Chain, chainOf, codes, forgedTick, KEY, ofType, type Terms, tickOf } from './meter-script.ts';

const FAULT_TICK = 9;
const FAULT_WATCHDOG = 8;
/** Five blocks and 68 bytes at 4 ms. */
const INSTALL_MS = 350;
/** A record of six bytes, and the answer. */
const RECORD_MS = 40;
const PERIOD_MS = 20;
const WINDOW = 8;
const TERMS: Terms = { number: 5, channel: 0xc1, seq: 70_000, ticks: 1024, base: 0, window: WINDOW };

/** Of 2,048 bytes of memory half is for variables (build.test.ts), and a quarter stays free. */
const VARIABLE_BYTES_MAX = 1024;
const STACK_BYTES_MAX = 512;

const ask = (board: Board, message: SerialMessage, ms: number): SerialMessage[] => {
  board.send(message);
  return board.during(ms);
};

/** Two sensors at 20 ms, the others silent. */
const greet = (board: Board): void => {
  board.greet();
  for (const channel of [0, 1, 2, 3]) board.setPeriod(channel, channel < 2 ? PERIOD_MS : 0);
};

/** A station with its key; what it may deliver stands in the way of nothing. */
const metered = (key = KEY): Board => {
  const board = stationBoard({ weather: [weather()], hold: 1 });
  board.boot();
  board.greet();
  assert.equal(codes(ask(board, { type: 'provision', id: 1, slot: 1, bytes: key }, 250)), [0]);
  greet(board);
  return board;
};

const install = (board: Board, { install }: Chain): SerialMessage[] => {
  const said = ask(board, install, INSTALL_MS);
  assert.equal(codes(said), [0]);
  return said;
};

const readings = (said: readonly SerialMessage[]): number => ofType(said, 'reading').length;
const stateOf = (said: readonly SerialMessage[]): MeterState => {
  const state = ofType(said, 'meter').at(-1);
  assert.ok(state, 'no meter message');
  return state;
};
const faultCount = (said: readonly SerialMessage[], fault: number): number =>
  ofType(said, 'fault').findLast((one) => one.fault === fault)?.count ?? 0;

const chip = suite('meter on a chip');

chip('takes its key over the line, tells its role, and stops', () => {
  const board = stationBoard({ weather: [weather()], hold: 1 });
  board.boot();
  assert.is(board.greet().roles, 1);
  assert.ok(readings(board.during(2000)) >= 4, 'freely without a key');
  board.send({ type: 'provision', id: 1, slot: 1, bytes: KEY });
  board.run(250);
  assert.is(board.greet().roles, 3);
  assert.is(readings(board.during(5000)), 0);
});

chip('delivers the window and stops, one more for each tick, and loses no seq', () => {
  const board = metered();
  const chain = chainOf(TERMS);
  const first = install(board, chain);
  assert.is(readings(first) + readings(board.during(1000)), WINDOW);
  for (const index of [1, 2, 12]) {
    const before = stateOf(ask(board, chain.install, INSTALL_MS)).index;
    const said = ask(board, tickOf(chain, index), 1000);
    assert.is(readings(said), index - before);
    assert.is(stateOf(said).index, index);
  }
  const sold = board.heard.map(({ message }) => message).filter((one) => one.type === 'reading');
  for (const channel of [0, 1]) {
    const seqs = board.readings(channel, sold).map(({ seq }) => seq);
    for (const [i, seq] of seqs.entries()) assert.is(seq, seqs[0]! + i);
  }
});

chip('takes a forged tick for a fault, and gives nothing for it', () => {
  const board = metered();
  const chain = chainOf(TERMS);
  install(board, chain);
  board.run(1000);
  const said = ask(board, forgedTick(tickOf(chain, 5)), 1500);
  assert.is(readings(said), 0);
  assert.is(stateOf(said).index, 0);
  assert.is(faultCount(said, FAULT_TICK), 1);
  assert.is(readings(ask(board, tickOf(chain, 5), 1000)), 5);
});

chip('walks 1,024 steps without its watchdog, and measures meanwhile', () => {
  const board = metered();
  const chain = chainOf({ ...TERMS, window: 300 });
  install(board, chain);
  const began = board.chip.nowMs;
  board.send(tickOf(chain, 1024));
  let walk: SerialMessage[] = [];
  while (ofType(walk, 'meter').length === 0 && board.chip.nowMs < began + 6000)
    walk = [...walk, ...board.during(10)];
  const walkMs = board.chip.nowMs - began;
  assert.is(stateOf(walk).index, 1024);
  assert.ok(walkMs > 1000, `${walkMs} ms: longer than the watchdog waits`);
  assert.equal(ofType(walk, 'identity'), [], 'no reset');
  assert.is(faultCount([...walk, ...board.during(1500)], FAULT_WATCHDOG), 0);
  const due = Math.min(300, Math.floor((2 * walkMs) / PERIOD_MS));
  const stack = board.chip.stackBytes(VARIABLE_BYTES_MAX);
  assert.ok(stack <= STACK_BYTES_MAX, `${stack} bytes of stack`);
  assert.ok(readings(walk) > 0.9 * due - 30, `${readings(walk)} readings in ${walkMs} ms`);
});

for (const [cause, name] of [
  [RESET_EXTERNAL, 'a reset'],
  [RESET_POWER, 'a power cut while it writes'],
] as const) {
  chip(`goes on after ${name} in the middle of a lease, and gives a stride and a window away at most`, () => {
    const board = metered();
    const chain = chainOf({ ...TERMS, ticks: 64 });
    install(board, chain);
    for (let index = 4; index <= 28; index += 4) ask(board, tickOf(chain, index), 300);
    ask(board, tickOf(chain, 32), 20); // its record is being written
    board.chip.reset(cause);
    const marked = stateOf(board.during(100)).index;
    assert.is(marked, 16, 'what is on record');
    greet(board);
    board.run(1000);
    const sold = readings(board.heard.map(({ message }) => message));
    assert.ok(sold <= 32 + STRIDE + 2 * WINDOW, `${sold} readings for 32 ticks`);
    const said = ask(board, tickOf(chain, 40), 1500);
    assert.is(stateOf(said).index, 40);
    assert.is(stateOf(said).delivered + stateOf(said).room, 48);
    const old = chainOf({ ...TERMS, number: 4, seq: 9 });
    assert.equal(codes(ask(board, old.install, INSTALL_MS)), [CODES['voucher-stale']]);
  });
}

type Vector = Omit<Install, 'type' | 'id' | 'channel' | 'anchor' | 'mac'> & {
  readonly name: string;
  readonly last?: number;
  readonly code?: Code;
} & { readonly [field in 'channel' | 'anchor' | 'mac']: string };

chip('answers the installations of the vectors with their codes', () => {
  const file = vectorsOf<{ readonly key: string; readonly good: Vector[]; readonly bad: Vector[] }>('meter');
  for (const { name, code, last, channel, anchor, mac, ...numbers } of [...file.good, ...file.bad]) {
    const board = metered(bytesOf(file.key));
    if (last) install(board, chainOf({ ...TERMS, number: last }));
    const bytes = { channel: bytesOf(channel), anchor: bytesOf(anchor), mac: bytesOf(mac) };
    const said = ask(board, { ...numbers, ...bytes, type: 'install', id: 77 }, INSTALL_MS);
    assert.equal(codes(said), [code === undefined ? 0 : CODES[code]], name);
  }
});

chip('walks the chains of the vectors', () => {
  type File = { readonly chains: readonly { channel: string; seq: number; ticks: number; last: string }[] };
  for (const { channel, seq, ticks, last } of vectorsOf<File>('tick').chains) {
    const links = buildChain(crypto.sha256, bytesOf(channel), seq, bytesOf(last), ticks);
    const terms = { number: 9, channel: bytesOf(channel), seq, ticks, base: 7, window: 1 };
    const unsigned = { ...terms, anchor: linkAt(links, 0) };
    const mac = installationMac(crypto.sha256, KEY, unsigned);
    const chain: Chain = { install: { ...unsigned, type: 'install', id: 2, mac }, links };
    const board = metered();
    install(board, chain);
    const steps = 2.5 * ticks; // milliseconds
    assert.is(stateOf(ask(board, tickOf(chain, ticks), steps + RECORD_MS)).index, ticks);
    board.run(1000);
  }
});

chip('wears its EEPROM by one record in 16 ticks, all places alike', () => {
  const board = metered();
  for (const channel of [0, 1]) board.setPeriod(channel, 0);
  const CHAINS = 4; // twice round the ring
  for (let n = 0; n < CHAINS; n++) {
    const chain = chainOf({ ...TERMS, number: 10 + n, seq: 1 + n, base: 1024 * n });
    install(board, chain);
    for (let index = 4; index <= 1024; index += 4)
      ask(board, tickOf(chain, index), index % 16 === 0 ? 36 : 12);
    board.run(RECORD_MS);
  }
  const { writes } = board.chip.eeprom;
  const records = writes.subarray(256);
  const RECORD_BYTES = 6;
  const written = records.reduce((sum, count) => sum + count, 0);
  assert.ok(written <= (CHAINS * 1024 * RECORD_BYTES) / STRIDE, `${written} bytes of records`);
  assert.ok(Math.max(...records) <= 2, `${Math.max(...records)} writes of one cell of the ring`);
  const slots = writes.subarray(80, 216);
  assert.ok(Math.max(...slots) <= CHAINS / 2, `${Math.max(...slots)} writes of one cell of an installation`);
});

chip.run();
