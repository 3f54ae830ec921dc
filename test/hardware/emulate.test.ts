/** The emulated boards as users meet them: a process, a path, and the driver. Also in this process, without either. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DEVICE, openDevice } from '../../agent/drivers/drivers.ts';
import { readConfig } from '../../agent/host/config-file.ts';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { chipPeer, PeerBinding } from '../../hardware/bench/binding.ts';
import { buildStation } from '../../hardware/bench/boards.ts';
import { Watch } from '../firmware-bridge/watch.ts';
import { names, programOf, SERIAL, weather } from './board.ts';

const PROGRAM = fileURLToPath(new URL('../../tollbridge.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'emulate-'));
const link = join(folder, 'board.tty');
const BACKOFF = { first: 10, max: 50 };

type Line = Record<string, unknown>;

/** A board's process: its lines, and its end. */
class Emulator {
  readonly child: ChildProcess;
  readonly lines: Line[] = [];
  readonly ended: Promise<number | null>;
  errors = '';
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, 'emulate', '--link', link, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.child.stderr!.on('data', (text) => {
      this.errors += text;
    });
    createInterface(this.child.stdout!).on('line', (line) => {
      this.lines.push(JSON.parse(line));
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
    this.ended = new Promise((resolve) => this.child.once('close', resolve));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const more = new Promise<void>((resolve) => this.#waiting.push(resolve));
      await Promise.race([more, this.ended.then(() => Promise.reject(new Error(this.errors)))]);
    }
  }

  async ready(): Promise<this> {
    await this.until(() => this.lines.length > 0);
    return this;
  }
}

const emulate = suite('tollbridge emulate');

emulate.after(() => rmSync(folder, { recursive: true }));

emulate('offers a station at a path, which comes back at the same path', async () => {
  const first = await new Emulator(['--board', 'station', '--speed', '20']).ready();
  assert.is(first.lines[0]!.link, link);
  const device = await openFrames({ path: link, backoff: BACKOFF });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  assert.equal(names(device.value.capabilities), ['temperature', 'pressure', 'wind']);
  for (const { channel } of device.value.capabilities)
    assert.ok((await device.value.setPeriod(channel, 1000)).ok);
  await watch.until(() => watch.readings.length >= 6);
  first.child.kill('SIGKILL');
  await watch.until(() => watch.states.some((state) => !state.online));
  const second = await new Emulator(['--board', 'station', '--speed', '20']).ready();
  const before = watch.readings.length;
  await watch.until(() => watch.readings.length >= before + 6);
  assert.is(device.value.health.reconnects, 1);
  await device.value.close();
  second.child.kill('SIGTERM');
  assert.is(await second.ended, 0);
  assert.not.ok(existsSync(link));
});

emulate('prints what the pin of the valve does', async () => {
  const valve = await new Emulator(['--board', 'valve', '--until-stdin-ends']).ready();
  const device = await openFrames({ path: link, backoff: BACKOFF });
  assert.ok(device.ok);
  for (const level of [1, 0]) assert.ok((await device.value.command(0, level)).ok);
  await valve.until(() => valve.lines.length >= 3);
  assert.equal(valve.lines.slice(1), [
    { pin: 'PB0', level: 1 },
    { pin: 'PB0', level: 0 },
  ]);
  await device.value.close();
  valve.child.stdin!.end();
  assert.is(await valve.ended, 0);
});

emulate(
  'is an Uno for johnny-five by a configuration: a thermometer, a barometer on the bus, and pins whose levels it prints',
  async () => {
    const series = join(folder, 'warm.csv');
    writeFileSync(series, 'date,pressure,temperature,wind\n0,1013.0,20.0,1.0\n');
    const args = ['--board', 'firmata', '--series', series, '--speed', '5', '--until-stdin-ends'];
    const uno = await new Emulator(args).ready();
    const config = readConfig(
      'agent.yaml',
      `driver: firmata
name: uno
path: ${link}
sensors:
  - { name: outdoor, kind: temperature, class: Thermometer, options: { pin: A0, controller: TMP36 }, periodMs: 50 }
  - { name: air, kind: pressure, class: Barometer, options: { controller: BME280, address: 0x76 }, periodMs: 50 }
outputs:
  - { name: lamp, kind: lamp, class: Led, options: { pin: 13 } }
`,
      DEVICE,
    );
    assert.ok(config.ok, config.ok ? '' : config.detail);
    const device = await openDevice(config.value);
    if (!device.ok && device.code === 'module-missing')
      console.log('skip: johnny-five is not installed (npm install)');
    else {
      assert.ok(device.ok, device.ok ? '' : device.detail);
      const watch = new Watch(device.value);
      await watch.until(() =>
        [0, 1].every((sensor) => watch.readings.some(({ channel }) => channel === sensor)),
      );
      for (const { channel, mantissa } of watch.readings) {
        const [wanted, within] = channel === 0 ? [2000, 100] : [101_300, 5];
        assert.ok(Math.abs(mantissa - wanted!) <= within!, `${channel}: ${mantissa}`);
      }
      for (const level of [1, 0]) assert.ok((await device.value.command(2, level)).ok);
      await uno.until(() => uno.lines.length >= 3);
      assert.equal(uno.lines.slice(1), [
        { pin: 'PB5', level: 1 },
        { pin: 'PB5', level: 0 },
      ]);
      await device.value.close();
    }
    uno.child.stdin!.end();
    assert.is(await uno.ended, 0);
  },
);

emulate('begins after the samples it is told to skip', async () => {
  const series = join(folder, 'two.csv');
  writeFileSync(series, 'date,pressure,temperature,wind\n0,1013.0,10.0,1.0\n1,1013.0,20.0,1.0\n');
  const args = ['--board', 'station', '--series', series, '--skip', '1', '--hold', '1000', '--speed', '20'];
  const board = await new Emulator(args).ready();
  const device = await openFrames({ path: link, backoff: BACKOFF });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  await watch.until(() => watch.readings.some((reading) => reading.channel === 0));
  const { mantissa } = watch.readings.find((reading) => reading.channel === 0)!;
  assert.ok(Math.abs(mantissa - 2000) <= 1, String(mantissa));
  await device.value.close();
  board.child.kill('SIGTERM');
  assert.is(await board.ended, 0);
});

for (const [what, args, sentence] of [
  ['an unknown board', ['--board', 'lamp'], /config-invalid: --board lamp: station, valve or firmata/],
  ['a speed that is none', ['--board', 'valve', '--speed', 'fast'], /config-invalid: --speed fast/],
  ['samples to skip that are none', ['--board', 'station', '--skip', 'x'], /config-invalid: --skip x/],
  [
    'firmware that is not there',
    ['--board', 'valve', '--hex', '/nowhere.hex'],
    /no firmware at \/nowhere\.hex/,
  ],
  [
    'a series that is not there',
    ['--board', 'station', '--series', '/no.csv'],
    /no weather series at \/no\.csv/,
  ],
  [
    'a serial number that is none',
    ['--board', 'valve', '--serial', '12'],
    /--serial 12: 16 hexadecimal digits/,
  ],
] as const) {
  emulate(`refuses ${what} and names it`, async () => {
    const refused = new Emulator(args);
    assert.is(await refused.ended, 1);
    assert.match(refused.errors, sentence);
  });
}

const inProcess = suite('chipPeer');

inProcess('runs a board behind a binding, without a terminal', async () => {
  const sample = weather();
  const binding = new PeerBinding();
  const build = (onSend: (byte: number) => void) =>
    buildStation({ program: programOf('station'), serial: SERIAL, weather: [sample], hold: 1, onSend });
  binding.plug('station', chipPeer(build, 20));
  const device = await openFrames({ path: 'station', binding, backoff: BACKOFF });
  assert.ok(device.ok);
  const watch = new Watch(device.value);
  await watch.until(() => watch.readings.length >= 8);
  const of = (channel: number): number =>
    watch.readings.find((reading) => reading.channel === channel)!.mantissa;
  assert.ok(Math.abs(of(0) - sample.temperatureCentiC) <= 1);
  assert.ok(Math.abs(of(1) - sample.pressurePa!) <= 2);
  assert.ok(Math.abs(of(2) - sample.humidityCentiRh!) <= 2);
  assert.is(of(3), sample.windDeciMs);
  await device.value.close();
});

emulate.run();
inProcess.run();
