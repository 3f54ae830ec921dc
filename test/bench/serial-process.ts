/**
 * The other end of a serial line in the serial benchmark: a pseudo-terminal of a process of its own, which
 * answers a hello as a board does and says as much of one text as its parent asks for.
 *
 * Arguments: the link to make, and what to say (frames, lines). A number of its parent is so many bytes to
 * get ready, answered by how many they are and in how many frames or lines; `say` says them.
 */

import { openPty } from '../../hardware/bench/pty.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import {
  decodeSerial,
  encodeSerial,
  SERIAL_MESSAGE_BYTES_MAX,
  SERIAL_PROTOCOL,
} from '../../schemas/serial.ts';

const CHUNK_BYTES = 4096;
/** As many readings as one chunk cannot hold twice: each has its own number. */
const UNITS_PER_CHUNK = 200;

const TEMPERATURE = {
  ...{ channel: 0, name: 'temperature', kind: 'temperature', unit: 'Cel', exponent: -2 },
  ...{ direction: 'sensor' as const, periodMs: 1000 },
};

let seq = 0;
const nextFrame = (): Uint8Array =>
  encodeFrame(encodeSerial({ type: 'reading', channel: 0, seq: seq++, mantissa: 2025 }));

const withChecksum = (body: string): string => {
  let sum = 0;
  for (const character of body) sum ^= character.charCodeAt(0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`;
};
let degrees = 0;
const nextLine = (): Uint8Array => {
  degrees = (degrees + 1) % 360;
  return Buffer.from(withChecksum(`WIMWV,${degrees}.0,R,5.${degrees % 10},M,A`), 'latin1');
};

const [link, what] = process.argv.slice(2);
const next = what === 'frames' ? nextFrame : nextLine;

const decoder = new FrameDecoder(SERIAL_MESSAGE_BYTES_MAX);
const answer = (encoded: Uint8Array): void => {
  const heard = decodeSerial(encoded);
  if (!heard.ok || heard.value.type !== 'hello') return;
  const { nonce } = heard.value;
  const names = { board: 'flood', firmware: '1.0.0', serial: new Uint8Array(8) };
  const identity = { ...names, capabilities: [TEMPERATURE], roles: 0, nonce };
  pty.write(encodeFrame(encodeSerial({ type: 'identity', protocol: SERIAL_PROTOCOL, ...identity })));
};

const opened = await openPty({
  link: link!,
  onData: (bytes) => decoder.push(bytes, answer, () => {}),
  onClose: () => process.exit(1),
});
if (!opened.ok) throw new Error(opened.detail);
const pty = opened.value;

const chunkOf = (bytesMax: number): { chunk: Uint8Array; units: number } => {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  while (parts.length < UNITS_PER_CHUNK && bytes < bytesMax) {
    const part = next();
    parts.push(part);
    bytes += part.length;
  }
  return { chunk: Buffer.concat(parts), units: parts.length };
};

let chunks: Uint8Array[] = [];

/** Made before it is timed, so that what is measured is the line and its reader. */
const prepare = (bytesMax: number): void => {
  chunks = [];
  let bytes = 0;
  let units = 0;
  while (bytes < bytesMax) {
    const made = chunkOf(Math.min(CHUNK_BYTES, bytesMax - bytes));
    chunks.push(made.chunk);
    bytes += made.chunk.length;
    units += made.units;
  }
  process.send!({ bytes, units });
};

const say = (): void => {
  while (chunks.length > 0 && pty.write(chunks[0]!)) chunks.shift();
  if (chunks.length > 0) setImmediate(say);
};

// An instrument is known by what it says: until it is heard it says a line now and then.
const murmur = what === 'lines' ? setInterval(() => pty.write(nextLine()), 20) : undefined;
process.once('message', () => clearInterval(murmur));
process.on('message', (message: number | 'say') => (message === 'say' ? say() : prepare(message)));
process.on('disconnect', () => {
  pty.close();
  process.exit();
});
process.send!('ready');
