/** Traces: an emulated station written down and said again, byte for byte; files that are broken; the commands. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeviceReading } from '../../firmware-bridge/device.ts';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { openPort } from '../../firmware-bridge/port.ts';
import { chipPeer, PeerBinding } from '../../hardware/bench/binding.ts';
import { buildStation } from '../../hardware/bench/boards.ts';
import { FaultyBinding } from '../../hardware/bench/faulty-binding.ts';
import { openPty } from '../../hardware/bench/pty.ts';
import { tracePeer } from '../../hardware/bench/replay.ts';
import { run } from '../../hardware/bench/rig/command.ts';
import { type TraceChunk, TraceReader, TraceWriter } from '../../hardware/bench/trace.ts';
import type { Result } from '../../schemas/result.ts';
import { Watch } from '../firmware-bridge/watch.ts';
import { programOf, SERIAL, weather } from './board.ts';

const PROGRAM = fileURLToPath(new URL('../../tollbridge.ts', import.meta.url));
const HEAD = '# tollbridge trace 1: somewhere\n';
const folder = mkdtempSync(join(tmpdir(), 'trace-'));
let files = 0;
const freshPath = (): string => join(folder, `${++files}.trace`);

const created = (path: string): TraceWriter => {
  const writer = TraceWriter.create(path, 'somewhere', 115_200);
  if (!writer.ok) throw new Error(writer.detail);
  return writer.value;
};

const all = async (reader: TraceReader): Promise<Result<TraceChunk>[]> => {
  const chunks: Result<TraceChunk>[] = [];
  for await (const chunk of reader.chunks()) chunks.push(chunk);
  return chunks;
};

/** The chunks of a file with that text; the refusal is the last. */
const read = async (text: string): Promise<{ chunks: Result<TraceChunk>[]; truncated: boolean }> => {
  const path = freshPath();
  writeFileSync(path, text);
  const reader = new TraceReader(path);
  return { chunks: await all(reader), truncated: reader.truncated };
};

const bytesFrom = (chunks: readonly Result<TraceChunk>[], from: TraceChunk['from']): Buffer =>
  Buffer.concat(
    chunks.flatMap((chunk) => (chunk.ok && chunk.value.from === from ? [chunk.value.bytes] : [])),
  );

const trace = suite('traces');

trace('are read as they were written', async () => {
  const chunk = fc.tuple(fc.constantFrom('board' as const, 'host' as const), fc.uint8Array({ minLength: 1 }));
  await fc.assert(
    fc.asyncProperty(fc.array(chunk, { maxLength: 20 }), async (chunks) => {
      const path = freshPath();
      const writer = created(path);
      for (const [from, bytes] of chunks) writer.write(from, bytes);
      writer.close();
      const told = (await all(new TraceReader(path))).map(
        (one) => one.ok && [one.value.from, one.value.bytes],
      );
      assert.equal(told, chunks);
    }),
    { numRuns: 40 },
  );
});

trace('are text: microseconds, who, and hexadecimal', async () => {
  const path = freshPath();
  const writer = created(path);
  writer.write('host', Uint8Array.of(0xab, 0));
  writer.write('board', Uint8Array.of(1));
  writer.close();
  assert.match(
    readFileSync(path, 'utf8'),
    /^# tollbridge trace 1: somewhere at 115200 baud since \d{4}-\d\d-\d\dT[\d:.]+Z\n\d+ > ab00\n\d+ < 01\n$/,
  );
});

trace('make several lines of a chunk that no driver delivers at once', async () => {
  const path = freshPath();
  const writer = created(path);
  const long = Uint8Array.from({ length: 200_000 }, (_, i) => i);
  writer.write('board', long);
  writer.close();
  const chunks = await all(new TraceReader(path));
  assert.is(chunks.length, 4);
  assert.ok(bytesFrom(chunks, 'board').equals(long));
});

trace('drop a last line that was cut off, wherever it was', async () => {
  const text = `${HEAD}0 > 0102\n15 < 0304\n`;
  for (let cut = HEAD.length; cut <= text.length; cut++) {
    const { chunks, truncated } = await read(text.slice(0, cut));
    const whole = text.slice(HEAD.length, cut).split('\n').length - 1;
    assert.is(chunks.length, whole, `cut at ${cut}`);
    assert.ok(chunks.every(({ ok }) => ok));
    assert.is(truncated, !text.slice(0, cut).endsWith('\n'));
  }
});

trace('have comments', async () => {
  const { chunks } = await read(`${HEAD}# unplugged here\n7 < 01\n`);
  assert.is(chunks.length, 1);
});

for (const [what, text, sentence] of [
  ['a file that is none', 'hello\n', /is no trace: its first line/],
  ['an empty file', '', /is no trace: it is empty/],
  ['a line that says nothing', `${HEAD}1 < 01\nnonsense\n2 < 01\n`, /:3: not MICROSECONDS < or > HEX/],
  ['half a byte', `${HEAD}1 < 012\n`, /:2: not MICROSECONDS/],
  ['a line without end', `${HEAD}1 < ${'00'.repeat(70_000)}\n`, /:2: not MICROSECONDS/],
  ['time that goes back', `${HEAD}5 < 01\n4 < 01\n`, /:3: earlier than the line before/],
] as const) {
  trace(`refuse ${what} and name the line`, async () => {
    const { chunks } = await read(text);
    const last = chunks.at(-1)!;
    assert.is(last.ok ? '' : last.code, 'config-invalid');
    assert.match(last.ok ? '' : last.detail, sentence);
  });
}

trace('refuse a file that is not there, and do not overwrite one that is', async () => {
  const [missing] = await all(new TraceReader('/nowhere.trace'));
  assert.is(missing?.ok === false && missing.code, 'storage-failed');
  const path = freshPath();
  writeFileSync(path, 'precious');
  const refused = TraceWriter.create(path, 'x', 1);
  assert.match(refused.ok ? '' : refused.detail, /it is there already/);
  assert.is(readFileSync(path, 'utf8'), 'precious');
});

const replay = suite('replay');

/** Half a dozen readings of an emulated station, by the driver, written down at the board's end of the line. */
const recordStation = async (path: string): Promise<readonly DeviceReading[]> => {
  const writer = created(path);
  const inner = new PeerBinding();
  const build = (onSend: (byte: number) => void) =>
    buildStation({ program: programOf('station'), serial: SERIAL, weather: [weather()], hold: 1, onSend });
  inner.plug('station', chipPeer(build, 20));
  const binding = new FaultyBinding(inner, 1, writer.write);
  const device = await openFrames({ path: 'station', binding });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  await watch.until(() => watch.readings.length >= 6);
  await device.value.close();
  writer.close();
  return watch.readings;
};

const recorded = freshPath();
let readings: readonly DeviceReading[] = [];

replay.before(async () => {
  readings = await recordStation(recorded);
});

replay('says what the board said, byte for byte', async () => {
  const binding = new PeerBinding();
  binding.plug('trace', tracePeer(new TraceReader(recorded), 0, false));
  const said = bytesFrom(await all(new TraceReader(recorded)), 'board');
  assert.ok(said.length > 200);
  const heard = await new Promise<Buffer>((resolve, reject) => {
    const parts: Uint8Array[] = [];
    void openPort(
      { path: 'trace', baudRate: 115_200, binding },
      {
        onData: (bytes) => {
          parts.push(bytes);
          const whole = Buffer.concat(parts);
          if (whole.length >= said.length) resolve(whole);
        },
        onClose: () => reject(new Error('it ended early')),
      },
    );
  });
  assert.ok(heard.equals(said));
});

replay('answers the hello of a driver where it is told to, and delivers the same readings', async () => {
  const binding = new PeerBinding();
  binding.plug('trace', tracePeer(new TraceReader(recorded), 0, true));
  const device = await openFrames({ path: 'trace', binding });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  assert.is(device.value.identity.board, 'weather-station');
  await watch.until(() => watch.readings.length >= readings.length);
  assert.equal(watch.readings, readings);
  await device.value.close();
});

/** A `tollbridge rig` of its own: its JSON lines, and its end. */
class RigProcess {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[] = [];
  readonly ended: Promise<number | null>;
  errors = '';
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'rig', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr!.on('data', (text) => {
      this.errors += text;
    });
    createInterface(this.child.stdout!).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const more = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await Promise.race([
        more,
        this.ended.then(() => Promise.reject(new Error(`it ended: ${this.errors}`))),
      ]);
    }
  }
}

/** A terminal whose other end says back what it hears. */
const echoAt = async (link: string) => {
  const pty = await openPty({ link, onData: (bytes) => pty.ok && pty.value.write(bytes), onClose: () => {} });
  if (!pty.ok) throw new Error(pty.detail);
  return pty.value;
};

/** Says that at the port until as many bytes came back as expected. */
const exchange = async (path: string, says: Uint8Array, expected: number): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  let wake = (): void => {};
  const port = await openPort(
    { path, baudRate: 115_200 },
    {
      onData: (bytes) => {
        parts.push(bytes);
        wake();
      },
      onClose: () => {},
    },
  );
  assert.ok(port.ok, port.ok ? '' : port.detail);
  port.value.write(says);
  while (Buffer.concat(parts).length < expected)
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  await port.value.close();
  return Buffer.concat(parts);
};

const commands = suite('tollbridge rig record, relay and replay');

commands.after(() => rmSync(folder, { recursive: true }));

commands(
  'relay: a port to the board, spoiled as somebody types, and a trace of what really was said',
  async () => {
    const echo = await echoAt(join(folder, 'echo.tty'));
    const link = join(folder, 'relay.tty');
    const out = freshPath();
    const args = ['--path', join(folder, 'echo.tty'), '--link', link, '--out', out];
    const relay = new RigProcess(['relay', ...args]);
    await relay.until(() => relay.lines.length === 1);
    const says = Uint8Array.from({ length: 100 }, (_, i) => i);
    assert.equal(await exchange(link, says, 100), Buffer.from(says));
    relay.child.stdin!.write('doubles:1\n');
    await relay.until(() => relay.lines.length === 2);
    assert.equal(relay.lines[1], { fault: 'doubles', amount: 1 });
    // Twice on the way there, twice on the way back.
    assert.equal([...(await exchange(link, Uint8Array.of(7), 4))], [7, 7, 7, 7]);
    relay.child.stdin!.write('unplug\n');
    await relay.until(() => relay.lines.length === 3);
    assert.not.ok(existsSync(link));
    relay.child.stdin!.write('melt\n\n');
    await relay.until(() => relay.lines.length === 5);
    assert.match(String(relay.lines[3]!.refused), /no fault "melt"/);
    assert.equal(await exchange(link, says, 100), Buffer.from(says));
    relay.child.kill('SIGTERM');
    assert.is(await relay.ended, 0, relay.errors);
    echo.close();
    const real = bytesFrom(await all(new TraceReader(out)), 'board');
    assert.equal(real, Buffer.concat([says, Uint8Array.of(7, 7), says]));
  },
);

commands('record: what a line says, without a word to it; replay: the same at a port', async () => {
  const board = await echoAt(join(folder, 'board.tty'));
  const out = freshPath();
  const record = new RigProcess(['record', '--path', join(folder, 'board.tty'), '--out', out]);
  await record.until(() => record.lines.length === 1);
  const says = Buffer.from('$WIMWV,090,R,5.0,M,A*2F\r\n');
  board.write(says);
  const written = (): boolean => readFileSync(out, 'utf8').includes(says.subarray(-4).toString('hex'));
  while (!written()) await new Promise(setImmediate);
  record.child.kill('SIGINT');
  assert.is(await record.ended, 0, record.errors);
  assert.equal(record.lines.at(-1), { out, bytes: says.length });
  board.close();

  const link = join(folder, 'replay.tty');
  const again = new RigProcess(['replay', out, '--link', link, '--wait', '--speed', '0']);
  await again.until(() => again.lines.length === 1);
  assert.equal(await exchange(link, Uint8Array.of(1), says.length), says);
  assert.is(await again.ended, 0, again.errors);
  assert.equal(again.lines.at(-1), { bytes: says.length, truncated: false });

  const long = freshPath();
  const writer = created(long);
  const much = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
  writer.write('board', much);
  writer.close();
  const whole = new RigProcess(['replay', long, '--link', link, '--wait', '--speed', '0']);
  await whole.until(() => whole.lines.length === 1);
  assert.ok(
    (await exchange(link, Uint8Array.of(1), much.length)).equals(much),
    'without a speed nothing is lost',
  );
  assert.is(await whole.ended, 0, whole.errors);
});

for (const [what, args, sentence] of [
  ['a command without its port', ['record', '--out', 'x'], /record needs --path/],
  ['a speed that is none', ['replay', 'x', '--link', 'y', '--speed', 'fast'], /speed/],
  ['a fault that is none', ['relay', '--path', 'x', '--link', 'y', '--fault', 'melt'], /no fault "melt"/],
  [
    'a trace that is not there',
    ['replay', '/no.trace', '--link', join(folder, 'z')],
    /cannot read \/no\.trace/,
  ],
  ['a board that is not there', ['record', '--path', '/dev/none', '--out', freshPath()], /no serial port/],
  ['a command that is none', ['juggle'], /say one of run, record, replay, relay/],
] as const) {
  commands(`refuse ${what}`, async () => {
    const refused = await run(args);
    assert.match(refused.ok ? '' : refused.detail, sentence);
  });
}

trace.run();
replay.run();
commands.run();
