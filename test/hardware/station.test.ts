/** The weather station's firmware, executed: the committed HEX on an emulated chip with a virtual BME280. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BME280_ADDRESS, Bme280Model } from '../../hardware/bench/bme280-model.ts';
import { Chip, RESET_EXTERNAL, type TwiDevice } from '../../hardware/bench/chip.ts';
import { readWeather, type Weather } from '../../hardware/bench/weather.ts';
import { toHex } from '../../schemas/bytes.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { CODES } from '../../schemas/result.ts';
import { encodeSerial, type Fault, SERIAL_PROTOCOL, type SerialMessage } from '../../schemas/serial.ts';
import { Board, names, programOf, SERIAL, stationBoard, weather } from './board.ts';

const TEMPERATURE = 0;
const PRESSURE = 1;
const HUMIDITY = 2;
const WIND = 3;
const CHANNELS = [TEMPERATURE, PRESSURE, HUMIDITY, WIND];
const FAULT_SENSOR_MISSING = 1;
const FAULT_NOT_MEASURED = 3;
const FAULT_FRAME_REFUSED = 4;
const FAULT_WATCHDOG = 8;
/** The register that lets timer 0 interrupt. */
const TIMSK0 = 0x6e;

/** What oversampling 1 resolves: 2.6 Pa and 0.005 C (datasheet section 3.4). */
const PRESSURE_PA_OFF = 2;
const CENTI_OFF = 1;

const seattle = (): readonly Weather[] => {
  const series = readWeather('seattle');
  if (!series.ok) throw new Error(series.detail);
  return series.value;
};

const greeted = (samples: readonly Weather[]): Board => {
  const board = stationBoard({ weather: samples, hold: 1 });
  board.boot();
  board.greet();
  return board;
};

/** Every channel of the series at the board's fastest common period, `count` samples long. */
const measure = (samples: readonly Weather[], channels: readonly number[]): number[][] => {
  const board = greeted(samples);
  for (const channel of channels) assert.is(board.setPeriod(channel, 0), 0);
  for (const channel of channels) assert.is(board.setPeriod(channel, 1000), 0); // in step from the next second on
  const said = board.during(1000 * (samples.length + 1));
  return channels.map((channel) => board.readings(channel, said).map((reading) => reading.mantissa));
};

/** The best place of the series for what was measured: it began before we counted, and starts again at its end. */
const assertSeries = (
  measured: readonly number[],
  series: readonly number[],
  off: number,
  what: string,
): void => {
  assert.ok(measured.length >= series.length, `${measured.length} readings of ${series.length}`);
  const fits = (shift: number): boolean =>
    measured.every((value, i) => Math.abs(value - series[(i + shift) % series.length]!) <= off);
  assert.ok(
    series.some((_, shift) => fits(shift)),
    `${what}: ${measured.slice(0, 8)} within ${off} of ${series.slice(0, 8)}`,
  );
};

const faults = (said: readonly SerialMessage[]): Fault[] =>
  said.filter((one): one is Fault => one.type === 'fault');

const station = suite('weather station');

station('keeps quiet until it is greeted, but for one identity', () => {
  const board = stationBoard({ weather: [weather()], hold: 1 });
  const said = board.during(5000);
  assert.equal(
    said.map((one) => one.type),
    ['identity'],
  );
  assert.is((said[0] as { nonce: number }).nonce, 0);
});

station('answers a hello with its nonce, serial number and channels', () => {
  const board = stationBoard({ weather: [weather()], hold: 1 });
  board.boot();
  const identity = board.greet();
  assert.is(identity.board, 'weather-station');
  assert.is(toHex(identity.serial), toHex(SERIAL));
  assert.equal(identity.capabilities, [
    ...[{ channel: 0, name: 'temperature', kind: 'temperature', unit: 'Cel', exponent: -2 }].map(sensor),
    ...[{ channel: 1, name: 'pressure', kind: 'pressure', unit: 'Pa', exponent: 0 }].map(sensor),
    ...[{ channel: 2, name: 'humidity', kind: 'humidity', unit: '%RH', exponent: -2 }].map(sensor),
    ...[{ channel: 3, name: 'wind', kind: 'wind-speed', unit: 'm/s', exponent: -1 }].map(sensor),
  ]);
});

const sensor = (of: object): object => ({ ...of, direction: 'sensor', periodMs: 1000 });

station('sends the recorded weather of Seattle: 0.01 C, 2 Pa and every wind', () => {
  const samples = seattle().slice(4000, 4100);
  const [temperature, pressure, wind] = measure(samples, [TEMPERATURE, PRESSURE, WIND]);
  assertSeries(
    temperature!,
    samples.map((one) => one.temperatureCentiC),
    CENTI_OFF,
    'temperature',
  );
  assertSeries(
    pressure!,
    samples.map((one) => one.pressurePa!),
    PRESSURE_PA_OFF,
    'pressure',
  );
  assertSeries(
    wind!,
    samples.map((one) => one.windDeciMs!),
    0,
    'wind',
  );
});

/** One humidity in 65,536 is the very value that the sensor has for "not measured" (datasheet section 5.4.7). */
const isMeasured = (sample: Weather): boolean => {
  const sensor = new Bme280Model(
    () => sample,
    () => 0,
  );
  sensor.start(true);
  for (const byte of [0xf2, 1, 0xf4, 0x25]) sensor.write(byte); // once each, in forced mode
  sensor.start(true);
  sensor.write(0xfd);
  sensor.start(false);
  return 256 * sensor.read() + sensor.read() !== 0x8000;
};

station('sends any weather there is, at the resolution of the sensor', () => {
  const anywhere = fc
    .record({
      temperatureCentiC: fc.integer({ min: -4000, max: 8500 }),
      pressurePa: fc.integer({ min: 30_000, max: 110_000 }),
      humidityCentiRh: fc.integer({ min: 200, max: 9800 }),
      windDeciMs: fc.integer({ min: 0, max: 324 }),
    })
    .filter(isMeasured);
  fc.assert(
    fc.property(fc.array(anywhere, { minLength: 10, maxLength: 30 }), (samples) => {
      const [temperature, pressure, humidity, wind] = measure(samples, CHANNELS);
      assertSeries(
        temperature!,
        samples.map((one) => one.temperatureCentiC),
        CENTI_OFF,
        'temperature',
      );
      assertSeries(
        pressure!,
        samples.map((one) => one.pressurePa),
        PRESSURE_PA_OFF,
        'pressure',
      );
      assertSeries(
        humidity!,
        samples.map((one) => one.humidityCentiRh),
        2,
        'humidity',
      );
      assertSeries(
        wind!,
        samples.map((one) => one.windDeciMs),
        0,
        'wind',
      );
    }),
    { numRuns: 8 },
  );
});

station('takes the sensor at its word that a quantity is not measured', () => {
  const ambiguous = { temperatureCentiC: 6923, pressurePa: 30_000, humidityCentiRh: 7464, windDeciMs: 0 };
  assert.not(isMeasured(ambiguous));
  assert.not(
    greeted([ambiguous])
      .greet()
      .capabilities.some(({ name }) => name === 'humidity'),
  );
});

station('measures once for all channels of one period', () => {
  let conversions = 0;
  const sensorModel = new Bme280Model(
    () => {
      conversions++;
      return weather();
    },
    () => board.chip.nowMs,
  );
  const board: Board = boardWith(new Map([[BME280_ADDRESS, sensorModel]]), () => 1);
  board.boot();
  board.greet();
  conversions = 0;
  const said = board.during(10_000);
  assert.is(conversions, 10);
  for (const channel of CHANNELS) assert.is(board.readings(channel, said).length, 10);
});

const boardWith = (twi: Map<number, TwiDevice>, analog: () => number): Board =>
  new Board((onSend) => new Chip({ program: programOf('station'), eeprom: SERIAL, twi, analog, onSend }));

station('announces no humidity that the sensor does not measure, and says so', () => {
  const board = stationBoard({ weather: [weather({ humidityCentiRh: undefined })], hold: 1 });
  board.boot();
  assert.equal(names(board.greet().capabilities), ['temperature', 'pressure', 'wind']);
  const said = board.during(3000);
  assert.equal(board.readings(HUMIDITY, said), []);
  assert.equal(
    faults(said).map(({ fault, count }) => [fault, count]),
    [[FAULT_NOT_MEASURED, 1]],
  );
});

station('works without its sensors, and finds one that is plugged in', () => {
  const bus = new Map<number, TwiDevice>();
  const board = boardWith(bus, () => 0);
  board.boot();
  assert.equal(board.greet().capabilities, []);
  const fault = faults(board.during(2000)).find((one) => one.fault === FAULT_SENSOR_MISSING);
  assert.is(fault?.count, 1);
  bus.set(
    BME280_ADDRESS,
    new Bme280Model(
      () => weather(),
      () => board.chip.nowMs,
    ),
  );
  const said = board.during(1500);
  const news = said.find((one) => one.type === 'identity');
  assert.is(news?.type === 'identity' ? news.nonce : undefined, 0);
  assert.equal(names(board.greet().capabilities), ['temperature', 'pressure', 'humidity']);
  bus.delete(BME280_ADDRESS);
  board.run(1500);
  assert.equal(board.greet().capabilities, []);
});

station('takes a BMP280 for one, and nothing else', () => {
  for (const [id, expected] of [
    [0x58, ['temperature', 'pressure']],
    [0x61, []],
  ] as const) {
    const model = new Bme280Model(
      () => weather(),
      () => board.chip.nowMs,
    );
    let register = 0;
    const other: TwiDevice = {
      start: (write) => model.start(write),
      write: (byte) => {
        register = byte;
        return model.write(byte);
      },
      read: () => (register === 0xd0 ? id : model.read()),
    };
    const board: Board = boardWith(new Map([[BME280_ADDRESS, other]]), () => 0);
    board.boot();
    assert.equal(names(board.greet().capabilities), expected);
  }
});

station('reads 10 times a period of 10 ms in 100 ms on every channel, and loses nothing', () => {
  const board = greeted([weather()]);
  for (const channel of CHANNELS) assert.is(board.setPeriod(channel, 10), 0);
  const said = board.during(1000);
  for (const channel of CHANNELS) {
    const readings = board.readings(channel, said);
    assert.ok(readings.length >= 99 && readings.length <= 101, `${readings.length} readings`);
    for (const [i, reading] of readings.entries()) assert.is(reading.seq, readings[0]!.seq + i);
  }
  assert.equal(faults(said), []);
});

station('does not drift, and changes its period when told', () => {
  for (const periodMs of [20, 250, 60_000]) {
    const board = greeted([weather()]);
    for (const channel of [PRESSURE, HUMIDITY, WIND]) board.setPeriod(channel, 0);
    assert.is(board.setPeriod(TEMPERATURE, periodMs), 0);
    const before = board.heard.length;
    board.run(periodMs < 1000 ? 100 * periodMs : 2 * periodMs + 100);
    const times = board.heard
      .slice(before)
      .filter(({ message }) => message.type === 'reading')
      .map(({ atMs }) => atMs);
    assert.ok(times.length >= (periodMs < 1000 ? 99 : 2), `${times.length} readings`);
    // 11 ms to measure and send, two of jitter: from the first to the last alike.
    for (const atMs of times)
      assert.ok(atMs % periodMs > 9 && atMs % periodMs < 13, `${atMs} of ${periodMs}`);
  }
});

station('refuses what it cannot do, with the code', () => {
  const board = greeted([weather()]);
  const unknown = CODES['channel-unknown'];
  const range = CODES['value-out-of-range'];
  assert.is(board.command(TEMPERATURE, 1), unknown);
  assert.is(board.command(9, 1), unknown);
  assert.is(board.command(254, 1), unknown);
  assert.is(board.setPeriod(9, 1000), unknown);
  assert.is(board.setPeriod(TEMPERATURE, 9), range);
  assert.is(board.setPeriod(TEMPERATURE, 86_400_000), 0);
});

station('loses only the frame that noise runs into', () => {
  const board = greeted([weather()]);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (noise) => {
      board.chip.receive(noise);
      board.chip.receive(Uint8Array.of(0));
      board.run(10);
      assert.is(board.setPeriod(TEMPERATURE, 2000), 0);
    }),
    { numRuns: 50 },
  );
  assert.ok(faults(board.during(1500)).some((one) => one.fault === FAULT_FRAME_REFUSED && one.count > 0));
});

station('survives a reset in the middle of a frame', () => {
  const board = greeted([weather()]);
  const hello = encodeFrame(encodeSerial({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: 77 }));
  board.chip.receive(hello.subarray(0, 6));
  board.send({ type: 'hello', protocol: SERIAL_PROTOCOL, nonce: 78 });
  board.run(3); // its answer has begun
  board.chip.reset(RESET_EXTERNAL);
  const said = board.boot();
  assert.is(said.at(-1)?.type, 'identity');
  assert.equal(names(board.greet().capabilities), ['temperature', 'pressure', 'humidity', 'wind']);
  assert.is(board.readings(TEMPERATURE, board.during(1000))[0]?.seq, 0);
});

station('sends nothing to a host of another protocol', () => {
  const board = stationBoard({ weather: [weather()], hold: 1 });
  board.boot();
  board.send({ type: 'hello', protocol: SERIAL_PROTOCOL + 1, nonce: 5 });
  assert.equal(
    board.during(3000).map((one) => one.type),
    ['identity'],
  );
});

station('is restarted by its watchdog when its clock stops, and says so', () => {
  const board = greeted([weather()]);
  board.chip.upset(TIMSK0, 0);
  board.run(1200);
  board.boot();
  board.greet();
  assert.ok(faults(board.during(1500)).some((one) => one.fault === FAULT_WATCHDOG));
});

station.run();
