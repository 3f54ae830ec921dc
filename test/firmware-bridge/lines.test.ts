import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../firmware-bridge/device.ts';
import type { LinesFormat } from '../../firmware-bridge/lines/formats.ts';
import { type LinesTiming, openLines } from '../../firmware-bridge/lines.ts';
import { PeerBinding } from '../../hardware/bench/binding.ts';
import { openPty } from '../../hardware/bench/pty.ts';
import { mapping, withChecksum } from './lines/heard.ts';
import { Instrument, wind } from './lines/instrument.ts';
import { Watch } from './watch.ts';

const PATH = '/dev/ttyTest0';
const NMEA: LinesFormat = { format: 'nmea' };
const PAIRS: LinesFormat = { format: 'key-value', mapping: [mapping('T')] };
const BACKOFF = { first: 1, max: 10 };
/** A pause of nothing: whatever comes is whole. */
const TIMING: LinesTiming = { open: 5000, silence: 60_000, pause: 0 };

type Opened = { device: Device; instrument: Instrument; binding: PeerBinding; watch: Watch };

const open = (binding: PeerBinding, format: LinesFormat, timing: Partial<LinesTiming> = {}) =>
  openLines({ ...format, path: PATH, binding, timing: { ...TIMING, ...timing }, backoff: BACKOFF });

const opened = async (
  greeting = wind(0),
  format: LinesFormat = NMEA,
  timing: Partial<LinesTiming> = {},
): Promise<Opened> => {
  const instrument = new Instrument();
  instrument.greeting = greeting;
  const binding = new PeerBinding();
  binding.plug(PATH, instrument);
  const device = await open(binding, format, timing);
  if (!device.ok) throw new Error(device.detail);
  return { device: device.value, instrument, binding, watch: new Watch(device.value) };
};

/** The answer where nothing opens. */
const refused = async (
  greeting: string | Uint8Array | undefined,
  format: LinesFormat,
  timing: Partial<LinesTiming>,
): Promise<string> => {
  const binding = new PeerBinding();
  const instrument = new Instrument();
  if (greeting !== undefined) {
    instrument.greeting = greeting;
    binding.plug(PATH, instrument);
  }
  const device = await open(binding, format, timing);
  if (device.ok) await device.value.close();
  return device.ok ? 'opened' : `${device.code}: ${device.detail}`;
};

const names = (device: Device): string[] => device.capabilities.map(({ name }) => name);

const lines = suite('openLines');

lines('knows an instrument by its first line, and its capabilities by what it says', async () => {
  const { device } = await opened();
  assert.equal(device.identity, { board: 'NMEA 0183 WIMWV', firmware: '', serial: '0000000000000000' });
  assert.ok(device.online && device.meter === null);
  assert.equal(names(device), ['relative-wind-angle', 'relative-wind-speed']);
  await device.close();
  assert.not(device.online);
});

lines('tells readings, each channel with a sequence of its own', async () => {
  const { device, instrument, watch } = await opened();
  instrument.say(wind(10) + wind(20));
  await watch.until(() => watch.readings.length === 4);
  assert.equal(watch.readings, [
    { channel: 0, seq: 1, mantissa: 10_000, exponent: -3 },
    { channel: 1, seq: 1, mantissa: 5000, exponent: -3 },
    { channel: 0, seq: 2, mantissa: 20_000, exponent: -3 },
    { channel: 1, seq: 2, mantissa: 5000, exponent: -3 },
  ]);
  await device.close();
});

lines('says that capabilities have grown, before the reading of the new one', async () => {
  const { device, instrument, watch } = await opened();
  const order: string[] = [];
  device.listen({
    onState: () => order.push(names(device).at(-1)!),
    onReading: ({ channel }) => order.push(String(channel)),
  });
  instrument.say(`${withChecksum('INMTW,17.9,C')}\r\n`);
  await watch.until(() => watch.readings.length === 1);
  assert.equal(watch.states, [{ online: true }]);
  assert.equal(order, ['water-temperature', '2']);
  await device.close();
});

lines('has the capabilities of a mapping at once', async () => {
  const format: LinesFormat = {
    format: 'key-value',
    mapping: [mapping('T'), mapping('H', { name: 'humidity', unit: '%RH' })],
  };
  const { device } = await opened('T=21.5\n', format);
  assert.equal(names(device), ['temperature', 'humidity']);
  assert.is(device.identity.board, 'key=value');
  await device.close();
});

lines('never stops at a bad line, and tells and counts each', async () => {
  const { device, instrument, watch } = await opened();
  const damaged = wind(11).replace('11.0', '12.0');
  const stray = `${withChecksum('APHDM,218.634,M')}\r\n`;
  const bytes = Buffer.concat([
    Buffer.from(damaged + stray),
    Uint8Array.of(0, 0x24, 0xff, 0x0a),
    Buffer.from(`${'x'.repeat(5000)}\n${wind(20)}`),
  ]);
  instrument.say(bytes);
  await watch.until(() => watch.readings.length === 2);
  assert.equal(
    watch.refused.map(({ code }) => code),
    ['frame-crc', 'object-malformed', 'object-malformed', 'frame-too-long'],
  );
  const noiseBytes = damaged.length - 2 + 3 + 5000;
  assert.is(
    watch.noise.reduce((sum, noise) => sum + noise.length, 0),
    noiseBytes,
  );
  assert.equal(device.health, {
    ...{ messages: 3, noiseBytes, checkErrors: 1, resyncs: 2, strays: 1 },
    ...{ lostReadings: 0, reconnects: 0 },
  });
  await device.close();
});

lines('reads lines that end with a CR among others that end with an LF', async () => {
  const { device, instrument, watch } = await opened('T=1\n', PAIRS);
  instrument.say('T=2\rT=3\r\nT=4\r\r\nT=5\n\rT=6\n');
  await watch.until(() => watch.readings.length === 5);
  assert.equal(
    watch.readings.map(({ mantissa }) => mantissa / 100),
    [2, 3, 4, 5, 6],
  );
  assert.is(device.health.noiseBytes, 0);
  await device.close();
});

lines('goes offline in silence, the port open, and comes back with the next value', async () => {
  const { device, instrument, watch } = await opened(wind(0), NMEA, { silence: 200 });
  await watch.until(() => watch.states.length === 1);
  const [away] = watch.states;
  assert.ok(away?.online === false && away.code === 'timeout');
  assert.match(away.detail, /\/dev\/ttyTest0 told no value for 0.2 s/);
  assert.not(device.online);
  instrument.say(wind(10));
  await watch.until(() => watch.readings.length === 2);
  assert.equal(watch.states[1], { online: true });
  assert.is(device.health.reconnects, 1);
  await device.close();
});

lines('is silent while it says nothing of use, and says what was wrong', async () => {
  const stray = `${withChecksum('GPRMC,,V,,,,,,,,,')}\r\n`;
  const { device, instrument, watch } = await opened(wind(0), NMEA, { silence: 200 });
  const talk = setInterval(() => instrument.say(stray), 5);
  await watch.until(() => watch.states.length === 1);
  clearInterval(talk);
  const [away] = watch.states;
  assert.match(away?.online === false ? away.detail : '', /at last: RMC has no measured position/);
  await device.close();
});

lines('comes back after it was unplugged, and forgets the line that was cut', async () => {
  const { device, instrument, binding, watch } = await opened();
  const [first, rest] = [wind(10).slice(0, 9), wind(10).slice(9)];
  instrument.say(first);
  await new Promise((resolve) => setImmediate(resolve));
  binding.unplug(PATH);
  await watch.until(() => watch.states.length === 1);
  assert.not(device.online);
  instrument.greeting = rest + wind(20);
  binding.plug(PATH, instrument);
  await watch.until(() => watch.readings.length === 2);
  assert.equal(
    watch.states.map(({ online }) => online),
    [false, true],
  );
  assert.is(watch.readings[0]!.mantissa, 20_000);
  assert.is(watch.readings[0]!.seq, 1);
  assert.is(device.health.reconnects, 1);
  await device.close();
});

lines('leaves out a line that began before the port was open, where nobody could tell', async () => {
  const { device, watch } = await opened('1.5\nT=22\nT=23\n', PAIRS, { pause: 60_000 });
  assert.is(device.health.noiseBytes, 3);
  assert.is(device.health.strays, 0);
  assert.equal(watch.refused, []);
  await device.close();
});

lines('thins on demand, and takes no command', async () => {
  const { device, instrument, watch } = await opened();
  assert.ok((await device.setPeriod(0, 60_000)).ok);
  instrument.say(wind(10) + wind(20) + wind(30));
  await watch.until(() => watch.readings.length === 4);
  assert.equal(
    watch.readings.map(({ channel }) => channel),
    [0, 1, 1, 1],
  );
  const answer = await device.command(0, 1);
  assert.is(answer.ok ? 'done' : answer.code, 'channel-unknown');
  await device.close();
});

lines('says why it does not open', async () => {
  assert.match(await refused(undefined, NMEA, { open: 20 }), /^port-missing: no serial port \/dev\/ttyTest0/);
  assert.match(
    await refused('', NMEA, { silence: 50 }),
    /^timeout: .*told no value for 0.05 s; at last: nothing was heard: is it on/,
  );
  assert.match(
    await refused('temp=21\n', PAIRS, { silence: 200 }),
    /^timeout: .*none of T is in the line, which has "temp": correct the mapping/,
  );
  assert.match(
    await refused(Buffer.alloc(8192, 0xf8), NMEA, { silence: 200 }),
    /^timeout: .*without the end of a line: is the baud rate right/,
  );
  assert.match(await refused('', { format: 'json', mapping: [] }, {}), /^config-invalid: format json needs/);
});

lines('says that a port is denied at once', async () => {
  const binding = {
    list: async () => [],
    open: async () => {
      throw new Error('Error: Permission denied, cannot open /dev/ttyTest0');
    },
  };
  const device = await openLines({ ...NMEA, path: PATH, binding, timing: TIMING });
  assert.is(device.ok ? 'opened' : device.code, 'port-denied');
});

lines('tells nothing once it is closed, though a chunk goes on', async () => {
  const { device, instrument } = await opened();
  let told = 0;
  const done = new Promise<void>((resolve) => {
    device.listen({
      onReading: () => {
        told++;
        void device.close().then(resolve);
      },
    });
  });
  instrument.say(wind(10) + wind(20) + withChecksum('INMTW,1,C'));
  await done;
  assert.is(told, 1);
  assert.not(device.online);
});

lines('opens one port once', async () => {
  const { device, binding } = await opened();
  const second = await open(binding, NMEA, { open: 20 });
  assert.is(second.ok ? 'opened' : second.code, 'port-in-use');
  await device.close();
});

lines('reads a pseudo-terminal, and finds the next one at its path', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lines-'));
  const path = join(folder, 'wind');
  const plug = async () => {
    const pty = await openPty({ link: path, onData: () => {}, onClose: () => {} });
    if (!pty.ok) throw new Error(pty.detail);
    return pty.value;
  };
  let angle = 0;
  let pty = await plug();
  const talk = setInterval(() => pty.write(Buffer.from(wind(angle++ % 360))), 2);
  const device = await openLines({ ...NMEA, path, timing: TIMING, backoff: BACKOFF });
  assert.ok(device.ok, device.ok ? '' : device.detail);
  const watch = new Watch(device.value);
  await watch.until(() => watch.readings.length >= 20);
  pty.close();
  await watch.until(() => watch.states.length === 1);
  pty = await plug();
  const before = watch.readings.length;
  await watch.until(() => watch.readings.length >= before + 20);
  clearInterval(talk);
  await device.value.close();
  pty.close();
  rmSync(folder, { recursive: true });
  for (const channel of [0, 1]) {
    const seqs = watch.readings.filter((reading) => reading.channel === channel).map(({ seq }) => seq);
    assert.equal(
      seqs,
      seqs.map((_, i) => seqs[0]! + i),
      'the sequence has no gap and no double',
    );
  }
});

lines.run();
