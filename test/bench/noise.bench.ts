/**
 * Ten million bytes of spoiled messages through each decoder: none may crash, keep what it is fed, or accept
 * what its check does not. What a check allows is counted beside, by other code than ours: zlib's CRC-32 of each
 * frame, an XOR of each line.
 *
 * Of damaged frames one in 2^32 passes a CRC-32, of damaged lines one in 256 an XOR of 8 bits; Firmata and JSON
 * have no check of their own.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { crc32 } from 'node:zlib';
import { newHealth } from '../../firmware-bridge/audience.ts';
import { FirmataReader } from '../../firmware-bridge/firmata/messages.ts';
import { formatFor } from '../../firmware-bridge/lines/formats.ts';
import { LineReader } from '../../firmware-bridge/lines/line-reader.ts';
import { readMessages } from '../../firmware-bridge/message-reader.ts';
import { presetSource } from '../../firmware-bridge/topic/presets.ts';
import { toHex } from '../../schemas/bytes.ts';
import { encodeFrame } from '../../schemas/frame.ts';
import {
  decodeSerial,
  encodeSerial,
  SERIAL_MESSAGE_BYTES_MAX,
  type SerialMessage,
} from '../../schemas/serial.ts';
import { buildCoreHost, type CoreHost } from '../hardware/core-host.ts';
import { type Chance, chanceOf } from '../world/chance.ts';
import type { Bench, Figure } from './bench.ts';
import { damage } from './noise.ts';

const BYTES = 10_000_000;
const SEED = 20_261_120;
/** Of one process that runs the chip's decoder. */
const CHIP_MESSAGES = 20_000;
const QUESTION_BYTES = 3000;
/** What a decoder may hold at the end more than at a quarter of the way: less than one chunk. */
const HEAP_GROWTH_KB_MAX = 1024;

type Subject = {
  readonly name: string;
  readonly messagesPerChunk: number;
  /** The n-th message, undamaged. */
  readonly message: (n: number) => Uint8Array;
  /** Takes messages one after the other, whole or spoiled; tells the text of each that it accepts. */
  readonly push: (chunk: Uint8Array, accept: (text: string) => void) => void;
  readonly isSent: (text: string) => boolean;
  /** What passes the check in a stream, by other code; undefined where there is no check. */
  readonly oracle: ((chunk: Uint8Array) => string[]) | undefined;
};

/** The parts between `at`, of chunks that go on into each other. */
const splitter = (at: number): ((chunk: Uint8Array) => Buffer[]) => {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([rest, chunk]);
    const parts: Buffer[] = [];
    let from = 0;
    for (let end = bytes.indexOf(at); end >= 0; end = bytes.indexOf(at, from)) {
      parts.push(bytes.subarray(from, end));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    return parts;
  };
};

// frames

const mantissaOf = (n: number): number => (n * 7919) % 1_000_003;
const readingOf = (n: number): Uint8Array =>
  encodeSerial({ type: 'reading', channel: 0, seq: n, mantissa: mantissaOf(n) });

const isSentReading = (hex: string): boolean => {
  const read = decodeSerial(Buffer.from(hex, 'hex'));
  return read.ok && read.value.type === 'reading' && toHex(readingOf(read.value.seq)) === hex;
};

/** COBS as its paper has it (Cheshire and Baker, 1997). */
const unstuffed = (stuffed: Buffer): Buffer | undefined => {
  const out: number[] = [];
  for (let at = 0; at < stuffed.length; ) {
    const code = stuffed[at]!;
    if (at + code > stuffed.length) return undefined;
    out.push(...stuffed.subarray(at + 1, at + code));
    at += code;
    if (code < 255 && at < stuffed.length) out.push(0);
  }
  return Buffer.from(out);
};

const frameOracle = (): Subject['oracle'] => {
  const split = splitter(0);
  return (chunk) =>
    split(chunk).flatMap((stuffed) => {
      const checked = stuffed.length === 0 ? undefined : unstuffed(stuffed);
      if (checked === undefined || checked.length < 5) return [];
      const message = checked.subarray(0, -4);
      return crc32(message) === checked.readUInt32BE(message.length) ? [message.toString('hex')] : [];
    });
};

const frames = (): Subject => {
  let accept: (text: string) => void = () => {};
  const take = (message: SerialMessage): void => accept(toHex(encodeSerial(message)));
  const events = { onMessage: take, onNoise: () => {}, onRefused: () => {}, onForeign: () => {} };
  const read = readMessages(newHealth(), events, () => false);
  return {
    name: 'frames',
    messagesPerChunk: 100,
    message: (n) => encodeFrame(readingOf(n)),
    push: (chunk, told) => {
      accept = told;
      read(chunk);
    },
    isSent: isSentReading,
    oracle: frameOracle(),
  };
};

/** Each is answered by a decoder of its own, so it ends where a frame does. */
const questionsOf = (chunk: Uint8Array): string[] => {
  const questions: string[] = [];
  for (let from = 0; from < chunk.length; ) {
    const end = chunk.indexOf(0, Math.min(from + QUESTION_BYTES, chunk.length - 1)) + 1 || chunk.length;
    questions.push(`unframe ${SERIAL_MESSAGE_BYTES_MAX} ${toHex(chunk.subarray(from, end))}`);
    from = end;
  }
  return questions;
};

/** The chip's decoder, compiled for this machine. */
const chip = (host: CoreHost): Subject => ({
  name: 'chip',
  messagesPerChunk: CHIP_MESSAGES,
  message: (n) => encodeFrame(readingOf(n)),
  push: (chunk, accept) => {
    for (const answer of host.ask(questionsOf(chunk)))
      for (const word of answer.split(' ')) if (word !== '' && word !== 'noise') accept(word);
  },
  isSent: isSentReading,
  oracle: frameOracle(),
});

// lines

const LINES = 3600;
const bodyOf = (n: number): string => `WIMWV,${n % 360}.0,R,${Math.floor((n % LINES) / 360)}.5,M,A`;
const xorOf = (body: string): string => {
  let sum = 0;
  for (const letter of body) sum ^= letter.charCodeAt(0);
  return sum.toString(16).toUpperCase().padStart(2, '0');
};
const lineOf = (n: number): string => `$${bodyOf(n)}*${xorOf(bodyOf(n))}`;
const SENT_LINES = new Set(Array.from({ length: LINES }, (_, n) => lineOf(n)));

/** A sentence that was cut is followed by the next in its line: the last one counts. */
const sentenceOf = (line: string): string => line.slice(Math.max(0, line.lastIndexOf('$')));

/** Sentences whose sum is that of what stands between $ and *. */
const lineOracle = (): Subject['oracle'] => {
  const split = splitter(0x0a);
  return (chunk) =>
    split(chunk)
      .flatMap((line) => line.toString('latin1').split('\r'))
      .map(sentenceOf)
      .filter((sentence) => {
        const [, body, sum] = /^\$([^*]*)\*([0-9a-f]{2})$/i.exec(sentence) ?? [];
        return body !== undefined && xorOf(body) === sum!.toUpperCase();
      });
};

const lines = (): Subject => {
  let accept: (text: string) => void = () => {};
  const format = formatFor({ format: 'nmea' });
  if (!format.ok) throw new Error(format.detail);
  let measured = 0;
  const sink = {
    measure: () => {
      measured++;
    },
    refuse: () => {},
  };
  const onLine = (line: Buffer, end: number): void => {
    measured = 0;
    if (format.value.read(line, end, sink) === undefined && measured > 0)
      accept(sentenceOf(line.toString('latin1', 0, end)));
  };
  const reader = new LineReader({ onLine, onNoise: () => {} }, { beginsInside: false });
  return {
    name: 'lines',
    messagesPerChunk: 100,
    message: (n) => Buffer.from(`${lineOf(n)}\r\n`, 'latin1'),
    push: (chunk, told) => {
      accept = told;
      reader.push(chunk);
    },
    isSent: (line) => SENT_LINES.has(line),
    oracle: lineOracle(),
  };
};

// without a check

const firmata = (): Subject => {
  let accept: (text: string) => void = () => {};
  const reader = new FirmataReader(
    newHealth(),
    (message) => accept(toHex(message)),
    () => {},
  );
  const message = (n: number): Uint8Array => Uint8Array.of(0xe0 | (n & 15), n & 127, (n >> 7) & 7);
  return {
    name: 'firmata',
    messagesPerChunk: 100,
    message,
    push: (chunk, told) => {
      accept = told;
      reader.push(chunk);
    },
    isSent: () => true,
    oracle: undefined,
  };
};

/** Each message comes alone: MQTT has its own lengths. */
const topic = (): Subject => {
  const source = presetSource({ name: 'weewx', device: 'weather' });
  if (!source.ok) throw new Error(source.detail);
  return {
    name: 'topic',
    messagesPerChunk: 1,
    message: (n) =>
      Buffer.from(
        `{"outTemp_C":"${n % 50}.5","outHumidity":"${n % 101}.0","barometer_mbar":"10${n % 90}.25"}`,
      ),
    push: (chunk, accept) => {
      const payload = Buffer.from(chunk).toString('utf8');
      const findings = source.value.read({ topic: 'weather/loop', payload, fresh: true });
      for (const finding of findings) if (finding.type === 'value') accept(finding.sensor.name);
    },
    isSent: () => true,
    oracle: undefined,
  };
};

// running

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapKb = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 1024;
};

const chunkOf = (subject: Subject, from: number, chance: Chance): Uint8Array => {
  return Buffer.concat(
    Array.from({ length: subject.messagesPerChunk }, (_, i) => {
      const message = subject.message(from + i);
      return chance.holds(0.5) ? damage(message, chance) : message;
    }),
  );
};

const figuresOf = (subject: Subject, progress: (text: string) => void): Figure[] => {
  const chance = chanceOf(SEED);
  const tally = { bytes: 0, messages: 0, crashes: 0, accepted: 0, corrupt: 0, allowed: 0, beyond: 0 };
  let before: ReadonlySet<string> = new Set();
  let quarterKb = 0;
  while (tally.bytes < BYTES) {
    const chunk = chunkOf(subject, tally.messages, chance);
    const passing: ReadonlySet<string> = new Set(subject.oracle?.(chunk));
    for (const text of passing) if (!subject.isSent(text)) tally.allowed++;
    const accept = (text: string): void => {
      tally.accepted++;
      if (subject.isSent(text)) return;
      tally.corrupt++;
      if (!passing.has(text) && !before.has(text)) tally.beyond++;
    };
    try {
      subject.push(chunk, accept);
    } catch (raised) {
      tally.crashes++;
      progress(`${subject.name}: ${(raised as Error).stack}`);
    }
    before = passing;
    tally.bytes += chunk.length;
    tally.messages += subject.messagesPerChunk;
    if (quarterKb === 0 && tally.bytes >= BYTES / 4) quarterKb = heapKb();
  }
  const { name } = subject;
  const grown = { name: `${name}_heap_growth_kb`, value: Math.max(0, heapKb() - quarterKb) };
  const figures: Figure[] = [
    { name: `${name}_bytes`, value: tally.bytes },
    { name: `${name}_accepted`, value: tally.accepted },
    { name: `${name}_crashes`, value: tally.crashes, target: { max: 0 } },
    { ...grown, target: { max: HEAP_GROWTH_KB_MAX } },
  ];
  if (subject.oracle === undefined) return figures;
  const allowed = { name: 'pass the check', value: tally.allowed };
  figures.push({ name: `${name}_accepted_corrupt`, value: tally.corrupt, baseline: allowed });
  figures.push({ name: `${name}_accepted_beyond_check`, value: tally.beyond, target: { max: 0 } });
  return figures;
};

export const bench: Bench = {
  name: 'noise',
  summary: 'ten million bytes of spoiled messages through each decoder',
  run: async (progress) => {
    const host = buildCoreHost();
    try {
      const subjects = [frames, lines, firmata, topic, ...(host === undefined ? [] : [() => chip(host)])];
      return subjects.flatMap((open) => {
        const subject = open();
        progress(subject.name);
        return figuresOf(subject, progress);
      });
    } finally {
      host?.remove();
    }
  },
};
