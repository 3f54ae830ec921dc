import { SerialPortMock } from 'serialport';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FramesTiming, openFrames } from '../../firmware-bridge/frames.ts';
import type { Binding } from '../../firmware-bridge/port.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { utf8Encode } from '../../schemas/bytes.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { encodeSerial } from '../../schemas/serial.ts';
import { BACKOFF, opened, PATH, QUIET, TIMING } from './opened.ts';
import { ScriptedBoard, VALVE } from './scripted-board.ts';
import { Watch } from './watch.ts';

const openCode = async (
  board: ScriptedBoard | undefined,
  timing: Partial<FramesTiming> = {},
): Promise<string> => {
  const binding = new PeerBinding();
  if (board !== undefined) binding.plug(PATH, board);
  const device = await openFrames({
    path: PATH,
    binding,
    timing: { ...TIMING, ...timing },
    backoff: BACKOFF,
  });
  if (device.ok) await device.value.close();
  return device.ok ? 'opened' : `${device.code}: ${device.detail}`;
};

const frames = suite('openFrames');

frames('tells what the board is', async () => {
  const { device } = await opened();
  assert.equal(device.identity, { board: 'scripted', firmware: '1', serial: '0102030405060708' });
  assert.equal(device.capabilities, [VALVE]);
  assert.ok(device.online);
  await device.close();
});

frames('says hello until it is answered', async () => {
  const board = new ScriptedBoard();
  board.answer = (message) => (board.heard.length < 4 ? undefined : board.usual(message));
  assert.is(await openCode(board), 'opened');
  const nonces = board.heardOf('hello').map((hello) => (hello.type === 'hello' ? hello.nonce : 0));
  assert.is(nonces.length, 4);
  assert.is(new Set(nonces).size, 1);
});

frames('waits for a board that is plugged in late', async () => {
  const binding = new PeerBinding();
  const opening = openFrames({ path: PATH, binding, timing: TIMING, backoff: BACKOFF });
  binding.plug(PATH, new ScriptedBoard());
  const device = await opening;
  assert.ok(device.ok);
  await device.value.close();
});

frames('names a port that is missing, and the remedy', async () => {
  assert.match(
    await openCode(undefined, { open: 50 }),
    /^port-missing: .*\/dev\/ttyTest0.*plug the board in/,
  );
});

frames('names a port that another program holds', async () => {
  const { device, binding } = await opened();
  const second = await openFrames({ path: PATH, binding, timing: { ...TIMING, open: 50 }, backoff: BACKOFF });
  assert.is(second.ok ? '' : second.code, 'port-in-use');
  assert.match(second.ok ? '' : second.detail, /\/dev\/ttyTest0 is in use/);
  await device.close();
});

frames('names a board that does not answer', async () => {
  const board = new ScriptedBoard();
  board.answer = () => undefined;
  assert.match(
    await openCode(board, { greeting: 30, open: 200 }),
    /^timeout: no board answered at \/dev\/ttyTest0/,
  );
});

frames('refuses a board of another protocol at once, naming both', async () => {
  const board = new ScriptedBoard();
  board.answer = () => {
    board.sendBytes(encodeFrame(Uint8Array.from([0x83, 1, 3, 0]))); // [1, 3, 0]
    return undefined;
  };
  assert.match(await openCode(board), /^protocol-unsupported: the board speaks protocol 3, this host 2/);
});

frames('delivers readings in order, with their exponent', async () => {
  const { device, board, watch } = await opened();
  for (let seq = 0; seq < 100; seq++) board.reading(seq, seq * seq);
  await watch.until(() => watch.readings.length === 100);
  for (const [seq, reading] of watch.readings.entries()) {
    assert.equal(reading, { channel: 0, seq, mantissa: seq * seq, exponent: 0 });
  }
  await device.close();
});

frames('forgets what was said before the answer', async () => {
  const board = new ScriptedBoard();
  board.answer = (message) => {
    board.reading(7, 1);
    return board.usual(message);
  };
  const binding = new PeerBinding();
  binding.plug(PATH, board);
  const device = await openFrames({ path: PATH, binding, timing: TIMING, backoff: BACKOFF });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  board.reading(8, 2);
  await watch.until(() => watch.readings.length > 0);
  assert.is(watch.readings[0]!.seq, 8);
  await device.value.close();
});

frames('counts readings that are missing, and strays', async () => {
  const { device, board, watch } = await opened();
  board.reading(0, 0);
  board.reading(3, 0);
  board.reading(0, 0, 9); // a channel nobody announced
  board.say({ type: 'ack', id: 1, code: 0 }); // nobody asked
  board.say({ type: 'hello', protocol: 1, nonce: 5 }); // our own kind, come back
  board.sendBytes(encodeFrame(Uint8Array.of(0x80)));
  board.reading(4, 0);
  await watch.until(() => watch.readings.length === 3);
  assert.is(device.health.lostReadings, 2);
  assert.is(device.health.strays, 4);
  await device.close();
});

frames('delivers no reading twice, and none that goes back', async () => {
  const { device, board, watch } = await opened();
  for (const seq of [0, 1, 1, 0, 2, 2, 5, 4, 6]) board.reading(seq, 10 * seq);
  await watch.until(() => watch.readings.length === 5);
  assert.equal(
    watch.readings.map((reading) => reading.seq),
    [0, 1, 2, 5, 6],
  );
  assert.is(device.health.strays, 4);
  assert.is(device.health.lostReadings, 2);
  assert.is(watch.refused[0]?.code, 'value-out-of-range');
  assert.match(watch.refused[0]?.detail ?? '', /^reading 1 of valve again, or late/);
  await device.close();
});

frames('takes a board that counts from 0 again after a greeting for one that was reset', async () => {
  const { device, board, watch } = await opened({ silence: 20 }, [QUIET]);
  board.reading(7, 1);
  await watch.until(() => watch.readings.length === 1);
  const greeted = board.heardOf('hello').length;
  await board.until(() => board.heardOf('hello').length > greeted); // it fell silent: was it reset?
  await board.until(() => device.online);
  await watch.until(() => {
    if (watch.readings.length === 1) board.reading(0, 2);
    return watch.readings.length > 1;
  });
  board.reading(0, 3);
  board.reading(1, 4);
  await watch.until(() => watch.readings.at(-1)?.mantissa === 4);
  assert.equal(
    watch.readings.map((reading) => reading.mantissa),
    [1, 2, 4],
  );
  await device.close();
});

frames('says why a message is of no use, but for an answer that comes twice', async () => {
  const { device, board, watch } = await opened();
  board.say({ type: 'ack', id: 1, code: 0 });
  board.say(board.identity(1));
  board.reading(0, 0, 9);
  board.say({ type: 'hello', protocol: 2, nonce: 5 });
  board.sendBytes(encodeFrame(Uint8Array.of(0x80)));
  await watch.until(() => watch.refused.length === 3);
  assert.equal(
    watch.refused.map((refusal) => refusal.code),
    ['channel-unknown', 'object-malformed', 'object-malformed'],
  );
  assert.is(device.health.strays, 5);
  await device.close();
});

frames('reports noise as data and finds its place again', async () => {
  const { device, board, watch } = await opened();
  const boot = utf8Encode('ets Jan  8 2013,rst cause:2');
  const damaged = encodeFrame(encodeSerial({ type: 'reading', channel: 0, seq: 0, mantissa: 5 }));
  damaged[1]! ^= 0x40;
  board.sendBytes(boot);
  board.sendBytes(Uint8Array.of(0));
  board.sendBytes(damaged);
  board.reading(1, 5);
  await watch.until(() => watch.readings.length === 1);
  assert.is(Buffer.concat(watch.noise).subarray(0, boot.length).toString(), 'ets Jan  8 2013,rst cause:2');
  assert.is(device.health.noiseBytes, boot.length + damaged.length - 1);
  assert.is(device.health.checkErrors, 1);
  assert.is(device.health.resyncs, 1);
  await device.close();
});

frames('passes the faults of the board on', async () => {
  const { device, board, watch } = await opened();
  board.say({ type: 'fault', fault: 3, count: 2 });
  await watch.until(() => watch.faults.length === 1);
  assert.equal(watch.faults, [[3, 2]]);
  await device.close();
});

frames('repeats a command until it is acknowledged', async () => {
  const { device, board } = await opened();
  board.answer = (message) => (board.heardOf('command').length < 3 ? undefined : board.usual(message));
  assert.equal(await device.command(0, 1), { ok: true, value: undefined });
  assert.is(new Set(board.heardOf('command').map((one) => (one.type === 'command' ? one.id : 0))).size, 1);
  await device.close();
});

frames('gives up a command that nobody acknowledges', async () => {
  const { device, board } = await opened();
  board.answer = () => undefined;
  const answer = await device.command(0, 1);
  assert.is(answer.ok ? '' : answer.code, 'timeout');
  assert.is(board.heardOf('command').length, 3);
  await device.close();
});

frames('passes a refusal of the board on, with its code', async () => {
  const { device, board } = await opened();
  board.answer = (message) =>
    message.type === 'command' ? { type: 'ack', id: message.id, code: 40 } : undefined;
  const answer = await device.command(5, 1);
  assert.is(answer.ok ? '' : answer.code, 'channel-unknown');
  assert.match(answer.ok ? '' : answer.detail, /value 1 for channel 5/);
  await device.close();
});

frames('refuses a value that no message can carry, and a crowd of commands', async () => {
  const { device, board } = await opened();
  for (const value of [0.5, 2 ** 31, Number.NaN]) {
    const answer = await device.command(0, value);
    assert.is(answer.ok ? '' : answer.code, 'value-out-of-range');
  }
  board.answer = () => undefined;
  const crowd = Array.from({ length: 17 }, () => device.command(0, 1));
  const last = await crowd[16]!;
  assert.is(last.ok ? '' : last.code, 'busy');
  await device.close();
  await Promise.all(crowd);
});

frames('keeps commands in order, one at a time', async () => {
  const { device, board } = await opened();
  await Promise.all([1, 0, 1, 0].map((value) => device.command(0, value)));
  assert.equal(
    board.heardOf('command').map((one) => (one.type === 'command' ? one.value : undefined)),
    [1, 0, 1, 0],
  );
  await device.close();
});

frames('comes back after the plug was pulled, and says so', async () => {
  const { device, board, binding, watch } = await opened();
  binding.unplug(PATH);
  await watch.until(() => watch.states.length === 1);
  assert.not.ok(device.online);
  assert.match(JSON.stringify(watch.states[0]), /device-failed.*disconnected/);
  const offline = await device.command(0, 1);
  assert.is(offline.ok ? '' : offline.code, 'device-failed');
  binding.plug(PATH, board);
  await watch.until(() => watch.states.length === 2);
  assert.equal(watch.states[1], { online: true });
  assert.is(device.health.reconnects, 1);
  board.reading(0, 1);
  await watch.until(() => watch.readings.length === 1);
  await device.close();
});

frames('answers a command whose board goes away', async () => {
  const { device, board, binding } = await opened({ ack: 60_000 });
  board.answer = () => undefined;
  const answer = device.command(0, 1);
  await board.until(() => board.heardOf('command').length === 1);
  binding.unplug(PATH);
  const refusal = await answer;
  assert.is(refusal.ok ? '' : refusal.code, 'device-failed');
  await device.close();
});

frames('greets a board that was reset, and sets its periods again', async () => {
  const { device, board, watch } = await opened();
  assert.ok((await device.setPeriod(0, 50)).ok);
  assert.is(device.capabilities[0]!.periodMs, 50);
  const before = board.heardOf('period').length;
  board.say(board.identity(0)); // its announcement after the reset, with its own period
  await board.until(() => board.heardOf('period').length > before);
  assert.match(JSON.stringify(board.heardOf('period').at(-1)), /"periodMs":50/);
  assert.is(board.heardOf('hello').length, 2);
  await watch.until(() => watch.states.length > 0);
  assert.is(device.capabilities[0]!.channel, 0);
  await device.close();
});

frames('learns of a channel that came', async () => {
  const { device, board, watch } = await opened();
  board.capabilities = [VALVE, { ...VALVE, channel: 1, name: 'other valve' }];
  board.say(board.identity(0));
  await watch.until(() => watch.states.length === 1);
  assert.is(device.capabilities.length, 2);
  await device.close();
});

frames('asks a silent board for a sign of life, and gives a dead one up', async () => {
  const board = new ScriptedBoard();
  board.capabilities = [{ ...VALVE, periodMs: 0 }];
  const binding = new PeerBinding();
  binding.plug(PATH, board);
  const timing = { ...TIMING, silence: 20, greeting: 50 };
  const device = await openFrames({ path: PATH, binding, timing, backoff: BACKOFF });
  assert.ok(device.ok);
  await board.until(() => board.heardOf('hello').length >= 3); // alive: asked, answered, asked again
  assert.ok(device.value.online);
  const watch = new Watch(device.value);
  board.answer = () => undefined;
  await watch.until(() => watch.states.some((state) => !state.online));
  await board.until(() => board.opened >= 2);
  board.answer = (message) => board.usual(message);
  await watch.until(() => watch.states.at(-1)?.online === true);
  await device.value.close();
});

frames('tells a listener nothing after it ended, nor after close', async () => {
  const { device, board, watch } = await opened();
  const other = new Watch(device);
  watch.end();
  board.reading(0, 1);
  await other.until(() => other.readings.length === 1);
  assert.equal(watch.readings, []);
  await device.close();
  board.reading(1, 1);
  assert.is(other.readings.length, 1);
});

/** serialport's own mock, with a scripted board behind it. */
const mocked = (board: ScriptedBoard): Binding => ({
  list: () => SerialPortMock.binding.list(),
  open: async (options) => {
    const port = await SerialPortMock.binding.open(options);
    const write = port.write.bind(port);
    port.write = async (bytes) => {
      await write(bytes);
      board.receive(bytes);
    };
    board.open((bytes) => port.emitData(Buffer.from(bytes)));
    return port;
  },
});

frames('works over the mock of serialport, with noise at every start', async () => {
  SerialPortMock.binding.reset();
  SerialPortMock.binding.createPort(PATH, { readyData: Buffer.from('\xffboot\n', 'latin1') });
  const board = new ScriptedBoard();
  const device = await openFrames({ path: PATH, binding: mocked(board), timing: TIMING, backoff: BACKOFF });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  board.sendBytes(Uint8Array.of(1, 2, 3, 0));
  board.reading(0, 42);
  await watch.until(() => watch.readings.length === 1);
  assert.equal(await device.value.command(0, 1), { ok: true, value: undefined });
  assert.ok(device.value.health.noiseBytes >= 3);
  await device.value.close();
  SerialPortMock.binding.reset();
});

frames('takes a port that gives back what it is sent for no board', async () => {
  SerialPortMock.binding.reset();
  SerialPortMock.binding.createPort(PATH, { echo: true });
  const timing = { ...TIMING, open: 100, greeting: 30 };
  const echoed = await openFrames({ path: PATH, binding: SerialPortMock.binding, timing });
  assert.is(echoed.ok ? '' : echoed.code, 'timeout');
  SerialPortMock.binding.reset();
});

frames.run();
