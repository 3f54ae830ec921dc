import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { nobleCrypto } from '../../agent/host/crypto-noble.ts';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import {
  checkCounter,
  nextCounter,
  openCredential,
  ownsClient,
  signCredential,
} from '../../schemas/credential.ts';
import { idOf } from '../../schemas/identity.ts';
import type { Result } from '../../schemas/result.ts';
import { schemas } from '../cddl/schemas.ts';
import { vectorsOf } from '../schemas/vectors.ts';

type Case = {
  readonly title: string;
  readonly broker: string;
  readonly user: string;
  readonly client: string;
  readonly last: number;
  readonly nowMs: number;
  readonly credential: string;
};
type Vectors = {
  readonly good: readonly (Case & { readonly seed: string; readonly counter: number })[];
  readonly bad: readonly (Case & { readonly code: string })[];
};

const vectors = vectorsOf<Vectors>('credential');
const crypto = nativeCrypto();

/** What a broker does with a CONNECT: open, then check the counter. */
const admit = (vector: Case, provider = crypto): Result<number> => {
  const broker = fromHex(vector.broker)!;
  const connect = { broker, client: vector.client, user: vector.user };
  const opened = openCredential(fromHex(vector.credential)!, connect, provider);
  return opened.ok ? checkCounter(opened.value.counter, vector.last, vector.nowMs) : opened;
};

const credential = suite('Credential');

for (const vector of vectors.good) {
  credential(`signs and admits ${vector.title}`, () => {
    const signer = crypto.signerOf(fromHex(vector.seed)!);
    assert.is(idOf(signer.key, crypto.sha256), vector.user);
    const signed = signCredential(fromHex(vector.broker)!, vector.client, vector.counter, signer);
    assert.is(toHex(signed), vector.credential);
    assert.equal(schemas().validate('credential', signed), { ok: true });
    for (const provider of [crypto, nobleCrypto()]) {
      assert.equal(admit(vector, provider), { ok: true, value: vector.counter });
    }
  });
}

for (const vector of vectors.bad) {
  credential(`refuses ${vector.title}`, () => {
    const answer = admit(vector);
    assert.is(answer.ok ? 'admitted' : answer.code, vector.code);
  });
}

credential('takes 197 bytes at most', () => {
  const longest = vectors.good.map((vector) => vector.credential.length / 2);
  assert.is(Math.max(...longest), 197);
});

credential('refuses any changed byte', () => {
  const vector = vectors.good[0]!;
  const bytes = fromHex(vector.credential)!;
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = bytes.slice();
      changed[at]! ^= change;
      assert.not.ok(admit({ ...vector, credential: toHex(changed) }).ok);
    }),
  );
});

credential.run();

const counters = suite('nextCounter');

counters('rises on every call whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100), { minLength: 1 }), (clock) => {
      let last = -1;
      for (const nowMs of clock) {
        const counter = nextCounter(last, nowMs);
        assert.ok(counter > last && counter >= nowMs);
        last = counter;
      }
    }),
  );
});

counters.run();

const names = suite('ownsClient');

names('gives every client id to at most one user', () => {
  const ids = [1, 2].map((n) => idOf(crypto.signerOf(new Uint8Array(32).fill(n)).key, crypto.sha256));
  for (const id of ids) {
    for (const client of [id, `${id}-a`, `${id}-sell2`]) {
      assert.equal(
        ids.map((user) => ownsClient(user, client)),
        ids.map((user) => user === id),
      );
    }
  }
});

names.run();
