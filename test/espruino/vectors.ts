/**
 * The vectors of what a board speaks, computed by the pure core: a program that every engine runs, and a line for
 * each result. Inside Espruino's subset, as the core is.
 */

import { concatBytes, fromHex, toHex } from '../../schemas/bytes.ts';
import { decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import type { Sha256 } from '../../schemas/crypto.ts';
import { encodeFrame, FrameDecoder } from '../../schemas/frame.ts';
import { checkInstall, lastLink } from '../../schemas/meter.ts';
import { decodeSerial, encodeSerial, type Install } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import cbor from '../../schemas/vectors/cbor.json' with { type: 'json' };
import frame from '../../schemas/vectors/frame.json' with { type: 'json' };
import meter from '../../schemas/vectors/meter.json' with { type: 'json' };
import serial from '../../schemas/vectors/serial.json' with { type: 'json' };
import tick from '../../schemas/vectors/tick.json' with { type: 'json' };

const bytesOf = (hex: string): Uint8Array => fromHex(hex)!;

/** Hexadecimal, or pieces of it, some of them many times. */
type Notation = string | readonly (string | { readonly repeat: string; readonly times: number })[];

const bytesIn = (notation: Notation): Uint8Array => {
  if (typeof notation === 'string') return bytesOf(notation);
  const parts: Uint8Array[] = [];
  for (const piece of notation) {
    const part = bytesOf(typeof piece === 'string' ? piece : piece.repeat);
    for (let i = typeof piece === 'string' ? 1 : piece.times; i > 0; i--) parts.push(part);
  }
  return concatBytes(parts);
};

const frames = (tell: (line: string) => void): void => {
  for (const one of frame.good) tell(one.name + ' ' + toHex(encodeFrame(bytesOf(one.message))));
  for (const one of frame.streams) {
    const decoder = new FrameDecoder(one.messageBytesMax);
    decoder.push(
      bytesOf(one.stream),
      (message) => tell(one.name + ' ' + toHex(message)),
      (noise) => tell(one.name + ' ' + noise.code + ' ' + noise.offset + ' ' + toHex(noise.bytes)),
    );
    tell(one.name + ' ' + decoder.goodEnd);
  }
};

const codecs = (tell: (line: string) => void): void => {
  for (const one of cbor.good) {
    const decoded = decodeCbor(bytesIn(one.bytes));
    tell(one.name + ' ' + (decoded.ok ? toHex(encodeCbor(decoded.value)) : decoded.code));
  }
  for (const one of cbor.bad) {
    const decoded = decodeCbor(bytesIn(one.bytes));
    tell(one.name + ' ' + (decoded.ok ? 'decoded' : decoded.code));
  }
  for (const one of serial.good) {
    const decoded = decodeSerial(bytesOf(one.bytes));
    tell(one.name + ' ' + (decoded.ok ? toHex(encodeSerial(decoded.value)) : decoded.code));
  }
  for (const one of serial.bad) {
    const decoded = decodeSerial(bytesOf(one.bytes));
    tell(one.name + ' ' + (decoded.ok ? 'decoded' : decoded.code));
  }
};

const hashes = (sha256: Sha256, tell: (line: string) => void): void => {
  for (const one of tick.chains) {
    const links = buildChain(sha256, bytesOf(one.channel), one.seq, bytesOf(one.last), one.ticks);
    for (const link of one.links) tell(one.name + ' ' + link.index + ' ' + toHex(linkAt(links, link.index)));
  }
  for (const one of meter.payer) {
    tell(
      one.name +
        ' ' +
        toHex(lastLink(sha256, bytesOf(meter.secret), bytesOf(meter.channel), one.seq, one.counter)),
    );
  }
};

type Given = {
  readonly number: number;
  readonly channel: string;
  readonly seq: number;
  readonly anchor: string;
  readonly ticks: number;
  readonly base: number;
  readonly window: number;
  readonly mac: string;
};

const installOf = (one: Given): Install => ({
  type: 'install',
  id: 0,
  number: one.number,
  channel: bytesOf(one.channel),
  seq: one.seq,
  anchor: bytesOf(one.anchor),
  ticks: one.ticks,
  base: one.base,
  window: one.window,
  mac: bytesOf(one.mac),
});

const installations = (sha256: Sha256, tell: (line: string) => void): void => {
  const key = bytesOf(meter.key);
  for (const one of meter.good) {
    const checked = checkInstall(sha256, key, 0, installOf(one));
    tell(one.name + ' ' + (checked.ok ? 'installed' : checked.code));
  }
  for (const one of meter.bad) {
    const checked = checkInstall(sha256, key, one.last, installOf(one));
    tell(one.name + ' ' + (checked.ok ? 'installed' : checked.code));
  }
};

/** Chains of up to 1,024 links and 40 macs: half a minute for an engine that must hash by itself. */
export const computeVectors = (sha256: Sha256, tell: (line: string) => void): void => {
  frames(tell);
  codecs(tell);
  hashes(sha256, tell);
  installations(sha256, tell);
};
