/** The device role as it ships, on a stage: what schemas/spec/serial.md asks of a board. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeCbor } from '../../schemas/cbor.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { CODES } from '../../schemas/result.ts';
import type { SerialMessage } from '../../schemas/serial.ts';
import { faults, readings, type StagedBoard, seqs, stagedBoard } from './staged-board.ts';

const TEMPERATURE = 0;
const HUMIDITY = 1;
const VALVE = 2;

const line = suite('tollbridge.min.js');

const booted = async (): Promise<StagedBoard> => {
  const board = await stagedBoard();
  board.stage.boot(false);
  board.heard();
  return board;
};
const greeted = async (): Promise<StagedBoard> => {
  const board = await booted();
  board.greet();
  return board;
};
const kinds = (messages: readonly SerialMessage[]): string[] => messages.map((one) => one.type);

line('announces itself once, and then keeps quiet until it is greeted', async () => {
  const board = await stagedBoard();
  board.stage.boot(false);
  const [said, ...rest] = board.during(10_000);
  assert.ok(said!.type === 'identity' && said.nonce === 0);
  assert.equal(rest, []);
});

line('says what it is to whoever greets it', async () => {
  const board = await booted();
  const identity = board.identity();
  assert.is(identity.board, 'greenhouse');
  assert.is(identity.roles, 0);
  assert.is(identity.serial.length, 8);
  assert.equal(
    identity.capabilities.map((one) => [
      one.channel,
      one.name,
      one.unit,
      one.exponent,
      one.direction,
      one.periodMs,
    ]),
    [
      [0, 'temperature', 'Cel', -2, 'sensor', 100],
      [1, 'humidity', '%RH', -2, 'sensor', 0],
      [2, 'valve', '/', 0, 'actuator', 0],
    ],
  );
});

line('answers another protocol with its identity, and sends it no readings', async () => {
  const board = await greeted();
  assert.ok(board.during(1000).length > 0);
  assert.equal(kinds(board.greet(3)), ['identity']);
  assert.equal(board.during(10_000), []);
});

line('measures at multiples of the period, and counts from 0', async () => {
  const board = await greeted();
  assert.is(board.setPeriod(TEMPERATURE, 50), 'done');
  const said = board.during(1000);
  assert.is(readings(said, TEMPERATURE).length, 20);
  assert.equal(
    seqs(said, TEMPERATURE),
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.is(board.setPeriod(TEMPERATURE, 0), 'done');
  assert.equal(board.during(10_000), []);
});

line('refuses periods that it cannot keep, and channels that it does not have', async () => {
  const board = await greeted();
  assert.is(board.setPeriod(TEMPERATURE, 9), 'value-out-of-range');
  assert.is(board.setPeriod(TEMPERATURE, 86_400_000), 'done');
  const longer = encodeFrame(encodeCbor([5, 1, TEMPERATURE, 86_400_001]));
  board.noise(Buffer.from(longer).toString('hex'));
  assert.equal(board.heard(), [{ type: 'ack', id: 1, code: CODES['value-out-of-range'] }]);
  assert.is(board.setPeriod(3, 100), 'channel-unknown');
  assert.is(board.command(TEMPERATURE, 1), 'channel-unknown');
  assert.is(board.command(254, 1), 'channel-unknown');
});

line('sets an actuator, and tells its state after the acknowledgement', async () => {
  const board = await greeted();
  const { code, said } = board.ask({ type: 'command', id: 99, channel: VALVE, value: 1 });
  assert.is(code, 'done');
  assert.equal(kinds(said), ['ack', 'reading']);
  assert.equal(readings(said, VALVE), [1]);
  assert.is(board.stage.measured(VALVE), 1);
  assert.is(board.command(VALVE, 2), 'value-out-of-range');
  assert.is(board.command(VALVE, -1), 'value-out-of-range');
  assert.is(board.stage.measured(VALVE), 1);
});

line('leaves out what measures nothing, looks for it, and tells both', async () => {
  const board = await greeted();
  board.stage.measures(TEMPERATURE, null);
  const gone = board.during(1500);
  assert.equal(kinds(gone), ['identity', 'fault']);
  assert.equal(faults(gone), { 3: 1 });
  assert.equal(
    board.identity().capabilities.map((one) => one.name),
    ['humidity', 'valve'],
  );
  assert.is(board.setPeriod(TEMPERATURE, 10), 'channel-unknown');
  board.stage.measures(TEMPERATURE, 7);
  const back = board.during(200);
  assert.is(kinds(back)[0], 'identity');
  assert.ok(readings(back, TEMPERATURE).length > 0);
});

line('takes for no measurement what is no integer of 32 bits', async () => {
  for (const value of [0.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    const board = await greeted();
    board.stage.measures(TEMPERATURE, value);
    assert.equal(readings(board.during(1000), TEMPERATURE), [], String(value));
  }
  for (const value of [2 ** 31 - 1, -(2 ** 31), 0]) {
    const board = await greeted();
    board.stage.measures(TEMPERATURE, value);
    assert.is(readings(board.during(1000), TEMPERATURE)[0], value);
  }
});

line('says that a sensor is slower than its period', async () => {
  const board = await greeted();
  board.setPeriod(TEMPERATURE, 0);
  board.setPeriod(HUMIDITY, 10);
  const said = board.during(2000);
  assert.ok(readings(said, HUMIDITY).length >= 95, 'what it can, it measures');
  assert.ok(faults(said)[7]! > 0);
  assert.equal(
    seqs(said, HUMIDITY),
    Array.from({ length: seqs(said, HUMIDITY).length }, (_, i) => i),
  );
});

line('takes one answer of a sensor that gives two', async () => {
  const board = await greeted();
  board.setPeriod(TEMPERATURE, 0);
  board.setPeriod(HUMIDITY, 50);
  const count = readings(board.during(1000), HUMIDITY).length;
  assert.ok(count === 19 || count === 20, `${count}`);
});

line('counts what is no frame or no request, and tells it once a second', async () => {
  const board = await greeted();
  board.setPeriod(TEMPERATURE, 0);
  const noises = ['0100', '010200', '03820000', '07'.repeat(300) + '00', '0282000000'];
  for (const noise of noises) board.noise(noise);
  board.send({ type: 'reading', channel: 0, seq: 0, mantissa: 0 });
  board.send({ type: 'release', id: 1, index: 1 });
  const said = board.during(1000);
  assert.equal(kinds(said), ['fault']);
  assert.equal(Object.keys(faults(said)), ['4']);
  assert.equal(board.during(10_000), [], 'told once');
  board.greet();
  assert.equal(Object.keys(faults(board.during(1000))), ['4'], 'and to a new host again');
});

line('finds its place again after noise of any length', async () => {
  const board = await greeted();
  for (const length of [1, 5, 101, 102, 1000]) {
    board.noise(`${'5a'.repeat(length)}00`);
    assert.is(board.command(VALVE, 1), 'done', `${length} bytes`);
  }
});

line('loses the number of a reading with the reading, and says so', async () => {
  const board = await greeted();
  const before = seqs(board.during(500), TEMPERATURE).at(-1)!;
  board.stage.block(true);
  board.during(500);
  board.stage.block(false);
  const said = board.during(1500);
  assert.is(seqs(said, TEMPERATURE)[0], before + 6);
  assert.equal(faults(said), { 6: 5 });
});

line('goes on when its clock is set back or forward', async () => {
  const board = await greeted();
  for (const ms of [-500, 3_600_000, -10_000_000]) {
    board.stage.setClock(ms);
    const count = readings(board.during(3000), TEMPERATURE).length;
    assert.ok(count >= 18 && count <= 31, `${ms} ms: ${count}`);
  }
});

line.run();
