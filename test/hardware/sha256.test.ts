/** The chip's SHA-256, HMAC and ticks, on this machine and on the emulated chip, against published answers and OpenSSL. */

import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import { chainBlock, walkBack } from '../../schemas/tick.ts';
import { buildCoreHost } from './core-host.ts';
import { buildCryptoChip } from './crypto-chip.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hmacSha256 = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest();

/** FIPS 180-4 section 5.1.1. */
const padded = (message: Uint8Array): Uint8Array => {
  const blocks = Buffer.alloc(Math.ceil((message.length + 9) / 64) * 64);
  blocks.set(message);
  blocks[message.length] = 0x80;
  blocks.writeUInt32BE(message.length * 8, blocks.length - 4);
  return blocks;
};

/** https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values */
const PUBLISHED = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
] as const;

/**
 * RFC 4231 test cases 1 to 4, whose keys are at most 32 bytes: a shorter key is one with zeros behind it
 * (RFC 2104 section 2).
 */
const RFC_4231 = [
  [
    '0b'.repeat(20),
    toHex(Buffer.from('Hi There')),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    toHex(Buffer.from('Jefe')),
    toHex(Buffer.from('what do ya want for nothing?')),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  ['aa'.repeat(20), 'dd'.repeat(50), '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe'],
  [
    '0102030405060708090a0b0c0d0e0f10111213141516171819',
    'cd'.repeat(50),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
].map(([key, message, mac]) => [key!.padEnd(64, '0'), message!, mac!] as const);

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const keyed = fc.tuple(bytes(32), fc.uint8Array({ maxLength: 119 }));
/** Channel, seq, index, x. */
const links = fc.tuple(
  bytes(32),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.integer({ min: 1, max: 1024 }),
  bytes(16),
);
const linkBefore = ([channel, seq, index, x]: readonly [
  Uint8Array,
  number,
  number,
  Uint8Array,
]): Uint8Array => walkBack(sha256, chainBlock(channel, seq), index, index - 1, x);

const host = buildCoreHost('crypto-host.c', ['sha256.c', 'hmac.c', 'tick.c']);
const portable = suite('SHA-256 of the chip, on this machine');

if (host !== undefined) {
  const answers = (questions: readonly string[]): string[] => host.ask(questions);

  portable('gives the published digests', () =>
    assert.equal(
      answers(PUBLISHED.map(([message]) => `hash ${toHex(padded(Buffer.from(message)))}`)),
      PUBLISHED.map(([, digest]) => digest),
    ),
  );

  portable('digests messages of up to four blocks as OpenSSL does', () => {
    const messages = fc.sample(fc.uint8Array({ maxLength: 247 }), 5000);
    assert.equal(
      answers(messages.map((message) => `hash ${toHex(padded(message))}`)),
      messages.map((message) => toHex(sha256(message))),
    );
  });

  portable('is right 300,000 times in a row', () => {
    let digest: Uint8Array = fc.sample(bytes(32), 1)[0]!;
    const [answer] = answers([`again ${toHex(digest)} 300000`]);
    for (let i = 0; i < 300_000; i++) digest = sha256(digest);
    assert.is(answer, toHex(digest));
  });

  portable('gives the MACs of RFC 4231', () =>
    assert.equal(
      answers(RFC_4231.map(([key, message]) => `hmac ${key} ${message}`)).map(
        (answer) => answer.split(' ')[1],
      ),
      RFC_4231.map(([, , mac]) => mac),
    ),
  );

  portable('gives the MACs of OpenSSL, a block for each step', () => {
    // Where the message and its padding end a block, and one byte beyond.
    const edges = [0, 1, 41, 55, 56, 63, 64, 65, 119].map(
      (length) => [new Uint8Array(32), new Uint8Array(length)] as const,
    );
    const all = [...edges, ...fc.sample(keyed, 2000)];
    assert.equal(
      answers(all.map(([key, message]) => `hmac ${toHex(key)} ${toHex(message)}`)),
      all.map(([key, message]) => `${3 + padded(message).length / 64} ${toHex(hmacSha256(key, message))}`),
    );
  });

  portable('walks a chain back as the schemas do', () => {
    const all = fc.sample(links, 1000);
    assert.equal(
      answers(all.map(([channel, seq, index, x]) => `tick ${toHex(channel)} ${seq} ${index} ${toHex(x)}`)),
      all.map((link) => toHex(linkBefore(link))),
    );
  });
}

portable('has a byte for every published vector', () => {
  for (const [key, message, mac] of RFC_4231)
    for (const hex of [key, message, mac]) assert.ok(fromHex(hex) !== undefined);
});

portable.after(() => host?.remove());
portable.run();

const chip = buildCryptoChip('ours');
const emulated = suite('SHA-256 of the chip, on the chip');

if (chip !== undefined) {
  emulated('gives the published digests', () => {
    for (const [message, digest] of PUBLISHED)
      assert.is(toHex(chip.hash(padded(Buffer.from(message)))), digest);
  });

  emulated('digests as OpenSSL does', () => {
    for (const message of fc.sample(fc.uint8Array({ maxLength: 200 }), 40)) {
      assert.is(toHex(chip.hash(padded(message))), toHex(sha256(message)));
    }
  });

  emulated('gives the MACs of RFC 4231 and of OpenSSL', () => {
    for (const [key, message, mac] of RFC_4231) {
      assert.is(toHex(chip.hmac(fromHex(key)!, fromHex(message)!)), mac);
    }
    for (const [key, message] of fc.sample(keyed, 20)) {
      assert.is(toHex(chip.hmac(key, message)), toHex(hmacSha256(key, message)));
    }
  });

  emulated('walks a chain back as the schemas do', () => {
    for (const link of fc.sample(links, 30))
      assert.is(toHex(chip.stepBack(...link)), toHex(linkBefore(link)));
  });

  emulated('takes the same time whatever it hashes, well below what a tick may take', () => {
    const cycles = new Set<number>();
    for (const message of fc.sample(bytes(55), 10)) {
      chip.hash(padded(message));
      for (const one of chip.cycles) cycles.add(one);
    }
    assert.is(cycles.size, 1);
    assert.ok(Math.max(...cycles) <= 30_000, `${[...cycles]} cycles`);
  });
}

emulated.run();
