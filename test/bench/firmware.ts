/**
 * What firmware costs on the emulated chip, counted from outside: no marks in it, no symbols.
 *
 * A chip that has nothing to do sleeps, so the work behind a message is the cycles in which it was awake, less
 * those of as many milliseconds without the message. That is everything: each byte of the request through the
 * receiver's interrupt, the frame, the work, the answer and each of its bytes. What the turn of the main loop in
 * every millisecond costs is in both, and falls out.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BoardName } from '../../hardware/avr/build.ts';
import { buildStation, buildValve } from '../../hardware/bench/boards.ts';
import { EEPROM_WRITES_MAX } from '../../hardware/bench/chip-eeprom.ts';
import type { SerialMessage } from '../../schemas/serial.ts';
import { CHAIN_TICKS_MAX } from '../../schemas/tick.ts';
import { Board, SERIAL, weather } from '../hardware/board.ts';
import { sealed } from '../hardware/host-script.ts';
import { type Chain, chainOf, KEY, KEY_AT, ofType, tickOf } from '../hardware/meter-script.ts';
import { chain as chainRequest, payerMemory, release } from '../hardware/payer-board.ts';

const CHANNELS = [0, 1, 2, 3];
const WINDOW_MAX = 65_535;
/** A request, a hash or ten, and the answer; then some, to be back at idling. */
const ANSWER_MS = 40;
/** An installation is checked and written. */
const INSTALL_MS = 400;
const PERIOD_MS = 100;
const YEAR_S = 365.25 * 24 * 3600;

export const committedHex = (board: BoardName): string =>
  fileURLToPath(new URL(`../../hardware/avr/${board}.hex`, import.meta.url));

/** Bytes of the data records of a HEX file: what avr-size calls text and data. */
export const flashOf = (hex: string): number =>
  readFileSync(hex, 'utf8')
    .split('\n')
    .filter((line) => line.slice(7, 9) === '00')
    .reduce((sum, line) => sum + Number.parseInt(line.slice(1, 3), 16), 0);

/** A station that meters, and has nothing to measure until it is asked to. */
export const meteredStation = (program: Uint16Array): Board => {
  const board = new Board((onSend) =>
    buildStation({ program, serial: SERIAL, onSend, weather: [weather()], hold: 1 }),
  );
  board.chip.eeprom.memory.set(sealed(KEY), KEY_AT);
  board.boot();
  board.greet();
  for (const channel of CHANNELS) board.setPeriod(channel, 0);
  return board;
};

/** A valve that pays, with no chain yet and no state to report. */
export const payingValve = (program: Uint16Array): Board => {
  const board = new Board((onSend, onPin) => buildValve({ program, serial: SERIAL, onSend, onPin }));
  board.chip.eeprom.memory.set(payerMemory(0));
  board.boot();
  board.greet();
  board.setPeriod(0, 0);
  return board;
};

const awakeCycles = (board: Board, act: () => void): number => {
  const before = board.chip.awakeCycles;
  act();
  return board.chip.awakeCycles - before;
};

const idleCyclesPerMs = (board: Board): number => awakeCycles(board, () => board.run(1000)) / 1000;

/** Above those of idling. */
const workCycles = (board: Board, act: () => void): number => {
  const idle = idleCyclesPerMs(board);
  const beganMs = board.chip.nowMs;
  const awake = awakeCycles(board, act);
  return awake - idle * (board.chip.nowMs - beganMs);
};

const ask = (board: Board, message: SerialMessage, ms: number): SerialMessage[] => {
  board.send(message);
  return board.during(ms);
};

const expectHeard = (held: boolean, what: string): void => {
  if (!held) throw new Error(`the board did not do what is measured: ${what}`);
};

let installations = 0;
const install = (board: Board, base: number): Chain => {
  installations++;
  const terms = { number: installations, channel: 0xc1, seq: installations, window: WINDOW_MAX };
  const chain = chainOf({ ...terms, ticks: CHAIN_TICKS_MAX, base });
  const [ack] = ofType(ask(board, chain.install, INSTALL_MS), 'ack');
  expectHeard(ack?.code === 0, `an installation (code ${ack?.code})`);
  return chain;
};

/** From tick to `meter`: ticks one after the other, as they come for each reading. */
export const cyclesPerTick = (board: Board): number => {
  const TICKS = 64;
  const chain = install(board, 0);
  const cycles = workCycles(board, () => {
    for (let index = 1; index <= TICKS; index++) {
      const [state] = ofType(ask(board, tickOf(chain, index), ANSWER_MS), 'meter');
      expectHeard(state?.index === index, `tick ${index}`);
    }
  });
  return Math.round(cycles / TICKS);
};

/** All four channels of a measurement, on credit, from the start of the conversion to the end of the line. */
export const cyclesPerReading = (board: Board): number => {
  install(board, 0);
  const idle = idleCyclesPerMs(board);
  for (const channel of CHANNELS) board.setPeriod(channel, PERIOD_MS);
  board.run(PERIOD_MS);
  const before = board.heard.length;
  const MEASUREMENTS = 50;
  const awake = awakeCycles(board, () => board.run(MEASUREMENTS * PERIOD_MS));
  for (const channel of CHANNELS) board.setPeriod(channel, 0);
  const said = board.heard.slice(before).map(({ message }) => message);
  const readings = ofType(said, 'reading').length;
  expectHeard(readings >= MEASUREMENTS * CHANNELS.length, `${readings} readings`);
  return Math.round((awake - idle * MEASUREMENTS * PERIOD_MS) / (MEASUREMENTS * CHANNELS.length));
};

/** Years until the first byte has borne all its writes, at a reading a second, each paid by a tick. */
export const meterEepromYears = (board: Board): number => {
  const CHAINS = 4; // twice round the ring of records
  const STEP = 16;
  for (let n = 0; n < CHAINS; n++) {
    const chain = install(board, n * CHAIN_TICKS_MAX);
    for (let index = STEP; index <= CHAIN_TICKS_MAX; index += STEP) {
      const [state] = ofType(ask(board, tickOf(chain, index), 2 * ANSWER_MS), 'meter');
      expectHeard(state?.index === index, `tick ${index}`);
    }
  }
  return yearsOf(board, CHAINS * CHAIN_TICKS_MAX);
};

/** Chains of 1,024 ticks at a reading a second; shorter ones are told apart by nothing but their time. */
export const payerEepromYears = (board: Board): number => {
  const CHAINS = 20;
  for (let n = 1; n <= CHAINS; n++) makeChain(board, n, 1, 2 * ANSWER_MS);
  return yearsOf(board, CHAINS * CHAIN_TICKS_MAX);
};

const yearsOf = (board: Board, readings: number): number =>
  (EEPROM_WRITES_MAX * readings) / Math.max(...board.chip.eeprom.writes) / YEAR_S;

const makeChain = (board: Board, id: number, ticks: number, ms: number): number => {
  const beganMs = board.chip.nowMs;
  board.send(chainRequest(id, ticks));
  for (let waited = 0; waited < ms; waited++) {
    if (ofType(board.during(1), 'chained').length > 0) return board.chip.nowMs - beganMs;
  }
  throw new Error(`the board did not do what is measured: a chain of ${ticks} in ${ms} ms`);
};

/** Seconds until a chain of 1,024 ticks is there, then the cycles of work for each of its first ticks. */
export const payerCosts = (board: Board): { chainS: number; cyclesPerTick: number } => {
  const TICKS = 256;
  const chainS = makeChain(board, 100, CHAIN_TICKS_MAX, 10_000) / 1000;
  board.run(ANSWER_MS);
  const cycles = workCycles(board, () => {
    for (let index = 1; index <= TICKS; index++) {
      const [tick] = ofType(ask(board, release(1000 + index, index), ANSWER_MS), 'tick');
      expectHeard(tick?.index === index, `the release of tick ${index}`);
    }
  });
  return { chainS, cyclesPerTick: Math.round(cycles / TICKS) };
};
