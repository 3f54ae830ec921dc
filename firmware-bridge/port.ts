/** A serial port, opened or explained: what a person reads names the port and the remedy. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { ok, type Refusal, type Result, refuse } from '../schemas/result.ts';
import { endAtHangUp } from './hang-up.ts';
import { holderOf } from './port-holder.ts';

/** An open port as serialport sees it (its BindingPortInterface): the system's, its mock's, an emulated chip's. */
export type BindingPort = {
  readonly isOpen: boolean;
  readonly openOptions: object;
  close(): Promise<void>;
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
  write(buffer: Buffer): Promise<void>;
  update(options: { baudRate: number }): Promise<void>;
  set(options: object): Promise<void>;
  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }>;
  getBaudRate(): Promise<{ baudRate: number }>;
  flush(): Promise<void>;
  drain(): Promise<void>;
};

/** How to reach ports. */
export type Binding = {
  list(): Promise<readonly { path: string }[]>;
  open(options: { path: string; baudRate: number }): Promise<BindingPort>;
};

export type PortOptions = {
  readonly path: string;
  readonly baudRate: number;
  readonly binding?: Binding;
};

export type PortEvents = {
  readonly onData: (chunk: Uint8Array) => void;
  /** The port has gone: unplugged, or the other end of a pseudo-terminal has died. */
  readonly onClose: () => void;
};

export type Port = {
  /** False where so much waits to be sent that nobody can be listening. */
  readonly write: (bytes: Uint8Array) => boolean;
  readonly close: () => Promise<void>;
};

/** A second of line at 115,200 baud. */
const UNSENT_BYTES_MAX = 11_520;
const READ_BYTES = 16_384;
const SUGGESTIONS_MAX = 4;
const GROUP_READS_WRITES = 0o060;

/** Codes: port-missing, port-denied, port-in-use, device-failed. */
export const openPort = async (options: PortOptions, events: PortEvents): Promise<Result<Port>> => {
  const { SerialPort: Stream } = await import('serialport'); // its native part is only loaded where a port is
  const port = new Stream({
    path: options.path,
    baudRate: options.baudRate,
    autoOpen: false,
    hupcl: false, // keep DTR when we close: an Arduino would reset at the next opening
    highWaterMark: READ_BYTES,
    ...(options.binding && { binding: options.binding as never }), // typed as this system's own only
  });
  const failure = await new Promise<Error | null>((resolve) => port.open(resolve));
  if (failure !== null) return explain(options.path, failure.message);
  if (port.port !== undefined) endAtHangUp(port.port);
  let open = true;
  const end = (): void => {
    setImmediate(() => {
      if (open) events.onClose();
      open = false;
    });
  };
  // A turn later, and the end behind it: the system reads on while what it has read is looked at.
  const hear = (chunk: Uint8Array): void => {
    if (open) events.onData(chunk);
  };
  port.on('data', (chunk: Uint8Array) => setImmediate(hear, chunk));
  port.once('close', end);
  port.on('error', end);
  const write = (bytes: Uint8Array): boolean => {
    if (!open || port.writableLength + bytes.length > UNSENT_BYTES_MAX) return false;
    port.write(bytes);
    return true;
  };
  const close = async (): Promise<void> => {
    open = false;
    if (port.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
  };
  return ok({ write, close });
};

/** serialport tells what the system said in words only. */
const explain = (path: string, told: string): Refusal => {
  const message = told.replace(/^Error: /, '').replaceAll(path, 'it'); // a path may say anything
  if (/no such file|no such device|does not exist|file not found/i.test(message)) {
    return refuse('port-missing', `no serial port ${path}: plug the board in${suggestions()}`);
  }
  if (/permission denied|access denied/i.test(message)) {
    return refuse('port-denied', `no permission for ${path}: ${permissionFor(path)}`);
  }
  if (/inappropriate ioctl|is a directory/i.test(message)) {
    return refuse('device-failed', `${path} is no serial port: name the board's${suggestions()}`);
  }
  if (/lock|busy|temporarily unavailable/i.test(message)) {
    const holder = holderOf(path) ?? `another program (sudo fuser ${path} tells which)`;
    return refuse('port-in-use', `${path} is in use by ${holder}: end it, or name another port`);
  }
  return refuse('device-failed', `${path} cannot be opened: ${message}`);
};

const suggestions = (): string => {
  const folder = '/dev/serial/by-id';
  try {
    const names = readdirSync(folder).slice(0, SUGGESTIONS_MAX);
    return names.length === 0
      ? ''
      : `, or name one of ${names.map((name) => `${folder}/${name}`).join(', ')}`;
  } catch {
    return ''; // no serial port at all
  }
};

/** By the group that may open the port: dialout on Debian, uucp on Arch. Without udev there is none. */
const permissionFor = (path: string): string => {
  const join = (group: string): string => `sudo usermod -aG ${group} "$USER", then log in again`;
  try {
    const { gid, mode } = statSync(path);
    if (gid === 0 || (mode & GROUP_READS_WRITES) !== GROUP_READS_WRITES)
      return `no group may open it (is udev there?): sudo chown "$USER" ${path}`;
    const line = readFileSync('/etc/group', 'utf8')
      .split('\n')
      .find((entry) => entry.split(':')[2] === String(gid));
    return join(line?.split(':')[0] ?? 'dialout');
  } catch {
    return join('dialout');
  }
};
