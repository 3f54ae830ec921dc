/** `tollbridge devices`, with boards at pseudo-terminals; and that what it prints is a configuration. */

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AGENT_SHAPE } from '../../agent/config.ts';
import { HELP, run } from '../../agent/devices-command.ts';
import { SHAPE_FIRMATA } from '../../agent/drivers/firmata.ts';
import { SHAPE_FRAMES } from '../../agent/drivers/frames.ts';
import { SHAPE_LINES } from '../../agent/drivers/lines.ts';
import { readConfig } from '../../agent/host/config-file.ts';
import { s } from '../../agent/host/shape.ts';
import { name } from '../../agent/shapes.ts';
import { type Looked, lookedLines, yamlLines } from '../../agent/view/devices.ts';
import { stylesFor } from '../../agent/view/style.ts';
import type { Found } from '../../firmware-bridge/discovery/identify.ts';
import { openPty } from '../../hardware/bench/pty.ts';
import { CODES, ok, refuse } from '../../schemas/result.ts';
import { ROLE, SLOT } from '../../schemas/serial.ts';
import { ScriptedBoard } from '../firmware-bridge/scripted-board.ts';
import { THERMOMETER } from './market.ts';

/** A board of which each slot can be written once. */
class BlankBoard extends ScriptedBoard {
  readonly slots = new Map<number, Uint8Array>();

  constructor() {
    super();
    this.answer = (message) => {
      if (message.type !== 'provision') return this.usual(message);
      const isSet = this.slots.has(message.slot);
      if (!isSet) this.slots.set(message.slot, message.bytes);
      return { type: 'ack', id: message.id, code: isSet ? CODES['not-authorised'] : 0 };
    };
  }

  override identity(nonce: number): ReturnType<ScriptedBoard['identity']> {
    const set =
      (this.slots.has(SLOT.meterKey) ? ROLE.meterKey : 0) |
      (this.slots.has(SLOT.payerSecret) ? ROLE.payerSecret : 0);
    return { ...super.identity(nonce), roles: ROLE.meter | ROLE.payer | set };
  }
}

type Place = { readonly folder: string; readonly link: string; readonly board: ScriptedBoard };

const withBoard =
  (board: ScriptedBoard, body: (place: Place) => Promise<void>) => async (): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'devices-'));
    const link = join(folder, 'board.tty');
    const pty = await openPty({ link, onData: board.receive, onClose: () => {} });
    if (!pty.ok) throw new Error(pty.detail);
    board.open(pty.value.write);
    try {
      await body({ folder, link, board });
    } finally {
      pty.value.close();
      rmSync(folder, { recursive: true });
    }
  };

/** The exit code or the refusal, and what was printed. */
const running = async (...argv: string[]): Promise<[number | string, string]> => {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    const exit = await run(argv);
    return [exit.ok ? exit.value : `${exit.code}: ${exit.detail}`, lines.join('\n')];
  } finally {
    console.log = log;
  }
};

const command = suite('tollbridge devices');

command(
  'tells who is at a port, and what to write for it',
  withBoard(new ScriptedBoard(), async ({ link }) => {
    const [exit, printed] = await running('--path', link);
    assert.is(exit, 0);
    assert.match(printed, 'scripted 1, 0102030405060708');
    assert.match(printed, `    path: ${JSON.stringify(link)}\n    serial: "0102030405060708"`);
  }),
);

command(
  'tells it as JSON',
  withBoard(new ScriptedBoard(), async ({ link }) => {
    const [exit, printed] = await running('--path', link, '--json');
    assert.is(exit, 0);
    const [port] = JSON.parse(printed).ports;
    assert.is(port.path, link);
    assert.is(port.found.driver, 'frames');
    assert.is(port.found.serial, '0102030405060708');
  }),
);

command('refuses a port that is not there, with its remedy', async () => {
  const [exit, printed] = await running('--path', '/dev/ttyNowhere');
  assert.match(String(exit), /^port-missing: .*plug the board in/);
  assert.match(printed, 'port-missing');
});

command('refuses what it does not understand', async () => {
  assert.match((await running('provide'))[0] as string, /^config-invalid: write: tollbridge devices/);
  assert.match((await running('--timeout', 'long'))[0] as string, /^config-invalid: --timeout long/);
  assert.match((await running('provision'))[0] as string, /^config-invalid: --path is missing/);
  assert.match((await running('provision', '--path', '/dev/x'))[0] as string, /name what it is given/);
});

command('explains each option', () => {
  for (const option of ['path', 'timeout', 'json', 'meter-key', 'payer-secret', 'serial'])
    assert.match(HELP, new RegExp(`--${option} `));
});

command.run();

const provision = suite('tollbridge devices provision');

provision(
  'makes a key, keeps it for its owner alone, and gives it to the board once',
  withBoard(new BlankBoard(), async ({ folder, link, board }) => {
    const file = join(folder, 'meter-key');
    const [exit, printed] = await running('provision', '--path', link, '--meter-key', file);
    assert.is(exit, 0);
    assert.match(printed, `its meter key is that of ${file}`);
    assert.is(statSync(file).mode & 0o777, 0o600);
    const { slots } = board as BlankBoard;
    assert.is(readFileSync(file, 'utf8'), `${Buffer.from(slots.get(SLOT.meterKey)!).toString('hex')}\n`);
    const [again] = await running('provision', '--path', link, '--meter-key', file);
    assert.match(String(again), /^not-authorised: .*it has one already/);
    const other = join(folder, 'other-key');
    const [lost] = await running('provision', '--path', link, '--meter-key', other);
    assert.match(String(lost), /^not-authorised: .*has a meter key already, .*: restore .*other-key$/);
    assert.not.ok(existsSync(other), 'no file that looks like its key');
  }),
);

provision(
  'gives the key that a file has, a serial number and a secret',
  withBoard(new BlankBoard(), async ({ folder, link, board }) => {
    const file = join(folder, 'secret');
    writeFileSync(file, `${'5c'.repeat(32)}\n`, { mode: 0o600 });
    const [exit] = await running(
      'provision',
      '--path',
      link,
      '--payer-secret',
      file,
      '--serial',
      '0a'.repeat(8),
    );
    assert.is(exit, 0);
    const { slots } = board as BlankBoard;
    assert.equal(slots.get(SLOT.payerSecret), new Uint8Array(32).fill(0x5c));
    assert.equal(slots.get(SLOT.serial), new Uint8Array(8).fill(0x0a));
  }),
);

provision(
  'makes no key for a board without a meter, nor of a file that others can read',
  withBoard(new ScriptedBoard(), async ({ folder, link }) => {
    const file = join(folder, 'meter-key');
    const [exit] = await running('provision', '--path', link, '--meter-key', file);
    assert.match(String(exit), /^not-authorised: scripted has no meter/);
    assert.not.ok(existsSync(file));
  }),
);

provision(
  'gives nothing of a file that is no key, or that others can read',
  withBoard(new BlankBoard(), async ({ folder, link, board }) => {
    const file = join(folder, 'meter-key');
    writeFileSync(file, 'abc\n', { mode: 0o600 });
    assert.match(
      (await running('provision', '--path', link, '--meter-key', file))[0] as string,
      /64 hexadecimal/,
    );
    writeFileSync(join(folder, 'open'), `${'5c'.repeat(32)}\n`, { mode: 0o644 });
    const [exit] = await running('provision', '--path', link, '--meter-key', join(folder, 'open'));
    assert.match(String(exit), /^key-file: .*chmod 600/);
    assert.is((board as BlankBoard).slots.size, 0);
  }),
);

provision.run();

const DEVICES = s.object(
  {
    devices: s.list(
      s.variant(
        'driver',
        {
          frames: { name: name('Name', 'a'), ...SHAPE_FRAMES },
          lines: { name: name('Name', 'a'), ...SHAPE_LINES },
          firmata: { name: name('Name', 'a'), ...SHAPE_FIRMATA },
        },
        { about: 'A device' },
      ),
      { about: 'Devices' },
    ),
  },
  { about: 'A file' },
);

const looked = (path: string, found: Found): Looked => ({ port: { path, target: path }, found: ok(found) });
const text = (format: 'nmea' | 'json' | 'csv' | 'key-value', fields: string[]): Found => ({
  ...{ driver: 'lines', baudRate: 4800 },
  text: { format, fields, delimiter: format === 'csv' ? 'semicolon' : null, sample: 'x'.repeat(80) },
});
const FOUND: readonly Looked[] = [
  looked('/dev/ttyUSB0', { driver: 'frames', identity: new BlankBoard().identity(1) }),
  looked('/dev/ttyUSB1', { driver: 'frames', identity: new ScriptedBoard().identity(1) }),
  looked('/dev/ttyUSB2', {
    ...{ driver: 'firmata', firmware: 'Standard Firmata.ino', version: '2.5', baudRate: 57_600 },
  }),
  looked('/dev/ttyUSB3', text('nmea', [])),
  looked('/dev/ttyUSB4', text('json', ['/out/temp', '/in/temp', '/a~1b'])),
  looked('/dev/ttyUSB5', text('csv', ['2', '3'])),
  looked('/dev/ttyUSB6', text('key-value', ['Ta', 'Ua', '°'])),
  looked('/dev/ttyUSB7', { driver: null, heard: 0, baudRate: 0 }),
  looked('/dev/ttyUSB8', { driver: null, heard: 12, baudRate: 9600 }),
  looked('/dev/ttyUSB9', { driver: 'frames-foreign', detail: 'the board speaks protocol 1' }),
  {
    port: { path: '/dev/serial/by-id/usb-x', target: '/dev/ttyUSB10' },
    found: refuse('port-denied', 'no permission: sudo usermod -aG dialout'),
  },
];

const view = suite('what was found');

view('is a row for each port, with its remedy', () => {
  const lines = lookedLines(FOUND, stylesFor(false, {}));
  assert.is(lines.length, FOUND.length + 1);
  assert.match(lines[1]!, 'meter without a key, payer without a secret');
  assert.match(lines[4]!, 'text, nmea');
  assert.match(lines[8]!, 'is it powered?');
  assert.match(lines[11]!, /usb-x\s+\/dev\/ttyUSB10\s+port-denied\s+no permission: sudo usermod/);
});

view('is a configuration that an agent accepts, once its owner has said the units', () => {
  const yaml = `${yamlLines(FOUND).join('\n')}\n`;
  const unsaid = readConfig('agent.yaml', yaml, DEVICES);
  assert.match(unsaid.ok ? '' : unsaid.detail, /"\?" is no unit/);
  const file = readConfig('agent.yaml', yaml.replaceAll('unit: "?"', 'unit: hPa'), DEVICES);
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.equal(
    file.value.devices.map((device) => device.name),
    ['scripted', 'scripted-2', 'Standard-Firmata', 'nmea', 'json', 'csv', 'key-value'],
  );
});

view('offers what boards of ours measure, once the marks are taken away', () => {
  const head =
    'broker: { url: mqtt://127.0.0.1:1883 }\nsettlers: [{ key: did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd }]\n';
  const stations = ['/dev/ttyUSB0', '/dev/ttyUSB1'].map((path) => {
    const board = new ScriptedBoard();
    board.capabilities = [THERMOMETER];
    return looked(path, { driver: 'frames', identity: board.identity(1) });
  });
  const yaml = yamlLines(stations).join('\n').replaceAll('#', '');
  const file = readConfig('agent.yaml', `${head}${yaml}\n`, AGENT_SHAPE);
  assert.ok(file.ok, file.ok ? '' : file.detail);
  assert.equal(
    file.value.sell.map((one) => [one.name, one.device, one.sensor]),
    [
      ['temperature', 'scripted', 'temperature'],
      ['temperature-2', 'scripted-2', 'temperature'],
    ],
  );
});

view('is no configuration where nothing was recognised', () => assert.equal(yamlLines(FOUND.slice(7)), []));

view.run();
