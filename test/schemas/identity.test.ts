import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { nobleCrypto } from '../../agent/host/crypto-noble.ts';
import { fromBase32, toBase32 } from '../../schemas/base32.ts';
import { BASE58_TEXT_MAX, fromBase58, toBase58 } from '../../schemas/base58.ts';
import { toHex, utf8Encode } from '../../schemas/bytes.ts';
import { didKey, idOf, isId, isKey, isSignature, keyOfDid, strictVerify } from '../../schemas/identity.ts';
import { bytesOf, publicVectors } from './vectors.ts';

const native = nativeCrypto();
const noble = nobleCrypto();
const someBytes = fc.uint8Array({ maxLength: 40 });
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

const base32 = suite('base32');

base32('writes the examples of RFC 4648 section 10, lowercase and unpadded', () => {
  const examples = ['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi'];
  for (let i = 0; i < examples.length; i++) {
    const bytes = utf8Encode('foobar'.slice(0, i));
    assert.is(toBase32(bytes), examples[i]);
    assert.equal(fromBase32(examples[i]!), bytes);
  }
});

base32('reads back what it wrote, and nothing else', () => {
  fc.assert(fc.property(someBytes, (bytes) => assert.equal(fromBase32(toBase32(bytes)), bytes)));
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z2-7]{0,40}$/), (text) => {
      const bytes = fromBase32(text);
      if (bytes !== undefined) assert.is(toBase32(bytes), text);
    }),
  );
  for (const text of ['a', 'abc', 'abcdef', 'MY', 'my======', 'mz', 'm1', 'm8', 'm y', 'mý'])
    assert.is(fromBase32(text), undefined, text);
});

base32.run();

const base58 = suite('base58');

base58('writes the examples of draft-msporny-base58 section 5', () => {
  const examples: readonly [Uint8Array, string][] = [
    [utf8Encode('Hello World!'), '2NEpo7TZRRrLZSi2U'],
    [
      utf8Encode('The quick brown fox jumps over the lazy dog.'),
      'USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z',
    ],
    [bytesOf('0000287fb4cd'), '11233QC4'],
    [new Uint8Array(0), ''],
  ];
  for (const example of examples) {
    assert.is(toBase58(example[0]), example[1]);
    assert.equal(fromBase58(example[1]), example[0]);
  }
});

base58('reads back what it wrote, leading zeros too', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.uint8Array({ maxLength: 30 }), (zeros, tail) => {
      const bytes = new Uint8Array([...new Uint8Array(zeros), ...tail]);
      assert.equal(fromBase58(toBase58(bytes)), bytes);
    }),
  );
});

base58('refuses letters outside the alphabet and text over its maximum', () => {
  for (const text of ['0', 'O', 'I', 'l', '-', 'é', ' '])
    assert.is(fromBase58(`2NEpo7${text}`), undefined, text);
  assert.ok(fromBase58('1'.repeat(BASE58_TEXT_MAX)));
  assert.is(fromBase58('1'.repeat(BASE58_TEXT_MAX + 1)), undefined);
});

base58.run();

const identity = suite('identity');

identity('gives every key one id and one did:key', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const key = native.signerOf(seed).key;
      const id = idOf(key, native.sha256);
      assert.ok(isKey(key));
      assert.ok(isId(id));
      assert.is(id, idOf(key, noble.sha256));
      assert.match(didKey(key), /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/);
      assert.equal(keyOfDid(didKey(key)), { ok: true, value: key });
    }),
    { numRuns: 30 },
  );
});

identity('takes for an id exactly what base32 writes of 16 bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(25),
      fc.string({ unit: 'binary' }),
      (bytes, at, other) => {
        const id = toBase32(bytes);
        assert.ok(isId(id));
        const changed = id.slice(0, at) + other.charAt(0) + id.slice(at + 1);
        assert.is(isId(changed), changed.length === 26 && fromBase32(changed) !== undefined);
      },
    ),
  );
  for (const letter of 'abcdefghijklmnopqrstuvwxyz234567018')
    assert.is(isId('a'.repeat(25) + letter), fromBase32('a'.repeat(25) + letter) !== undefined, letter);
});

identity('throws at a key of another length: a programmer passed the wrong thing', () => {
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => idOf(new Uint8Array(length), native.sha256), /"key" expected/);
    assert.throws(() => didKey(new Uint8Array(length)), /"key" expected/);
  }
});

identity('passes the door with every honest key and signature', () => {
  fc.assert(
    fc.property(seeds, someBytes, (seed, message) => {
      const signer = native.signerOf(seed);
      const signature = signer.sign(message);
      assert.ok(isSignature(signature));
      assert.ok(native.verify(signer.key, message, signature));
    }),
    { numRuns: 50 },
  );
});

identity.run();

type Cctv = {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
};

const strict = suite('strictVerify');

strict('asks the provider only about keys and signatures that pass the door', () => {
  const signer = native.signerOf(new Uint8Array(32));
  const signature = signer.sign(new Uint8Array(0));
  let asked = 0;
  const verify = strictVerify(() => {
    asked++;
    return true;
  });
  assert.ok(verify(signer.key, new Uint8Array(0), signature));
  assert.is(asked, 1);
  for (const key of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(32).fill(255)])
    assert.not(verify(key, new Uint8Array(0), signature));
  for (const bad of [signature.subarray(1), new Uint8Array(64), new Uint8Array(64).fill(255)])
    assert.not(verify(signer.key, new Uint8Array(0), bad));
  assert.is(asked, 1);
});

strict('makes the native and the portable verifier agree on all 914 vectors of CCTV', () => {
  const vectors = publicVectors<readonly Cctv[]>('ed25519-cctv.json');
  if (vectors === undefined) return;
  assert.is(vectors.length, 914);
  const refusedFlags = [
    'low_order_A',
    'low_order_R',
    'non_canonical_A',
    'non_canonical_R',
    'low_order_residue',
  ];
  let accepted = 0;
  for (const vector of vectors) {
    const key = bytesOf(vector.key);
    const signature = bytesOf(vector.sig);
    const message = utf8Encode(vector.msg);
    // The vectors tell their edges: the rule of spec/identity.md in terms of their flags.
    const expected = !(vector.flags ?? []).some((flag) => refusedFlags.includes(flag));
    assert.is(native.verify(key, message, signature), expected, `native, vector ${vector.number}`);
    assert.is(noble.verify(key, message, signature), expected, `noble, vector ${vector.number}`);
    if (expected) accepted++;
  }
  assert.is(accepted, 43);
});

strict('refuses a signature by another key, on another message, or with S moved by the group order', () => {
  const order = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
  fc.assert(
    fc.property(seeds, seeds, someBytes, (seed, otherSeed, message) => {
      const signer = native.signerOf(seed);
      const signature = signer.sign(message);
      const moved = signature.slice();
      let carry = 0;
      for (let i = 0; i < 32; i++) {
        carry += moved[32 + i]! + order[i]!;
        moved[32 + i] = carry & 255;
        carry >>= 8;
      }
      for (const crypto of [native, noble]) {
        assert.ok(crypto.verify(signer.key, message, signature));
        assert.not(crypto.verify(signer.key, message, moved), toHex(moved));
        assert.not(crypto.verify(signer.key, new Uint8Array([...message, 0]), signature));
        if (toHex(seed) !== toHex(otherSeed))
          assert.not(crypto.verify(native.signerOf(otherSeed).key, message, signature));
      }
    }),
    { numRuns: 15 },
  );
});

strict.run();
