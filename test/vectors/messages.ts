/** The vectors of messages: requests with their answers, and what flows on the two topics of a lease. */

import { signBudget, signEnrolment } from '../../schemas/budget.ts';
import { type Cbor, encodeCbor } from '../../schemas/cbor.ts';
import { signClose } from '../../schemas/close.ts';
import { signConsent } from '../../schemas/consent.ts';
import { decimalOf } from '../../schemas/decimal.ts';
import { signDispute } from '../../schemas/dispute.ts';
import { signGrant } from '../../schemas/grant.ts';
import { signLine } from '../../schemas/line.ts';
import { signNoted } from '../../schemas/noted.ts';
import { signOpen } from '../../schemas/open.ts';
import { signReceipt } from '../../schemas/receipt.ts';
import { encodeRequest, type Request } from '../../schemas/request.ts';
import { CODES, type Code } from '../../schemas/result.ts';
import { encodeReading } from '../../schemas/senml.ts';
import type { SettlerSigner } from '../../schemas/settler.ts';
import { signSpending } from '../../schemas/spending.ts';
import { agreeStatement, signStatement } from '../../schemas/statement.ts';
import { type Control, encodeControl, type StreamMessage } from '../../schemas/stream.ts';
import { signLease, signOffer } from '../../schemas/terms.ts';
import { encodeTick } from '../../schemas/tick.ts';
import { signTime } from '../../schemas/time.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { TERMS } from './leases.ts';
import { hex, type Json, toJson } from './notation.ts';
import { BUDGET, CONSENT, DISPUTE, LINE, NOTED, SPENDING } from './owners.ts';
import { filled, keyOf, signer } from './parties.ts';

const NOW_S = 1795168800;
const CHANNEL = filled(0xc1);
const LEASE = filled(0x1e);
const ID = filled(0x1d, 8);
const NONCE = filled(0xab, 16);
const ROOT: SettlerSigner = { signer: signer('root'), certificate: null };

const said = { seq: 2, cumulativeNano: 5000000, readings: 100, head: filled(0x77) };
const VOUCHER = signVoucher(CHANNEL, { ...said, anchor: filled(0xa0, 16), tickNano: 50000 }, signer('buyer'));
const TICK = encodeTick(2, 7, filled(0xa7, 16));
const OFFER = signOffer(TERMS, signer('buyer'));
const OPEN = signOpen(
  {
    payer: keyOf('buyer'),
    payee: keyOf('seller'),
    settler: keyOf('root'),
    currency: 'EUR',
    limitNano: 3500000000,
    expiryS: NOW_S + 86400,
    nonce: filled(0x0b, 16),
    terms: LEASE,
  },
  signer('buyer'),
);
const GRANT = signGrant(
  CHANNEL,
  { issuedS: NOW_S, version: 1, limitNano: 3500000000, expiryS: NOW_S + 86400, backing: 'deposit' },
  ROOT,
);
const RECEIPT = signReceipt(
  CHANNEL,
  { issuedS: NOW_S, paidNano: 5000000, limitNano: 3500000000, final: false, journalIndex: 4711 },
  ROOT,
);
const STATED = signStatement(
  LEASE,
  { channel: CHANNEL, delivered: 100, paid: 100, totalNano: 5000000, head: filled(0x77), reason: 'readings' },
  signer('buyer'),
);
const AGREED = agreeStatement(LEASE, STATED, signer('seller'));
const BUDGET_SIGNED = signBudget(BUDGET, signer('owner'));
const SPENT = signSpending(keyOf('buyer'), SPENDING, ROOT);
const DISPUTE_SIGNED = signDispute(CHANNEL, DISPUTE, signer('seller'));

const SENTENCE = 'the voucher goes back';
/** 256 bytes. */
const LONGEST = 'ä'.repeat(128);
const HEAD = filled(0x77);
const LINK = filled(0xa7, 16);
const RESYNC_NONCE = filled(0xab, 8);

const bad = (name: string, code: Code, item: Cbor | Uint8Array): Json => ({
  name,
  code,
  bytes: hex(item instanceof Uint8Array ? item : encodeCbor(item)),
});

/** Bytes that are no CBOR of ours, whatever message they began as. */
const badBytes = (message: Uint8Array): readonly Json[] => [
  bad('the last byte missing', 'cbor-truncated', message.subarray(0, message.length - 1)),
  bad('a byte too many', 'cbor-trailing', new Uint8Array([...message, 0])),
  bad('nothing', 'cbor-truncated', new Uint8Array(0)),
  bad('an array of indefinite length', 'cbor-not-deterministic', new Uint8Array([0x9f, 0xff])),
  bad('undefined', 'cbor-unsupported', new Uint8Array([0xf7])),
  bad('arrays 17 deep', 'cbor-too-deep', new Uint8Array([...filled(0x81, 17), 0])),
];

const badRequests = (): readonly Json[] => [
  ...badBytes(encodeRequest({ kind: 'query', id: ID, parts: [CHANNEL] })),
  bad('a map', 'object-malformed', new Uint8Array([0xa0])),
  bad('an empty array', 'object-malformed', []),
  bad('a kind alone', 'object-malformed', [8]),
  bad('kind 21', 'value-out-of-range', [21, ID, CHANNEL]),
  bad('kind -1', 'value-out-of-range', [-1, ID, CHANNEL]),
  bad('a kind in text', 'value-out-of-range', ['query', ID, CHANNEL]),
  bad('an id of 7 bytes', 'value-out-of-range', [8, filled(0x1d, 7), CHANNEL]),
  bad('a number as an id', 'value-out-of-range', [8, 29, CHANNEL]),
  bad('a part too few', 'object-malformed', [8, ID]),
  bad('a part too many', 'object-malformed', [8, ID, CHANNEL, 0]),
  bad('a channel of 16 bytes', 'value-out-of-range', [8, ID, filled(0xc1, 16)]),
  bad('code 65536', 'value-out-of-range', [0, ID, 65536, SENTENCE]),
  bad('a sentence of 258 bytes in 129 letters', 'value-out-of-range', [0, ID, 60, `${LONGEST}ä`]),
  bad('a sentence with an escape', 'value-out-of-range', [0, ID, 60, '\u001b[2J']),
  bad('an object of 4,097 bytes', 'value-out-of-range', [1, ID, new Uint8Array(4097)]),
  bad('an object in an array', 'value-out-of-range', [1, ID, [OFFER]]),
  bad('a claim with a voucher of 151 bytes', 'value-out-of-range', [
    5,
    ID,
    CHANNEL,
    new Uint8Array(151),
    null,
  ]),
  bad('a claim with a tick of 25 bytes', 'value-out-of-range', [5, ID, CHANNEL, VOUCHER, new Uint8Array(25)]),
  bad('a claim without a voucher', 'value-out-of-range', [5, ID, CHANNEL, null, null]),
  bad('a close without a signature', 'value-out-of-range', [7, ID, CHANNEL, null, null]),
  bad('a nonce of 8 bytes', 'value-out-of-range', [9, ID, filled(0xab, 8)]),
  bad('a dispute without a channel', 'value-out-of-range', [16, ID, null, DISPUTE_SIGNED]),
  bad('a refill from no settler', 'value-out-of-range', [18, ID, null, 'EUR', null, 1]),
  bad('a refill in a currency of four letters', 'value-out-of-range', [
    18,
    ID,
    keyOf('root'),
    'EURO',
    null,
    1,
  ]),
  bad('a refill of less than nothing', 'value-out-of-range', [18, ID, keyOf('root'), 'EUR', null, -1]),
  bad('a refill of three parts', 'object-malformed', [18, ID, keyOf('root'), 'EUR', 1]),
];

export const requestFile = (): Json => {
  const good = (name: string, request: Request): Json => ({
    name,
    value: toJson(request),
    bytes: hex(encodeRequest(request)),
  });
  return {
    spec: 'schemas/spec/requests.md',
    good: [
      good('a refusal', { kind: 'refusal', id: ID, parts: [CODES['voucher-goes-back'], SENTENCE] }),
      good('a refusal without words, by a code of the future', {
        kind: 'refusal',
        id: ID,
        parts: [65535, ''],
      }),
      good('the longest sentence', { kind: 'refusal', id: ID, parts: [CODES.busy, LONGEST] }),
      good('an offer', { kind: 'offer', id: ID, parts: [OFFER] }),
      good('a lease', { kind: 'lease', id: ID, parts: [signLease(OFFER, signer('seller'))] }),
      good('an open', { kind: 'open', id: ID, parts: [OPEN] }),
      good('a grant', { kind: 'grant', id: ID, parts: [GRANT] }),
      good('a claim by a tick', { kind: 'claim', id: ID, parts: [CHANNEL, VOUCHER, TICK] }),
      good('a claim by a voucher alone', { kind: 'claim', id: ID, parts: [CHANNEL, VOUCHER, null] }),
      good('a receipt', { kind: 'receipt', id: ID, parts: [RECEIPT] }),
      good('a close by the payee', {
        kind: 'close',
        id: ID,
        parts: [CHANNEL, signClose(CHANNEL, 5000000, signer('seller')), null],
      }),
      good('a close by the payer, with consent', {
        kind: 'close',
        id: ID,
        parts: [
          CHANNEL,
          signClose(CHANNEL, 5000000, signer('buyer')),
          signClose(CHANNEL, 5000000, signer('seller')),
        ],
      }),
      good('a query', { kind: 'query', id: ID, parts: [CHANNEL] }),
      good('a question for the time', { kind: 'time', id: ID, parts: [NONCE] }),
      good('the time', { kind: 'timed', id: ID, parts: [signTime(NONCE, NOW_S, ROOT)] }),
      good('a statement to file', { kind: 'statement', id: ID, parts: [LEASE, AGREED] }),
      good('an enrolment', { kind: 'enrol', id: ID, parts: [signEnrolment(BUDGET_SIGNED, signer('buyer'))] }),
      good('what was spent', { kind: 'spending', id: ID, parts: [SPENT] }),
      good('a line', { kind: 'line', id: ID, parts: [signLine(LINE, signer('owner'))] }),
      good('a consent', { kind: 'consent', id: ID, parts: [signConsent(CONSENT, signer('owner'))] }),
      good('a dispute', { kind: 'dispute', id: ID, parts: [CHANNEL, DISPUTE_SIGNED] }),
      good('a dispute is noted', { kind: 'noted', id: ID, parts: [signNoted(NOTED, ROOT)] }),
      good('a device asks for its first budget', {
        kind: 'refill',
        id: ID,
        parts: [keyOf('root'), 'EUR', null, 20000000000],
      }),
      good('a device only reports what it spent', {
        kind: 'refill',
        id: ID,
        parts: [keyOf('root'), 'EUR', SPENT, 0],
      }),
      good('a budget', { kind: 'budget', id: ID, parts: [BUDGET_SIGNED] }),
      good('a receipt that the settler forgot', { kind: 'present', id: ID, parts: [CHANNEL, RECEIPT] }),
    ],
    bad: badRequests(),
  };
};

const badStreams = (): readonly Json[] => [
  ...badBytes(TICK),
  bad('a map', 'object-malformed', new Uint8Array([0xa0])),
  bad('an empty array', 'object-malformed', []),
  bad('a text first', 'object-malformed', ['tick']),
  bad('null first', 'object-malformed', [null, 1, LINK]),
  bad('a number alone', 'object-malformed', [1]),
  bad('a tick of four', 'object-malformed', [1, 1, LINK, LINK]),
  bad('reading 0', 'value-out-of-range', [0, 1]),
  bad('reading 2^32', 'value-out-of-range', [4294967296, 1]),
  bad('a tick of seq 65536', 'value-out-of-range', [65536, 1, LINK]),
  bad('a tick with index 0', 'value-out-of-range', [1, 0, LINK]),
  bad('control -9', 'object-malformed', [-9, 1]),
  bad('control -(2^53 - 1)', 'object-malformed', [-9007199254740991, 1]),
  bad('a nak without a number', 'object-malformed', [-1]),
  bad('a nak from reading 0', 'value-out-of-range', [-1, 0]),
  bad('a refusal with a tick of 25 bytes', 'value-out-of-range', [-2, 61, '', null, new Uint8Array(25)]),
  bad('a refusal without a sentence', 'value-out-of-range', [-2, 61, null, null, null]),
  bad('a resync with a nonce of 16 bytes', 'value-out-of-range', [-3, filled(1, 16), null, null, 0, HEAD]),
  bad('a resync without a head', 'value-out-of-range', [-3, RESYNC_NONCE, null, null, 0, null]),
  bad('a resync at reading 2^32', 'value-out-of-range', [-3, RESYNC_NONCE, null, null, 4294967296, HEAD]),
  bad('a resync with a voucher of 151 bytes', 'value-out-of-range', [
    -4,
    RESYNC_NONCE,
    new Uint8Array(151),
    null,
    0,
    HEAD,
  ]),
  bad('a grant without an open', 'object-malformed', [-5, GRANT]),
  bad('a statement of 4,097 bytes', 'value-out-of-range', [-6, new Uint8Array(4097)]),
  bad('a statement in text', 'value-out-of-range', [-7, 'agreed']),
  bad('an end without a reason', 'value-out-of-range', [-8, '']),
];

export const streamFile = (): Json => {
  const message = (name: string, side: 'r' | 'p', value: StreamMessage, bytes: Uint8Array): Json => ({
    name,
    side,
    value: toJson(value),
    bytes: hex(bytes),
  });
  const control = (name: string, side: 'r' | 'p', value: Control): Json =>
    message(name, side, value, encodeControl(value));
  const reading = (name: string, seq: number, mantissa: number): Json => {
    const bytes = encodeReading({ seq, value: decimalOf(mantissa, -2), offsetMs: 0 });
    return message(name, 'r', { kind: 'reading', seq, bytes }, bytes);
  };
  return {
    spec: 'schemas/spec/stream.md',
    good: [
      reading('a reading', 1, 2153),
      reading('the largest reading of one number', 4294967295, -9007199254740991),
      message('a tick', 'p', { kind: 'tick', tick: { seq16: 2, index: 7, x: LINK } }, TICK),
      message('a voucher', 'p', { kind: 'voucher', bytes: VOUCHER }, VOUCHER),
      control('the buyer misses reading 17', 'p', { kind: 'nak', parts: [17] }),
      control('the seller refuses a voucher', 'r', {
        kind: 'refusal',
        parts: [CODES['voucher-goes-back'], 'the voucher goes back', VOUCHER, TICK],
      }),
      control('the seller refuses the first voucher', 'r', {
        kind: 'refusal',
        parts: [CODES['voucher-over-limit'], 'over the limit', null, null],
      }),
      control('the buyer asks where they are', 'p', {
        kind: 'resync',
        parts: [RESYNC_NONCE, VOUCHER, TICK, 100, HEAD],
      }),
      control('the seller answers', 'r', {
        kind: 'resynced',
        parts: [RESYNC_NONCE, VOUCHER, TICK, 107, HEAD],
      }),
      control('the seller asks, having nothing', 'r', {
        kind: 'resync',
        parts: [RESYNC_NONCE, null, null, 0, LEASE],
      }),
      control('the channel is granted', 'p', { kind: 'grant', parts: [OPEN, GRANT] }),
      control('the buyer states', 'p', { kind: 'statement', parts: [STATED] }),
      control('the seller agrees', 'r', { kind: 'agreed', parts: [AGREED] }),
      control('the seller ends the lease', 'r', { kind: 'end', parts: ['seller'] }),
    ],
    bad: badStreams(),
  };
};
