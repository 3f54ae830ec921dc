/**
 * How much of what a serial line delivers its reader keeps up with: framed readings and lines of text from a
 * pseudo-terminal whose other end is a process of its own, beside the same bytes taken raw, and beside bare
 * parser-readline, in the same run.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReadlineParser } from '@serialport/parser-readline';
import { SerialPort } from 'serialport';
import type { Device } from '../../firmware-bridge/device.ts';
import { openFrames } from '../../firmware-bridge/frames.ts';
import { openLines } from '../../firmware-bridge/lines.ts';
import type { Result } from '../../schemas/result.ts';
import type { Bench } from './bench.ts';
import { type Contestant, median, medianRatio, takeTurns } from './measure.ts';

const BAUD_RATE = 115_200; // a pseudo-terminal is as fast as its ends
const ROUND_BYTES = 2_000_000;
/** As the bridge opens it: both read in the same pieces. */
const READ_BYTES = 16_384;

type Said = { readonly bytes: number; readonly units: number };
/** Resolves when it has received as much as was said. */
type Reader = { readonly receive: (said: Said) => Promise<void>; readonly close: () => Promise<void> };

/** Counts towards what was said. */
class Count {
  #left = 0;
  #done: () => void = () => {};

  readonly add = (amount: number): void => {
    this.#left -= amount;
    if (this.#left <= 0) this.#done();
  };

  until(amount: number): Promise<void> {
    this.#left = amount;
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }
}

const openRaw = async (path: string): Promise<{ port: SerialPort; close: () => Promise<void> }> => {
  const port = new SerialPort({ path, baudRate: BAUD_RATE, highWaterMark: READ_BYTES });
  await once(port, 'open');
  return { port, close: () => new Promise((resolve) => port.close(() => resolve())) };
};

const rawReader = async (path: string): Promise<Reader> => {
  const { port, close } = await openRaw(path);
  const count = new Count();
  port.on('data', (chunk: Buffer) => count.add(chunk.length));
  return { receive: ({ bytes }) => count.until(bytes), close };
};

const readlineReader = async (path: string): Promise<Reader> => {
  const { port, close } = await openRaw(path);
  const count = new Count();
  port.pipe(new ReadlineParser({ delimiter: '\r\n' })).on('data', () => count.add(1));
  return { receive: ({ units }) => count.until(units), close };
};

/** Each frame or line is `readings` readings. */
const deviceReader = async (opening: Promise<Result<Device>>, readings: number): Promise<Reader> => {
  const opened = await opening;
  if (!opened.ok) throw new Error(opened.detail);
  const device = opened.value;
  const count = new Count();
  device.listen({ onReading: () => count.add(1) });
  const receive = async ({ units }: Said): Promise<void> => {
    await count.until(units * readings);
    const { noiseBytes, strays, lostReadings } = device.health;
    if (noiseBytes + strays + lostReadings > 0)
      throw new Error(`not all arrived: ${JSON.stringify(device.health)}`);
  };
  return { receive, close: () => device.close() };
};

type Line = {
  /** In bytes. */
  readonly contestant: Contestant<Said>;
  /** Of the last round. */
  readonly unitBytes: () => number;
  readonly end: () => Promise<void>;
};

/** A process that says frames or lines, and whoever reads them here. */
const lineOf = async (
  link: string,
  what: 'frames' | 'lines',
  open: (path: string) => Promise<Reader>,
): Promise<Line> => {
  const program = fileURLToPath(new URL('./serial-process.ts', import.meta.url));
  const child: ChildProcess = fork(program, [link, what]);
  await once(child, 'message');
  const reader = await open(link);
  let unitBytes = 0;
  return {
    contestant: {
      prepare: async () => {
        child.send(ROUND_BYTES);
        const [said] = (await once(child, 'message')) as [Said];
        unitBytes = said.bytes / said.units;
        return said;
      },
      run: async (said) => {
        const received = reader.receive(said);
        child.send('say');
        await received;
        return said.bytes;
      },
    },
    unitBytes: () => unitBytes,
    end: async () => {
      await reader.close();
      child.disconnect();
    },
  };
};

export const bench: Bench = {
  name: 'serial',
  summary: 'framed readings and lines of text from a pseudo-terminal, beside its raw bytes and bare readline',
  run: async (progress) => {
    const folder = mkdtempSync(join(tmpdir(), 'tollbridge-serial-'));
    const open: Line[] = [];
    const add = async (
      name: string,
      what: 'frames' | 'lines',
      reader: (path: string) => Promise<Reader>,
    ): Promise<Line> => {
      const line = await lineOf(join(folder, name), what, reader);
      open.push(line);
      return line;
    };
    try {
      const raw = await add('raw', 'frames', rawReader);
      const frames = await add('frames', 'frames', (path) => deviceReader(openFrames({ path }), 1));
      const readline = await add('readline', 'lines', readlineReader);
      const lines = await add('lines', 'lines', (path) =>
        deviceReader(openLines({ path, format: 'nmea' }), 2),
      );
      const contestants = { raw, frames, readline, lines };
      const rates = await takeTurns(
        {
          raw: raw.contestant,
          frames: frames.contestant,
          readline: readline.contestant,
          lines: lines.contestant,
        },
        progress,
      );
      const per_s = (name: keyof typeof contestants, unitBytes: number): number =>
        median(rates[name]) / unitBytes;
      return [
        {
          name: 'frames_per_s',
          value: per_s('frames', frames.unitBytes()),
          baseline: { name: 'raw, in frames', value: per_s('raw', frames.unitBytes()) },
        },
        { name: 'line_rate_ratio', value: medianRatio(rates.frames, rates.raw) },
        {
          name: 'lines_per_s',
          value: per_s('lines', lines.unitBytes()),
          baseline: { name: 'bare parser-readline', value: per_s('readline', readline.unitBytes()) },
        },
        { name: 'ratio', value: medianRatio(rates.lines, rates.readline), target: { min: 0.8 } },
        { name: 'frames_over_115200_baud', value: (10 * median(rates.frames)) / BAUD_RATE },
      ];
    } finally {
      for (const line of open) await line.end();
      rmSync(folder, { recursive: true });
    }
  },
};
