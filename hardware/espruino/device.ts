/**
 * A board with sensors on a serial line: the module `tollbridge` of an Espruino (README.md). Whatever has
 * `write(bytes)` and `on('data', …)` is a line: Serial1, Bluetooth, or radio.ts.
 */

import { encodeFrame } from '../../schemas/frame.ts';
import { openLink, type Part } from './link.ts';
import { type Memory, openMeter } from './meter.ts';
import { openReceiver } from './receiver.ts';

/** What Espruino has. */
declare const require: (name: 'crypto') => { SHA256: (bytes: Uint8Array) => ArrayBuffer };
declare const E: { toUint8Array: (text: string) => Uint8Array };
declare const getSerial: () => string;
declare const getTime: () => number; // seconds
declare const setTimeout: (run: () => void, ms: number) => number;
declare const clearTimeout: (timer: number) => void;
declare const exports: { start: (setup: Setup) => void };

const SERIAL_BYTES = 8;

export type Line = {
  /** A line that is not there answers false; Serial1 waits until there is room, and answers nothing. */
  readonly write: (bytes: Uint8Array) => boolean | undefined;
  readonly on: (event: 'data', take: (text: string) => void) => void;
};

export type Setup = {
  readonly board: string;
  readonly line: Line;
  readonly parts: readonly Part[];
  /** What a meter remembers by (storage.ts); a board without one has no meter. */
  readonly memory?: Memory;
};

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(require('crypto').SHA256(bytes));

const nowMs = (): number => Math.floor(getTime() * 1000);

/** Serves the line from now on. */
exports.start = (setup) => {
  const line = setup.line;
  const link = openLink(
    {
      board: setup.board,
      serial: sha256(E.toUint8Array(getSerial())).subarray(0, SERIAL_BYTES),
      parts: setup.parts,
      meter: openMeter(sha256, setup.memory),
    },
    (message) => line.write(encodeFrame(message)) !== false,
  );
  const receive = openReceiver((message) => link.receive(message, nowMs()), link.noise);
  let timer = 0;
  const turn = (): void => {
    if (timer) clearTimeout(timer);
    timer = setTimeout(turn, link.turn(nowMs()));
  };
  line.on('data', (text) => {
    receive(E.toUint8Array(text));
    turn();
  });
  link.begin();
  turn();
};
