import * as cborg from 'cborg';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import { decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import { openObject, parseObject, signObject, verifyEnvelope } from '../../schemas/cose.ts';
import { schemas } from '../cddl/schemas.ts';
import { publicVectors } from './vectors.ts';

const crypto = nativeCrypto();
const signer = crypto.signerOf(new Uint8Array(32).fill(1));
const payloads = fc.uint8Array({ maxLength: 200 });
const contexts = fc
  .tuple(
    fc.constantFrom('tb1/voucher', 'tb1/open', 'tb1/grant'),
    fc.array(fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.nat())),
  )
  .map((pair) => [pair[0], ...pair[1]]);

const cose = suite('signed object');

cose('opens under the context it was signed in, and under no other', () => {
  fc.assert(
    fc.property(payloads, contexts, contexts, (payload, context, other) => {
      const signed = signObject(context, payload, signer);
      const opened = openObject(signed, context, signer.key, crypto.verify);
      assert.ok(opened.ok);
      assert.is(toHex(opened.value), toHex(payload));
      if (toHex(encodeCbor(context)) === toHex(encodeCbor(other))) return;
      const foreign = openObject(signed, other, signer.key, crypto.verify);
      assert.is(foreign.ok ? 'accepted' : foreign.code, 'signature-invalid');
    }),
    { numRuns: 200 },
  );
});

cose('with any byte changed is no longer signed', () => {
  fc.assert(
    fc.property(payloads, fc.nat(), fc.integer({ min: 1, max: 255 }), (payload, at, difference) => {
      const signed = signObject(['tb1/open'], payload, signer);
      signed[at % signed.length]! ^= difference;
      assert.not(openObject(signed, ['tb1/open'], signer.key, crypto.verify).ok);
    }),
    { numRuns: 500 },
  );
});

cose('is what cborg makes of RFC 9052 section 4.4, in 93 bytes for a payload of 20', () => {
  const payload = new Uint8Array(20).fill(5);
  const signed = signObject(['tb1/time'], payload, signer);
  assert.is(signed.length, 93);
  const header = fromHex('a10132')!;
  const aad = cborg.encode(['tb1/time'], cborg.rfc8949EncodeOptions);
  const signature = signer.sign(cborg.encode(['Signature1', header, aad, payload]));
  assert.is(toHex(signed), toHex(cborg.encode([header, {}, payload, signature])));
  const body = signObject(['tb1/time'], encodeCbor(7), signer);
  assert.equal(schemas().validate('signed-any', body), { ok: true });
});

type CoseExample = {
  readonly title: string;
  readonly fail?: boolean;
  readonly input: { readonly sign0?: { readonly key: { readonly x_hex?: string } } };
  readonly intermediates: { readonly ToBeSign_hex: string };
  readonly output: { readonly cbor: string };
};

cose('signs the same bytes as EdDSA-01 of the COSE working group, but for the context', () => {
  const example = publicVectors<CoseExample>('cose/eddsa-sig-01.json');
  if (example === undefined) return;
  const item = cborg.decode(fromHex(example.output.cbor)!.subarray(1), { useMaps: true }) as Uint8Array[];
  const key = fromHex(example.input.sign0!.key.x_hex!)!;
  const theirs = example.intermediates.ToBeSign_hex.toLowerCase();
  assert.ok(crypto.verify(key, fromHex(theirs)!, item[3]!), 'their signature over their bytes');
  const envelope = { protectedHeader: item[0]!, payload: item[2]!, signature: item[3]! };
  let ours = '';
  const keep = (_key: Uint8Array, message: Uint8Array): boolean => {
    ours = toHex(message);
    return true;
  };
  verifyEnvelope(envelope, [], key, keep);
  const payload = encodeCbor(envelope.payload);
  // Theirs has no external_aad (40), ours the empty context: a byte string with an empty array (41 80).
  assert.is(ours, theirs.replace(`40${toHex(payload)}`, `4180${toHex(payload)}`));
});

cose(
  'takes none of the ES256 examples, good or bad: kids, tags and other algorithms are not our profile',
  () => {
    const expected: readonly [string, string][] = [
      ['eddsa-sig-01', 'cose-malformed'], // tagged
      ['sign-pass-01', 'cose-malformed'],
      ['sign-pass-02', 'cose-malformed'],
      ['sign-pass-03', 'cose-malformed'], // untagged, but with a kid outside the signature
      ['sign-fail-01', 'cose-malformed'],
      ['sign-fail-02', 'cose-malformed'],
      ['sign-fail-03', 'cose-malformed'],
      ['sign-fail-04', 'cose-malformed'],
      ['sign-fail-06', 'cose-malformed'],
      ['sign-fail-07', 'cose-malformed'],
    ];
    for (const pair of expected) {
      const example = publicVectors<CoseExample>(`cose/${pair[0]}.json`);
      if (example === undefined) return;
      const bytes = fromHex(example.output.cbor)!;
      const parsed = parseObject(bytes);
      assert.is(parsed.ok ? 'accepted' : parsed.code, pair[1], pair[0]);
      // Without tag and kid, what is left to refuse is the algorithm.
      const item = cborg.decode(bytes, {
        useMaps: true,
        tags: { 18: (decode) => decode(), 998: (decode) => decode() },
      }) as unknown[];
      item[1] = new Map();
      const bare = cborg.encode(item, cborg.rfc8949EncodeOptions);
      assert.ok(decodeCbor(bare).ok);
      const stripped = parseObject(bare);
      assert.is(stripped.ok ? 'accepted' : stripped.code, 'cose-algorithm', pair[0]);
    }
  },
);

cose.run();
