/** The vectors of a channel: open, voucher, what a settler signs, close. */

import { type Cbor, encodeCbor } from '../../schemas/cbor.ts';
import { signObject } from '../../schemas/cose.ts';
import type { Grant } from '../../schemas/grant.ts';
import type { Open } from '../../schemas/open.ts';
import type { Receipt } from '../../schemas/receipt.ts';
import { signCertificate } from '../../schemas/settler.ts';
import type { Voucher } from '../../schemas/voucher.ts';
import {
  CHANNEL,
  fileOf,
  type Good,
  good,
  NANO_MAX,
  NOW_S,
  OTHER_CHANNEL,
  SMALL_ORDER_KEY,
  spoiled,
  U32_MAX,
} from './file.ts';
import { type Base, bad, badFields, type FieldCase, payloadOf, resign } from './hostile.ts';
import { hex, type Json, toJson } from './notation.ts';
import { CERTIFICATE_NONCE, CODECS, contextOf, type Known, underCertificate } from './objects.ts';
import { filled, keyOf, signer } from './parties.ts';

export const voucherFile = (): Json => {
  const plain: Voucher = {
    seq: 1,
    cumulativeNano: 5000000,
    readings: 100,
    head: filled(0x77),
    anchor: null,
    tickNano: 0,
  };
  const chained: Voucher = { ...plain, seq: 2, anchor: filled(0xa0, 16), tickNano: 50000 };
  const largest = { seq: U32_MAX, cumulativeNano: NANO_MAX, readings: U32_MAX, head: filled(0xff) };
  const known: Known = { signer: 'buyer', subject: CHANNEL };
  const elsewhere: Known = { signer: 'buyer', subject: OTHER_CHANNEL };
  const first = good('voucher', 'without a chain', plain, known);
  const chain = good('voucher', 'with a chain', chained, known);
  return fileOf(
    'evidence',
    [
      first,
      chain,
      good('voucher', 'the largest without a chain, 128 bytes', { ...plain, ...largest }, known),
      good(
        'voucher',
        'the largest with a chain, 150 bytes',
        { ...chained, ...largest, tickNano: U32_MAX },
        known,
      ),
      good('voucher', 'worth nothing yet', { ...chained, cumulativeNano: 0, readings: 0 }, known),
    ],
    [
      ...spoiled(first, good('voucher', '', plain, elsewhere), [
        [0, 'seq 0', 0],
        [0, 'seq 2^32', U32_MAX + 1],
        [1, 'a negative cumulative', -1],
        [2, 'readings 2^32', U32_MAX + 1],
        [3, 'a head of 31 bytes', filled(0x77, 31)],
        [3, 'a head of text', 'head'],
      ]),
      ...badFields(chain, [
        [4, 'an anchor of 32 bytes', filled(0xa0)],
        [5, 'ticks worth nothing', 0],
        [5, 'a tick worth 2^32 nano', U32_MAX + 1],
      ]),
    ],
  );
};

export const openFile = (): Json => {
  const open: Open = {
    payer: keyOf('buyer'),
    payee: keyOf('seller'),
    settler: keyOf('root'),
    currency: 'EUR',
    limitNano: 3500000000,
    expiryS: NOW_S + 86400,
    nonce: filled(0x0b, 16),
    terms: filled(0x1e),
  };
  const usual = good('open', 'a channel for a lease', open, { signer: 'buyer' });
  const largest = { ...open, limitNano: NANO_MAX, expiryS: U32_MAX };
  return fileOf(
    'channel',
    [usual, good('open', 'the largest', largest, { signer: 'buyer' })],
    spoiled(usual, undefined, [
      [0, 'a payer of small order', SMALL_ORDER_KEY, 'well-formed'],
      [1, 'a payee of 33 bytes', filled(1, 33)],
      [1, 'a payee who is the payer', keyOf('buyer'), 'well-formed'],
      [2, 'a settler by name', 'settler'],
      [3, 'a currency of four letters', 'EURO'],
      [4, 'a limit of nothing', 0],
      [5, 'an expiry in 2106', U32_MAX + 1],
      [6, 'a nonce of 17 bytes', filled(0x0b, 17)],
      [7, 'the terms themselves', 'terms'],
    ]),
  );
};

const CERTIFICATE = (): Uint8Array =>
  signCertificate(keyOf('signing'), NOW_S - 86400, NOW_S + 86400, signer('root'));

/** Fields 0 and 1 of everything that a settler signs. */
const ISSUED_CASES: readonly FieldCase[] = [
  [0, 'a certificate of 257 bytes', new Uint8Array(257)],
  [0, 'a certificate of text', 'root'],
  [1, 'issued in 2106', U32_MAX + 1],
];

/** `fileOf` of one kind that a settler signs; `subjects`: two that its context may name. */
export const settled = (
  kind: 'grant' | 'receipt' | 'time' | 'spending' | 'noted',
  value: unknown,
  largest: unknown,
  subjects: readonly [string, string] | undefined,
  cases: readonly FieldCase[],
  spec = 'channel',
): Json => {
  const subject = subjects?.[0];
  const elsewhere = (known: Known): Good | undefined =>
    subjects === undefined ? undefined : good(kind, '', value, { ...known, subject: subjects[1] });
  const root: Known = { signer: 'root', subject };
  const certified: Known = { signer: 'signing', subject, certificate: hex(CERTIFICATE()) };
  const usual = good(kind, 'signed by a certified key', value, certified);
  const bare = good(kind, 'signed by the root key', value, root);
  const uncertified: Base = { kind, known: { signer: 'signing', subject }, bytes: bare.bytes };
  const stranger = signCertificate(keyOf('stranger'), 0, U32_MAX, signer('stranger'));
  return fileOf(
    spec,
    [
      bare,
      usual,
      good(kind, 'the largest', largest, {
        ...certified,
        certificate: hex(signCertificate(keyOf('signing'), NOW_S, U32_MAX, signer('root'))),
      }),
    ],
    [
      ...spoiled(usual, elsewhere(certified), [...ISSUED_CASES, ...cases]),
      bad(
        uncertified,
        'signed by the signing key without its certificate',
        'signature-invalid',
        resign(uncertified, payloadOf(bare.bytes)),
        true,
      ),
      bad(
        usual,
        'under a certificate that a stranger wrote',
        'signature-invalid',
        CODECS[kind].seal(value as never, { signer: 'stranger', subject, certificate: hex(stranger) }),
        true,
      ),
    ],
  );
};

export const grantFile = (): Json => {
  const grant: Grant = {
    issuedS: NOW_S,
    version: 1,
    limitNano: 3500000000,
    expiryS: NOW_S + 86400,
    backing: 'deposit',
  };
  const largest: Grant = {
    issuedS: U32_MAX,
    version: U32_MAX,
    limitNano: NANO_MAX,
    expiryS: U32_MAX,
    backing: 'bilateral',
  };
  return settled(
    'grant',
    grant,
    largest,
    [CHANNEL, OTHER_CHANNEL],
    [
      [2, 'version -1', -1],
      [3, 'a limit in text', '1 EUR'],
      [4, 'an expiry in 2106', U32_MAX + 1],
      [5, 'backing 3', 3],
    ],
  );
};

export const receiptFile = (): Json => {
  const receipt: Receipt = {
    issuedS: NOW_S,
    paidNano: 5000000,
    limitNano: 3500000000,
    final: false,
    journalIndex: 4711,
  };
  const largest: Receipt = {
    issuedS: U32_MAX,
    paidNano: NANO_MAX,
    limitNano: NANO_MAX,
    final: true,
    journalIndex: NANO_MAX,
  };
  return settled(
    'receipt',
    receipt,
    largest,
    [CHANNEL, OTHER_CHANNEL],
    [
      [2, 'paid -1', -1],
      [3, 'no limit', null],
      [4, 'final 1', 1],
      [5, 'a negative journal index', -1],
    ],
  );
};

export const timeFile = (): Json => settled('time', NOW_S, U32_MAX, ['ab'.repeat(16), 'ac'.repeat(16)], []);

export const certificateFile = (): Json => {
  const known: Known = { signer: 'signing', subject: CERTIFICATE_NONCE };
  const span = { signingKey: keyOf('signing'), notBeforeS: NOW_S, notAfterS: NOW_S + 86400 };
  const at = (issuedS: number): Uint8Array =>
    underCertificate(
      signCertificate(span.signingKey, span.notBeforeS, span.notAfterS, signer('root')),
      issuedS,
    );
  const raw = (fields: Cbor, label = 'tb1/settler-key'): Uint8Array =>
    underCertificate(signObject([label], encodeCbor(fields), signer('root')), NOW_S);
  const one = { kind: 'certificate' as const, known };
  const outside = 'signature-invalid';
  return {
    ...(fileOf(
      'channel',
      [],
      [
        bad(one, 'a second before it holds', outside, at(NOW_S - 1), true),
        bad(one, 'a second after it held', outside, at(NOW_S + 86401), true),
        bad(one, 'of another kind', outside, raw([keyOf('signing'), 0, U32_MAX], 'tb1/grant'), true),
        bad(one, 'for another key', outside, raw([keyOf('buyer'), 0, U32_MAX]), true),
        bad(one, 'with two fields', 'object-malformed', raw([keyOf('signing'), 0])),
        bad(one, 'of a key of small order', 'value-out-of-range', raw([SMALL_ORDER_KEY, 0, U32_MAX]), true),
        bad(one, 'from a time in 2106', 'value-out-of-range', raw([keyOf('signing'), U32_MAX + 1, U32_MAX])),
        bad(one, 'to a negative time', 'value-out-of-range', raw([keyOf('signing'), 0, -1])),
        bad(one, 'that is empty', 'cbor-truncated', underCertificate(new Uint8Array(0), NOW_S)),
        bad(one, 'that is no envelope', 'cose-malformed', underCertificate(encodeCbor([1, 2, 3]), NOW_S)),
      ],
    ) as { readonly [name: string]: Json }),
    good: [NOW_S, NOW_S + 86400].map((issuedS, i) => ({
      kind: 'certificate',
      name: i === 0 ? 'at its first second' : 'at its last second',
      signer: 'signing',
      context: toJson(contextOf('certificate', known)),
      subject: CERTIFICATE_NONCE,
      value: toJson({ ...span, issuedS }),
      bytes: hex(at(issuedS)),
    })),
  };
};

export const closeFile = (): Json => {
  const known: Known = { signer: 'seller', subject: CHANNEL };
  const usual = good('close', 'the payee closes', 5000000, known);
  return fileOf(
    'channel',
    [
      usual,
      good('close', 'the largest', NANO_MAX, known),
      good('close', 'before anything was paid', 0, known),
    ],
    spoiled(usual, good('close', '', 5000000, { ...known, subject: OTHER_CHANNEL }), [
      [0, 'a negative total', -1],
    ]),
  );
};
