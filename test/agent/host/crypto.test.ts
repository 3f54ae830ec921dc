import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadCrypto } from '../../../agent/host/crypto.ts';
import { nativeCrypto } from '../../../agent/host/crypto-native.ts';
import { nobleCrypto } from '../../../agent/host/crypto-noble.ts';
import { fromHex, toHex } from '../../../schemas/bytes.ts';

const native = nativeCrypto();
const noble = nobleCrypto();
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const messages = fc.uint8Array({ maxLength: 300 });
const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = bytes.slice();
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
};

const provider = suite('HostCrypto');

provider('computes RFC 8032 section 7.1 test 1 and SHA-256 of FIPS 180-4 with both providers', () => {
  const seed = fromHex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')!;
  for (const crypto of [native, noble]) {
    const signer = crypto.signerOf(seed);
    assert.is(toHex(signer.key), 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    assert.is(
      toHex(signer.sign(new Uint8Array(0))),
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
    assert.is(
      toHex(crypto.sha256(new TextEncoder().encode('abc'))),
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  }
});

provider('gives plain Uint8Arrays of its own memory', () => {
  for (const crypto of [native, noble]) {
    const signer = crypto.signerOf(new Uint8Array(32));
    for (const bytes of [
      crypto.sha256(signer.key),
      signer.key,
      signer.sign(signer.key),
      crypto.random(16),
      crypto.random(70000),
    ]) {
      assert.is(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    }
    assert.is(crypto.random(0).length, 0);
    assert.is(new Set([1, 2, 3, 4].map(() => toHex(crypto.random(16)))).size, 4);
  }
});

provider('verifies on another thread as it does on this one', async () => {
  const { verifyAside } = native;
  if (verifyAside === undefined) return console.log('skip: one processor here, nothing is verified aside');
  const signer = native.signerOf(new Uint8Array(32).fill(7));
  const message = new Uint8Array([1, 2, 3]);
  const signature = signer.sign(message);
  const smallOrder = new Uint8Array(32).fill(0);
  smallOrder[0] = 1;
  for (const [key, signed] of [
    [signer.key, signature],
    [signer.key, flipped(signature, 9)],
    [flipped(signer.key, 9), signature],
    [smallOrder, signature],
    [signer.key, new Uint8Array(63)],
  ] as const)
    assert.is(await verifyAside(key, message, signed), native.verify(key, message, signed));
  assert.is(await verifyAside(signer.key, message, signature), true);
});

provider('signs on another thread as it does on this one', async () => {
  const { sign, signAside } = native.signerOf(new Uint8Array(32).fill(7));
  if (signAside === undefined) return console.log('skip: one processor here, nothing is signed aside');
  const message = new Uint8Array([1, 2, 3]);
  const signature = await signAside(message);
  assert.equal(signature, sign(message));
  assert.is(Object.getPrototypeOf(signature), Uint8Array.prototype);
});

provider('hashes, signs and verifies alike natively and in JavaScript', () => {
  fc.assert(
    fc.property(seeds, messages, fc.nat(511), fc.nat(255), (seed, message, signatureBit, keyBit) => {
      assert.equal(native.sha256(message), noble.sha256(message));
      const signer = native.signerOf(seed);
      const twin = noble.signerOf(seed);
      assert.equal(signer.key, twin.key);
      const signature = signer.sign(message);
      assert.equal(signature, twin.sign(message));
      assert.ok(native.verify(signer.key, message, signature));
      assert.ok(noble.verify(signer.key, message, signature));
      for (const crypto of [native, noble]) {
        assert.not.ok(crypto.verify(signer.key, message, flipped(signature, signatureBit)));
        assert.not.ok(crypto.verify(flipped(signer.key, keyBit), message, signature));
      }
    }),
    { numRuns: 25 },
  );
});

provider('refuses bytes that are no key and no signature instead of throwing', () => {
  const signer = native.signerOf(new Uint8Array(32));
  const signature = signer.sign(signer.key);
  for (const crypto of [native, noble]) {
    assert.not.ok(crypto.verify(signer.key.subarray(1), signer.key, signature));
    assert.not.ok(crypto.verify(signer.key, signer.key, signature.subarray(1)));
    assert.not.ok(crypto.verify(new Uint8Array(32).fill(2), signer.key, signature));
    assert.throws(() => crypto.signerOf(new Uint8Array(31)), /"seed" expected/);
  }
});

provider('verifies under more keys than it keeps imported', () => {
  const crypto = nativeCrypto();
  const message = new Uint8Array(8);
  const seed = new Uint8Array(32);
  const view = new DataView(seed.buffer);
  const signed = Array.from({ length: 1100 }, (_, i) => {
    view.setUint32(0, i);
    const signer = crypto.signerOf(seed);
    return { key: signer.key, signature: signer.sign(message) };
  });
  for (const { key, signature } of [...signed, ...signed.slice(0, 50)]) {
    assert.ok(crypto.verify(key, message, signature));
  }
  assert.not.ok(crypto.verify(signed[0]!.key, message, signed[1]!.signature));
});

provider('is native here, and noble on request', async () => {
  assert.is((await loadCrypto(undefined)).provider, 'native');
  assert.is((await loadCrypto('noble')).provider, 'noble');
});

provider.run();
