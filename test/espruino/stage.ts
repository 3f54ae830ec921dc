/**
 * A board as Espruino would be, around the modules that boards load: flash, a serial line, sensors, and a clock that
 * the test moves. A program inside Espruino's subset, so that it runs in every engine; what passes in and out is
 * hexadecimal.
 */

import type { Line, Setup } from '../../hardware/espruino/device.ts';
import type { Memory } from '../../hardware/espruino/meter.ts';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import { crc32 } from '../../schemas/crc32.ts';
import type { Sha256 } from '../../schemas/crypto.ts';

type Exports = {
  start: (setup: Setup) => void;
  open: () => Memory;
  line: (client: unknown, topic: string) => Line;
};
/** A module's text as a function of what it finds around it. */
type Module = (
  exports: Exports,
  require: (name: string) => unknown,
  E: unknown,
  getSerial: () => string,
  getTime: () => number,
  setTimeout: (run: () => void, ms: number) => number,
  clearTimeout: (timer: number) => void,
) => void;
export type Modules = { readonly device: Module; readonly storage: Module; readonly radio: Module };

type Flash = { [name: string]: Uint8Array | undefined };

export type Stage = {
  /** Power on, as after a reset, for `bytes` written to flash, which is what it was before. */
  readonly boot: (hasMeter: boolean, bytes?: number) => void;
  /** From the next boot on the line is this client of MQTT. */
  readonly overRadio: (client: unknown, topic: string) => void;
  /** What the board remembers, opened beside it: nothing, or as its owner writes it. */
  readonly memory: () => Memory;
  /** A copy of the flash, and the way back to it. */
  readonly save: () => Flash;
  readonly restore: (flash: Flash) => void;
  /** Bytes from the host. */
  readonly host: (hex: string) => void;
  readonly pass: (ms: number) => void;
  /** Somebody sets the board's clock, forward or back; its timers run on. */
  readonly setClock: (ms: number) => void;
  /** Frames that the board has sent since the last call. */
  readonly sent: () => string[];
  /** What a part measures from now on, or was set to; null: nothing. */
  readonly measures: (part: number, mantissa: number | null) => void;
  readonly measured: (part: number) => number | null;
  /** The line takes no more, until it does again. */
  readonly block: (isBlocked: boolean) => void;
  /** Flash loses power after that many bytes more; what a board does then is an exception. */
  readonly cutAfter: (bytes: number) => void;
};

const ERASED = 0xff;
const FLASH_BYTES_MAX = 1000000000; // no end
/** The second part is a slow sensor. */
const SLOW_MS = 15;

const bytesOfText = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

const textOfBytes = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
};

/** Espruino's Storage: a file is made with its size and ff in it, and bits only fall. */
const copyOf = (files: Flash): Flash => {
  const copy: Flash = {};
  for (const name of Object.keys(files)) {
    const file = files[name];
    copy[name] = file === undefined ? undefined : new Uint8Array(file);
  }
  return copy;
};

const openFlash = () => {
  let files: Flash = {};
  let left = FLASH_BYTES_MAX;

  const put = (file: Uint8Array, bytes: Uint8Array, offset: number): void => {
    for (let i = 0; i < bytes.length; i++) {
      if (left === 0) throw new Error('power is cut');
      left--;
      file[offset + i] = file[offset + i]! & bytes[i]!;
    }
  };
  const erase = (name: string): void => {
    if (left === 0) throw new Error('power is cut');
    files[name] = undefined;
  };
  return {
    cutAfter: (bytes: number): void => {
      left = bytes;
    },
    save: () => copyOf(files),
    restore: (saved: Flash): void => {
      files = copyOf(saved);
    },
    storage: {
      read: (name: string, offset: number | undefined, length: number | undefined): string | undefined => {
        const file = files[name];
        if (file === undefined) return undefined;
        const from = offset === undefined ? 0 : offset;
        return textOfBytes(file.subarray(from, length === undefined ? file.length : from + length));
      },
      write: (
        name: string,
        bytes: Uint8Array,
        offset: number | undefined,
        size: number | undefined,
      ): boolean => {
        if (offset) {
          const file = files[name];
          if (file === undefined || offset + bytes.length > file.length) return false;
          put(file, bytes, offset);
          return true;
        }
        erase(name);
        const made = new Uint8Array(size === undefined ? bytes.length : size);
        for (let i = 0; i < made.length; i++) made[i] = ERASED;
        files[name] = made;
        put(made, bytes, 0);
        return true;
      },
      erase: erase,
    },
  };
};

type Timer = { readonly id: number; readonly atMs: number; readonly run: () => void };

const openClock = () => {
  let nowMs = 1000;
  let setMs = 0;
  let id = 0;
  let timers: Timer[] = [];
  return {
    wallMs: () => nowMs + setMs,
    set: (ms: number): void => {
      setMs += ms;
    },
    start: (run: () => void, ms: number): number => {
      id++;
      timers.push({ id: id, atMs: nowMs + Math.max(0, ms), run: run });
      return id;
    },
    stop: (timer: number): void => {
      timers = timers.filter((one) => one.id !== timer);
    },
    forget: (): void => {
      timers = [];
    },
    pass: (ms: number): void => {
      const endMs = nowMs + ms;
      for (;;) {
        let next: Timer | undefined;
        for (const one of timers) if (one.atMs <= endMs && (!next || one.atMs < next.atMs)) next = one;
        if (next === undefined) break;
        const chosen = next;
        timers = timers.filter((one) => one !== chosen);
        nowMs = Math.max(nowMs, chosen.atMs);
        chosen.run();
      }
      nowMs = endMs;
    },
  };
};

export const openStage = (modules: Modules, sha256: Sha256): Stage => {
  const flash = openFlash();
  const clock = openClock();
  const values: (number | null)[] = [2025, 4711, 0];
  let sent: string[] = [];
  let isBlocked = false;
  let take: (text: string) => void = () => {};

  const E = {
    toUint8Array: bytesOfText,
    CRC32: (bytes: Uint8Array) => crc32(bytes, bytes.length),
  };
  const load = (module: Module): Exports => {
    const made = {} as Exports;
    const find = (name: string): unknown =>
      name === 'Storage' ? flash.storage : { SHA256: (bytes: Uint8Array) => sha256(bytes) };
    const time = (): number => clock.wallMs() / 1000;
    module(made, find, E, () => 'e660-d051', time, clock.start, clock.stop);
    return made;
  };
  let line: Line = {
    write: (bytes) => {
      if (!isBlocked) sent.push(toHex(bytes));
      return !isBlocked;
    },
    on: (_, listener) => {
      take = listener;
    },
  };
  const read = (part: number) => (done: (mantissa: number) => void) => {
    const value = values[part];
    if (value === null) throw new Error('nothing answers');
    done(value as number);
  };
  const parts = [
    { name: 'temperature', kind: 'temperature', unit: 'Cel', exponent: -2, periodMs: 100, read: read(0) },
    {
      name: 'humidity',
      kind: 'humidity',
      unit: '%RH',
      exponent: -2,
      periodMs: 0,
      read: (done: (mantissa: number) => void) => {
        clock.start(() => read(1)(done), SLOW_MS);
        clock.start(() => read(1)(done), SLOW_MS + 1); // a bad library calls back twice
      },
    },
    {
      name: 'valve',
      kind: 'valve',
      unit: '/',
      exponent: 0,
      periodMs: 0,
      read: read(2),
      command: (value: number): boolean => {
        if (value !== 0 && value !== 1) return false;
        values[2] = value;
        return true;
      },
    },
  ];

  return {
    boot: (hasMeter, bytes) => {
      flash.cutAfter(bytes === undefined ? FLASH_BYTES_MAX : bytes);
      clock.forget();
      sent = [];
      const memory = hasMeter ? load(modules.storage).open() : undefined;
      const setup = { board: 'greenhouse', line: line, parts: parts };
      load(modules.device).start(
        memory === undefined ? setup : { board: 'greenhouse', line: line, parts: parts, memory: memory },
      );
    },
    overRadio: (client, topic) => {
      line = load(modules.radio).line(client, topic);
    },
    memory: () => load(modules.storage).open(),
    save: flash.save,
    restore: flash.restore,
    host: (hex) => take(textOfBytes(fromHex(hex)!)),
    pass: clock.pass,
    setClock: clock.set,
    sent: () => {
      const frames = sent;
      sent = [];
      return frames;
    },
    measures: (part, mantissa) => {
      values[part] = mantissa;
    },
    measured: (part) => values[part]!,
    block: (blocked) => {
      isBlocked = blocked;
    },
    cutAfter: flash.cutAfter,
  };
};
