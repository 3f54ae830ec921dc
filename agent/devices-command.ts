/** `tollbridge devices`: what is at the serial ports, ready for a configuration; and keys into boards. */

import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Found, identify } from '../firmware-bridge/discovery/identify.ts';
import { type PortName, portAt, serialPorts } from '../firmware-bridge/discovery/ports.ts';
import { type Board, openFrames } from '../firmware-bridge/frames.ts';
import { fromHex, toHex } from '../schemas/bytes.ts';
import { METER_KEY_BYTES } from '../schemas/meter.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { ROLE, SLOT } from '../schemas/serial.ts';
import { loadCrypto } from './host/crypto.ts';
import type { HostCrypto } from './host/host-crypto.ts';
import { createSharedKey, loadSharedKey } from './host/key-file.ts';
import { type Looked, lookedLines, yamlLines } from './view/devices.ts';
import { stylesFor } from './view/style.ts';

export const HELP = `tollbridge devices: asks each serial port who is there, and prints it for a configuration

  --path PORT      this port alone (a pseudo-terminal too)
  --timeout S      for each port (default 20): boards are asked, then instruments listened to at five speeds
  --json           one JSON object

tollbridge devices provision --path PORT: gives a board of ours what it can be given once

  --meter-key FILE      the key of its meter, made where there is no such file: from then on it delivers what is
                        paid for, to agents whose configuration names the file (meterKey)
  --payer-secret FILE   what it derives the chains from that it pays with, made likewise
  --serial HEX          its serial number, 16 hexadecimal digits

Nothing can be changed or read back: keep copies of the files. A board on MQTT is given its keys at a port, before it goes
there: on a broker others would read them. A port is asked with a few bytes; opening it resets
many Arduinos.
`;

const TIMEOUT_S_MAX = 600;

/** Codes: config-invalid; with --path those of `identify`; of provision key-file, not-authorised, timeout. */
export const run = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      path: { type: 'string' },
      timeout: { type: 'string', default: '20' },
      json: { type: 'boolean', default: false },
      'meter-key': { type: 'string' },
      'payer-secret': { type: 'string' },
      serial: { type: 'string' },
    },
    allowPositionals: true,
  });
  const [action, ...rest] = positionals;
  if ((action !== undefined && action !== 'provision') || rest.length > 0)
    return refuse(
      'config-invalid',
      'write: tollbridge devices, or: tollbridge devices provision --path PORT',
    );
  const timeoutS = Number(values.timeout);
  if (!(timeoutS > 0 && timeoutS <= TIMEOUT_S_MAX))
    return refuse('config-invalid', `--timeout ${values.timeout}: seconds, at most ${TIMEOUT_S_MAX}`);
  if (action === 'provision')
    return provision({
      path: values.path,
      meterKey: values['meter-key'],
      payerSecret: values['payer-secret'],
      serial: values.serial,
    });
  return list(values.path, 1000 * timeoutS, values.json);
};

// listing

const list = async (path: string | undefined, timeoutMs: number, json: boolean): Promise<Result<number>> => {
  const ports = path === undefined ? await serialPorts() : [portAt(path)];
  if (ports.length === 0 && !json) {
    console.log('There is no serial port: plug a board in, or name one with --path');
    return ok(0);
  }
  const progress = process.stderr.isTTY && !json ? progressOf(ports) : () => {};
  const looked = await Promise.all(
    ports.map(async (port): Promise<Looked> => {
      const onStep = (step: string): void => progress(port, step);
      const found = await identify({ path: port.path, timeoutMs, onStep });
      progress(port, null);
      return { port, found };
    }),
  );
  if (json) console.log(JSON.stringify({ ports: looked.map(jsonOf) }));
  else print(looked);
  const [only] = looked;
  return path !== undefined && only !== undefined && !only.found.ok ? only.found : ok(0);
};

const print = (looked: readonly Looked[]): void => {
  const styles = stylesFor(process.stdout.isTTY, process.env);
  console.log(lookedLines(looked, styles).join('\n'));
  const yaml = yamlLines(looked);
  if (yaml.length > 0)
    console.log(`\n${styles.dim('# for the configuration of an agent')}\n${yaml.join('\n')}`);
};

/** One line that is written over: what is tried at each port. */
const progressOf = (ports: readonly PortName[]): ((port: PortName, step: string | null) => void) => {
  const steps = new Map<PortName, string>();
  return (port, step) => {
    if (step === null) steps.delete(port);
    else steps.set(port, step);
    const done = ports.length - steps.size;
    const tried = [...new Set(steps.values())].join(', ');
    const line = steps.size === 0 ? '' : `${done} of ${ports.length} ports; trying ${tried}`;
    process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  };
};

/** Without bytes: they are text in JSON. */
const jsonOf = ({ port, found }: Looked): object => {
  if (!found.ok) return { ...port, refused: { code: found.code, detail: found.detail } };
  return { ...port, found: plain(found.value) };
};

const plain = (found: Found): object => {
  if (found.driver !== 'frames') return found;
  const { board, firmware, serial, capabilities, roles } = found.identity;
  return { driver: found.driver, board, firmware, serial: toHex(serial), capabilities, roles };
};

// provisioning

type Wish = {
  readonly path: string | undefined;
  readonly meterKey: string | undefined;
  readonly payerSecret: string | undefined;
  readonly serial: string | undefined;
};

type Write = { readonly slot: number; readonly bytes: Uint8Array; readonly done: string };

/** A key is on the disk before it is in the board, which never gives it back. */
const keyIn = (file: string, crypto: HostCrypto): Result<Uint8Array> => {
  if (!existsSync(file)) {
    const made = createSharedKey(file, crypto.random(METER_KEY_BYTES), crypto.random(8));
    if (!made.ok) return made;
  }
  return loadSharedKey(file);
};

const writesFor = (wish: Wish, crypto: HostCrypto): Result<readonly Write[]> => {
  const writes: Write[] = [];
  const serial = wish.serial === undefined ? undefined : fromHex(wish.serial);
  if (wish.serial !== undefined && serial?.length !== 8)
    return refuse('config-invalid', `--serial ${wish.serial}: 16 hexadecimal digits`);
  if (serial !== undefined)
    writes.push({ slot: SLOT.serial, bytes: serial, done: `its serial number is ${toHex(serial)}` });
  for (const [file, slot, what] of [
    [wish.meterKey, SLOT.meterKey, 'meter key'],
    [wish.payerSecret, SLOT.payerSecret, 'payer secret'],
  ] as const) {
    if (file === undefined) continue;
    const key = keyIn(file, crypto);
    if (!key.ok) return key;
    writes.push({ slot, bytes: key.value, done: `its ${what} is that of ${file}: keep a copy` });
  }
  return ok(writes);
};

const provision = async (wish: Wish): Promise<Result<number>> => {
  if (wish.path === undefined) return refuse('config-invalid', '--path is missing: the port of the board');
  if (wish.meterKey === undefined && wish.payerSecret === undefined && wish.serial === undefined)
    return refuse(
      'config-invalid',
      'name what it is given: --meter-key FILE, --payer-secret FILE, --serial HEX',
    );
  const board = await openFrames({ path: wish.path });
  if (!board.ok) return board;
  const written = await give(board.value, wish);
  await board.value.close();
  return written;
};

const give = async (board: Board, wish: Wish): Promise<Result<number>> => {
  if (wish.meterKey !== undefined && board.meter === null)
    return refuse('not-authorised', `${board.identity.board} has no meter: flash a firmware with one`);
  if (wish.payerSecret !== undefined && board.payer === null)
    return refuse('not-authorised', `${board.identity.board} is no payer: flash a firmware that is one`);
  for (const [file, role, what] of [
    [wish.meterKey, ROLE.meterKey, 'a meter key'],
    [wish.payerSecret, ROLE.payerSecret, 'a payer secret'],
  ] as const) {
    if (file === undefined || (board.roles & role) === 0 || existsSync(file)) continue;
    const detail = `${board.identity.board} has ${what} already, which cannot be changed: restore ${file}`;
    return refuse('not-authorised', detail); // a file made now would look like its key
  }
  const writes = writesFor(wish, await loadCrypto(process.env.TOLLBRIDGE_CRYPTO));
  if (!writes.ok) return writes;
  for (const { slot, bytes, done } of writes.value) {
    const given = await board.provision(slot, bytes);
    if (!given.ok) return given;
    console.log(`${board.identity.board}: ${done}`);
  }
  return ok(0);
};
