/** Bad input at the ports of real agents: each kind is told in a sentence, and what is good is sold and paid. */

import { chmodSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeCbor } from '../../schemas/cbor.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import { withChecksum } from '../firmware-bridge/lines/heard.ts';
import { ScriptedBoard } from '../firmware-bridge/scripted-board.ts';
import { HomeThermometer, plugAt, TextInstrument, Thermometer } from './instruments.ts';
import { MeteredStation } from './metered-station.ts';
import { runProgram } from './program.ts';
import { offerOf, Trade } from './trade.ts';

const MEASURE_MS = 20;
const READINGS = 60;

type Context = { trade: Trade; measuring: NodeJS.Timeout | undefined; unplug: (() => unknown)[] };
const test = suite<Context>('a bridge in bad company');

test.before.each(async (context) => {
  Object.assign(context, { trade: await Trade.open(), measuring: undefined, unplug: [] });
});
test.after.each(async ({ trade, measuring, unplug }) => {
  clearInterval(measuring);
  await trade.end();
  for (const pull of unplug) await pull();
});

const sentence = (text: string): string => `${withChecksum(text)}\r\n`;

/** What an instrument may say between two good lines, and what is told of it. */
const BAD_LINES: readonly (readonly [string, RegExp])[] = [
  [`${'A'.repeat(5000)}\r\n`, /more than 4096 bytes without the end of a line/],
  ['$INMTW,9.5,C*00\r\n', /its characters sum to 28, one of them was damaged/],
  [sentence('WIMWV,400,R,1,K,A'), /relative-wind-angle is 400 deg, not from -360 to 360/],
  [sentence('IIXDR,Z,12.1,foo,AIR'), /unit "foo", which is no SenML unit/],
];

/** The last is a command to a terminal. */
const NO_UTF8 = Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0x9b, 0x0d, 0x0a);

/** The same on topics. */
const BAD_MESSAGES: readonly (readonly [string | Buffer, RegExp])[] = [
  [Buffer.alloc(70_000, 0x31), /shed\/noise has 70000 bytes, at most 65536/],
  ['{"t":1e400}', /temperature: 1e400 is beyond all that is measured/],
  ['{"x":{"y":1}}', /temperature: there is no \/t in the message, it has \/x/],
];

test('says once what is of no use, in the words of each driver, and sells the rest', async (context) => {
  const { trade } = context;
  const devices = {
    mast: new TextInstrument(trade),
    buoy: new TextInstrument(trade, 'buoy'),
    board: new Thermometer(trade),
    shed: new HomeThermometer(),
  };
  const pairs = await plugAt(trade.path('pairs.tty'));
  for (const device of Object.values(devices)) await device.plug();
  context.unplug = [...Object.values(devices).map((device) => () => device.unplug()), pairs.close];
  await trade.box();
  const mapping = `[{ field: temp, name: air, kind: temperature, unit: '°C' }]`;
  const text = `{ format: key-value, mapping: ${mapping} }`;
  const seller = trade.seller(
    [
      ...Object.values(devices).map((device) => device.config),
      `{ driver: lines, name: pairs, path: '${trade.path('pairs.tty')}', silenceS: 1, text: ${text} }`,
    ],
    [offerOf('board', 'temperature'), offerOf('mast', 'water-temperature')],
  );
  let turn = 0;
  context.measuring = setInterval(() => {
    for (const device of Object.values(devices)) device.measure();
    devices.mast.say(BAD_LINES[turn % BAD_LINES.length]![0]);
    devices.buoy.say(NO_UTF8);
    devices.shed.say('shed/noise', BAD_MESSAGES[turn % BAD_MESSAGES.length]![0]);
    if (trade.values().length > 0) devices.board.reading(0, 9999); // a number that was there already
    devices.board.reading(0, 9999, 9); // a channel that nobody announced
    pairs.write(Buffer.from('hum=40 temp=NaN\nhum=40\n'));
    turn++;
  }, MEASURE_MS);
  trade.buyer({ temperature: 'Cel' }, READINGS / 2);
  await trade.assertBooks(READINGS / 2);
  assert.ok(
    trade.values().every((value) => value < 90),
    'nothing that was refused is sold',
  );
  for (const reason of [
    ...[...BAD_LINES, ...BAD_MESSAGES].map(([, told]) => told),
    /buoy: no sentence, which begins with \$ or !: "ÿþÃ\(\\u009b"/,
    /board: reading 0 of temperature again, or late/,
    /board: a reading of channel 9, which the board has not announced/,
    /pairs: .* told no value for 1 s; at last: none of temp is in the line, which has "hum": correct the mapping/,
  ]) {
    await seller.said(reason);
    assert.is(seller.output().split(reason).length, 2, `${reason} once in:\n${seller.output()}`);
  }
});

test('names what is wrong with each port, and an offer that no sensor is there for', async (context) => {
  const { trade } = context;
  const foreign = new ScriptedBoard();
  const furlongs = new ScriptedBoard();
  for (const [board, name, identity] of [
    [foreign, 'foreign', [1, 3]],
    [furlongs, 'furlongs', [1, 2, 1, 'b', 'f', new Uint8Array(8), [[0, 'a', 'b', 'furlong', 0, 0, 0]], 0]],
  ] as const) {
    board.answer = () => {
      board.sendBytes(encodeFrame(encodeCbor(identity as never)));
      return undefined;
    };
    const pty = await plugAt(trade.path(`${name}.tty`), board.receive);
    board.open(pty.write);
    context.unplug.push(pty.close);
  }
  const good = new Thermometer(trade, 'good');
  const porch = new Thermometer(trade, 'porch');
  for (const thermometer of [good, porch]) {
    await thermometer.plug();
    context.unplug.push(() => thermometer.unplug());
  }
  writeFileSync(trade.path('file'), '');
  const frames = (name: string, path: string): string => `{ driver: frames, name: ${name}, path: '${path}' }`;
  const part = '{ name: soil, kind: soil, class: Sensr, options: { pin: A0 } }';
  const devices = [
    good.config,
    porch.config,
    frames('twin', realpathSync(trade.path('good.tty'))),
    frames('missing', trade.path('missing.tty')),
    frames('file', trade.path('file')),
    frames('foreign', trade.path('foreign.tty')),
    frames('furlongs', trade.path('furlongs.tty')),
    `{ driver: firmata, name: greenhouse, path: '${trade.path('none.tty')}', sensors: [${part}] }`,
    "{ driver: topic, name: shed, broker: { url: 'mqtt://127.0.0.1:1' }, topics: { preset: tasmota, device: x } }",
  ];
  const seller = trade.seller(devices, [offerOf('porch', 'temprature')]);
  // Whichever of the two was first has the port.
  await seller.said(/device: (good|twin): scripted/);
  const ran = runProgram('devices', '--path', trade.path('good.tty'));
  assert.match(
    ran.error,
    new RegExp(`^tollbridge: port-in-use: .* in use by process ${seller.process.pid} `),
  );
  for (const reason of [
    /(twin|good): .* is in use by this very program: end it, or name another port/,
    /missing: no serial port .*missing\.tty: plug the board in/,
    /file: .* is no serial port: name the board's/,
    /foreign: the board speaks protocol 3, this host 2: update the older one/,
    /furlongs: the board at .* does not answer as our firmware does: .*unit/,
    /greenhouse: soil: Sensr has no usual property: did you mean Sensor\?/,
    /"temprature" is not on offer: porch has no sensor "temprature": did you mean "temperature"\?/,
    /shed: no connection to mqtt:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
  ])
    await seller.said(reason);
});

test('sells on a meter through replays, resets and another sale, and to nobody with a wrong key', async (context) => {
  const { trade } = context;
  const station = new MeteredStation(trade);
  await station.plug();
  context.unplug.push(() => station.close());
  await trade.box();
  await station.provision();
  const { readings } = station;
  const sell = [offerOf('station', 'temperature', PERIOD), offerOf('station', 'pressure', PERIOD)];
  for (const [name, prepare, words] of [
    ['none.key', () => {}, /does not exist; make one: tollbridge devices provision/],
    ['short.key', (path: string) => writeFileSync(path, 'abcd\n', { mode: 0o600 }), /64 hexadecimal digits/],
    ['open.key', (path: string) => copyOpen(station.keyFile, path), /mode 0644, .*chmod 600/],
  ] as const) {
    prepare(trade.path(name));
    const refused = trade.seller([station.configWith(trade.path(name))], sell);
    assert.is(await refused.ended, 1);
    assert.match(refused.output(), words);
  }
  writeFileSync(trade.path('other.key'), `${'5c'.repeat(32)}\n`, { mode: 0o600 });
  trade.buyer({ temperature: 'Cel', pressure: 'Pa' }, READINGS / 2);
  const stranger = trade.seller([station.configWith(trade.path('other.key'))], sell);
  await stranger.said(/signature-invalid: station: .*another meter key: name the file of the key/);
  await stranger.end('SIGTERM');
  assert.is(station.readings, readings, 'nothing is delivered on the word of a stranger');

  const seller = trade.seller([station.config], sell);
  await trade.bought(10);
  const { number } = station.meter!;
  for (const old of station.installs) station.replay(old);
  station.resetAtNextInstall();
  await trade.bought(READINGS / 2 + 10);
  for (const old of station.installs.slice(0, -1)) station.replay(old);
  station.reset();
  await trade.assertBooks(READINGS);
  assert.ok(station.meter!.number > number, 'replays never took it back');
  assert.is(station.resets, 2);
  const [temperatures, pressures] = [trade.values(), trade.values('pressure')];
  assert.equal([temperatures.length, pressures.length], [READINGS / 2, READINGS / 2]);
  assert.ok(
    temperatures.every((value, i) => i === 0 || value > temperatures[i - 1]!),
    `${temperatures}`,
  );
  assert.not.match(seller.output(), 'signature-invalid');
});

const PERIOD = ', periodMs: 20, ticks: 64';

const copyOpen = (from: string, to: string): void => {
  writeFileSync(to, readFileSync(from), { mode: 0o600 });
  chmodSync(to, 0o644);
};

test.run();
