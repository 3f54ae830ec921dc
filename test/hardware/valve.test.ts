/** The valve's firmware, executed: what it acknowledges is what its pin does. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RESET_EXTERNAL } from '../../hardware/bench/chip.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { CODES } from '../../schemas/result.ts';
import { encodeSerial } from '../../schemas/serial.ts';
import { type Board, valveBoard } from './board.ts';

const VALVE = 0;

const greeted = (): Board => {
  const board = valveBoard();
  board.boot();
  board.greet();
  return board;
};

const valve = suite('valve');

valve('says what it is', () => {
  const board = valveBoard();
  board.boot();
  assert.equal(board.greet().capabilities, [
    ...[{ channel: 0, name: 'valve', kind: 'valve', unit: '/', exponent: 0 }].map((capability) => ({
      ...capability,
      direction: 'actuator' as const,
      periodMs: 10_000,
    })),
  ]);
  assert.equal(board.pins, []);
});

valve('switches its pin on command, acknowledges, and reports its state', () => {
  const board = greeted();
  const before = board.heard.length;
  assert.is(board.command(VALVE, 1), 0);
  assert.equal(board.pins, ['PB0=1']);
  assert.is(board.command(VALVE, 0), 0);
  assert.equal(board.pins, ['PB0=1', 'PB0=0']);
  const said = board.heard.slice(before).map(({ message }) => message);
  assert.equal(
    said.map((one) => one.type),
    ['ack', 'reading', 'ack', 'reading'],
  );
  assert.equal(
    board.readings(VALVE, said).map(({ seq, mantissa }) => [seq, mantissa]),
    [
      [0, 1],
      [1, 0],
    ],
  );
});

valve('does the same again when a command is repeated', () => {
  const board = greeted();
  for (let i = 0; i < 3; i++) assert.is(board.command(VALVE, 1), 0);
  assert.equal(board.pins, ['PB0=1']);
});

valve('refuses other values and channels, and leaves its pin alone', () => {
  const board = greeted();
  board.command(VALVE, 1);
  for (const value of [2, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    assert.is(board.command(VALVE, value), CODES['value-out-of-range']);
  }
  assert.is(board.command(1, 0), CODES['channel-unknown']);
  assert.equal(board.pins, ['PB0=1']);
});

valve('closes when it is reset', () => {
  const board = greeted();
  board.command(VALVE, 1);
  board.chip.reset(RESET_EXTERNAL);
  board.boot();
  assert.equal(board.pins, ['PB0=1', 'PB0=0']);
  board.greet();
  board.setPeriod(VALVE, 100);
  assert.is(board.readings(VALVE, board.during(300))[0]?.mantissa, 0);
});

valve('reports its state once per period', () => {
  const board = greeted();
  board.command(VALVE, 1);
  board.setPeriod(VALVE, 500);
  const readings = board.readings(VALVE, board.during(5000));
  assert.is(readings.length, 10);
  assert.ok(readings.every(({ mantissa }) => mantissa === 1));
});

valve('moves for no damaged command', () => {
  const command = encodeFrame(encodeSerial({ type: 'command', id: 1, channel: VALVE, value: 1 }));
  const board = greeted();
  fc.assert(
    fc.property(fc.nat({ max: command.length * 8 - 1 }), (bit) => {
      const damaged = command.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      board.chip.receive(damaged);
      board.chip.receive(Uint8Array.of(0));
      board.run(5);
      assert.equal(board.pins, []);
    }),
    { numRuns: command.length * 8 },
  );
  assert.is(board.command(VALVE, 1), 0);
});

valve('obeys every command of a burst, whatever room is left for acknowledgements', () => {
  const board = greeted();
  const burst = Array.from({ length: 200 }, (_, i) =>
    encodeFrame(encodeSerial({ type: 'command', id: i, channel: VALVE, value: i % 2 })),
  );
  board.chip.receive(Buffer.concat(burst));
  const said = board.during(1000);
  const ids = said.filter((one) => one.type === 'ack').map(({ id }) => id);
  assert.equal(
    ids,
    [...ids].sort((a, b) => a - b),
  );
  assert.is(board.pins.length, 199);
  assert.is(board.command(VALVE, 0), 0);
});

valve.run();
