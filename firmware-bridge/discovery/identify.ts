/**
 * Who is at a serial port: asked in the languages of this bridge, then listened to at the speeds of instruments.
 *
 * Our firmware and Firmata answer a question. Instruments only talk, once a second mostly; the questions are a few
 * bytes at other speeds than theirs.
 */

import { randomInt } from 'node:crypto';
import { encodeFrame } from '../../schemas/frame.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { encodeSerial, type Identity, SERIAL_PROTOCOL } from '../../schemas/serial.ts';
import { type Binding, openPort } from '../port.ts';
import { firmataIn, framesIn, type TextSpeech, textIn } from './speech.ts';

export type Found =
  | { readonly driver: 'frames'; readonly identity: Identity }
  /** Our firmware, of another version. */
  | { readonly driver: 'frames-foreign'; readonly detail: string }
  | {
      readonly driver: 'firmata';
      readonly firmware: string;
      readonly version: string;
      readonly baudRate: number;
    }
  | { readonly driver: 'lines'; readonly text: TextSpeech; readonly baudRate: number }
  /** It said nothing that is known here: `heard` bytes at the most talkative speed. */
  | { readonly driver: null; readonly heard: number; readonly baudRate: number };

export type IdentifyOptions = {
  readonly path: string;
  readonly binding?: Binding;
  /** For all attempts together. */
  readonly timeoutMs?: number;
  /** How long an answer is waited for, and how long an instrument is listened to at each speed, in milliseconds. */
  readonly patience?: { readonly answer: number; readonly talk: number };
  /** What is tried now, for a person who waits. */
  readonly onStep?: (step: string) => void;
};

/**
 * A boot loader listens for 2 s before the firmware starts, and opening the port resets many boards. An instrument that
 * talks once a second has said two lines after 2.5 s.
 */
const PATIENCE = { answer: 3_500, talk: 2_500 };
const REPEAT_MS = 250;
/** Of NMEA, and what is usual else. */
const TALK_BAUDS = [4800, 9600, 2400, 38_400, 19_200];
const TIMEOUT_MS = 20_000;
/** Enough for some lines, or an identity behind a boot message. */
const HEARD_BYTES_MAX = 4096;

const FIRMATA_REPORT_FIRMWARE = Uint8Array.of(0xf0, 0x79, 0xf7);

type Attempt = {
  readonly step: string;
  readonly baudRate: number;
  readonly listenMs: number;
  readonly question?: Uint8Array;
  readonly recognise: (bytes: Uint8Array) => Found | undefined;
};

const framesAt = (bytes: Uint8Array): Found | undefined => {
  const speech = framesIn(bytes);
  if (speech === undefined) return undefined;
  return 'identity' in speech
    ? { driver: 'frames', identity: speech.identity }
    : { driver: 'frames-foreign', detail: speech.foreign };
};

const firmataAt =
  (baudRate: number) =>
  (bytes: Uint8Array): Found | undefined => {
    const speech = firmataIn(bytes);
    return speech && { driver: 'firmata', ...speech, baudRate };
  };

/** While an answer may come, a boot message is no instrument: only a checksum says that it is one. */
const textAt = (bytes: Uint8Array, baudRate: number, isEarly: boolean): Found | undefined => {
  const text = textIn(bytes);
  if (text === undefined || (isEarly && text.format !== 'nmea')) return undefined;
  return { driver: 'lines', text, baudRate };
};

/** The first question cuts off noise before it with a zero, as frame.md says a sender may. */
const hello = (): Uint8Array => {
  const message = { type: 'hello', protocol: SERIAL_PROTOCOL, nonce: randomInt(1, 2 ** 32) } as const;
  return Buffer.concat([Uint8Array.of(0), encodeFrame(encodeSerial(message))]);
};

const attempts = ({ answer, talk } = PATIENCE): Attempt[] => [
  {
    ...{ step: 'our firmware', baudRate: 115_200, listenMs: answer },
    ...{ question: hello(), recognise: framesAt },
  },
  {
    ...{ step: 'Firmata', baudRate: 57_600, listenMs: answer },
    ...{ question: FIRMATA_REPORT_FIRMWARE, recognise: firmataAt(57_600) },
  },
  ...TALK_BAUDS.map((baudRate) => ({
    ...{ step: `text at ${baudRate} baud`, baudRate, listenMs: talk },
    recognise: () => undefined,
  })),
];

/** Listens, and asks again and again, until it is recognised or the time is over. Codes: port-*, device-failed. */
const hear = async (
  { path, binding }: IdentifyOptions,
  { baudRate, question, recognise }: Attempt,
  listenMs: number,
): Promise<Result<{ readonly found: Found | undefined; readonly bytes: Uint8Array }>> => {
  let bytes: Uint8Array = new Uint8Array(0);
  let found: Found | undefined;
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  const port = await openPort(
    { path, baudRate, ...(binding && { binding }) },
    {
      onData: (chunk) => {
        bytes = Buffer.concat([bytes, chunk]).subarray(-HEARD_BYTES_MAX);
        found = recognise(bytes) ?? textAt(bytes, baudRate, question !== undefined);
        if (found !== undefined) end();
      },
      onClose: end,
    },
  );
  if (!port.ok) return port;
  const ask = (): void => {
    if (question !== undefined) port.value.write(question);
  };
  ask();
  const asking = setInterval(ask, REPEAT_MS);
  const timer = setTimeout(end, listenMs);
  await over;
  clearInterval(asking);
  clearTimeout(timer);
  await port.value.close();
  return ok({ found: found ?? textAt(bytes, baudRate, false), bytes });
};

/** Codes: port-missing, port-denied, port-in-use, device-failed. */
export const identify = async (options: IdentifyOptions): Promise<Result<Found>> => {
  const endMs = performance.now() + (options.timeoutMs ?? TIMEOUT_MS);
  let heard = 0;
  let loudest = 0;
  for (const attempt of attempts(options.patience)) {
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) break;
    options.onStep?.(attempt.step);
    const said = await hear(options, attempt, Math.min(attempt.listenMs, leftMs));
    if (!said.ok) return said;
    if (said.value.found !== undefined) return ok(said.value.found);
    if (said.value.bytes.length <= heard) continue;
    heard = said.value.bytes.length;
    loudest = attempt.baudRate;
  }
  return ok({ driver: null, heard, baudRate: loudest });
};
