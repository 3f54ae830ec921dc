/** Runs meter.json, and checks HMAC-SHA-256 against RFC 4231 and node:crypto. */

import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toHex, utf8Encode } from '../../schemas/bytes.ts';
import { hmacSha256 } from '../../schemas/hmac.ts';
import { checkInstall, installationMac, lastLink, roomOf } from '../../schemas/meter.ts';
import type { Install, Installation } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { bytesOf, vectorsOf } from './vectors.ts';
import { accepted, refuses } from './verdicts.ts';

type Vector = Omit<Installation, 'channel' | 'anchor'> & {
  readonly name: string;
  readonly channel: string;
  readonly anchor: string;
  readonly mac: string;
};
type File = {
  readonly key: string;
  readonly secret: string;
  readonly channel: string;
  readonly good: readonly Vector[];
  readonly bad: readonly (Vector & { readonly last: number; readonly code: string })[];
  readonly payer: readonly {
    readonly name: string;
    readonly seq: number;
    readonly counter: number;
    readonly ticks: number;
    readonly last: string;
    readonly anchor: string;
    readonly links: readonly { readonly index: number; readonly x: string }[];
  }[];
};

const file = vectorsOf<File>('meter');
const { sha256 } = crypto;
const KEY = bytesOf(file.key);

const installOf = (vector: Vector): Install => ({
  ...vector,
  type: 'install',
  id: 1,
  channel: bytesOf(vector.channel),
  anchor: bytesOf(vector.anchor),
  mac: bytesOf(vector.mac),
});

/** The mac by a program that is not ours, from the layout in the specification. */
const macElsewhere = (one: Install): string => {
  const head = Buffer.alloc(5);
  head[0] = 0x4d;
  head.writeUInt32BE(one.number, 1);
  const seq = Buffer.alloc(4);
  seq.writeUInt32BE(one.seq);
  const tail = Buffer.alloc(8);
  tail.writeUInt16BE(one.ticks, 0);
  tail.writeUInt32BE(one.base, 2);
  tail.writeUInt16BE(one.window, 6);
  const message = Buffer.concat([head, one.channel, seq, one.anchor, tail]);
  assert.is(message.length, 65);
  return createHmac('sha256', KEY).update(message).digest('hex').slice(0, 32);
};

const hmac = suite('hmacSha256');

/** RFC 4231 sections 4.2 to 4.4. */
const OFFICIAL = [
  [
    filled(0x0b, 20),
    utf8Encode('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    utf8Encode('Jefe'),
    utf8Encode('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [filled(0xaa, 20), filled(0xdd, 50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
] as const;

hmac('is that of RFC 4231', () => {
  for (const [key, message, mac] of OFFICIAL) assert.is(toHex(hmacSha256(sha256, key, message)), mac);
});

hmac('is that of node:crypto for any key of a block and any message', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 200 }), (key, message) => {
      assert.is(
        toHex(hmacSha256(sha256, key, message)),
        createHmac('sha256', key).update(message).digest('hex'),
      );
    }),
  ),
);

hmac('takes a longer key for a mistake', () =>
  assert.throws(() => hmacSha256(sha256, new Uint8Array(65), KEY), /more than 64/),
);

hmac.run();

const installations = suite('checkInstall');

for (const vector of file.good) {
  installations(`takes ${vector.name}`, () => {
    const install = installOf(vector);
    assert.is(macElsewhere(install), vector.mac);
    assert.is(toHex(installationMac(sha256, KEY, install)), vector.mac);
    assert.is(accepted(checkInstall(sha256, KEY, vector.number - 1, install)).number, vector.number);
  });
}

for (const vector of file.bad) {
  installations(`refuses ${vector.name}: ${vector.code}`, () =>
    refuses(checkInstall(sha256, KEY, vector.last, installOf(vector)), vector.code),
  );
}

installations.run();

const room = suite('roomOf');

room('is what base, ticks and window leave, and never below zero', () => {
  const credit = installOf(file.good[0]!); // base 100, window 8
  assert.is(roomOf(credit, 0, credit.window, 100), 8);
  assert.is(roomOf(credit, 7, credit.window, 108), 7);
  assert.is(roomOf(credit, 0, credit.window, 108), 0);
  assert.is(roomOf(credit, 0, 0, 300), 0);
});

room.run();

const payer = suite('lastLink');

for (const vector of file.payer) {
  payer(`makes ${vector.name}`, () => {
    const channel = bytesOf(file.channel);
    const last = lastLink(sha256, bytesOf(file.secret), channel, vector.seq, vector.counter);
    assert.is(toHex(last), vector.last);
    const links = buildChain(sha256, channel, vector.seq, last, vector.ticks);
    assert.is(toHex(linkAt(links, 0)), vector.anchor);
    for (const { index, x } of vector.links) assert.is(toHex(linkAt(links, index)), x);
  });
}

payer.run();
