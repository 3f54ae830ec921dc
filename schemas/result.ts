/**
 * How every edge answers: a value, or a refusal with one code of a closed table and a sentence.
 *
 * What comes from outside never throws; a programmer's error does. Codes travel as their number
 * (`schemas/spec/codes.md`), so a number once given is never given again.
 */

export const CODES = {
  // bytes
  'cbor-truncated': 1,
  'cbor-trailing': 2,
  'cbor-not-deterministic': 3,
  'cbor-unsupported': 4,
  'cbor-too-deep': 5,
  'cbor-too-long': 6,
  'cbor-too-many-items': 7,
  'frame-crc': 8,
  'frame-too-long': 9,
  'frame-stuffing': 10,
  // signed objects
  'cose-malformed': 20,
  'cose-algorithm': 21,
  'signature-invalid': 22,
  'key-unacceptable': 23,
  'object-malformed': 24,
  'value-out-of-range': 25,
  'topic-malformed': 26,
  // market
  'profile-stale': 30,
  'terms-unacceptable': 32,
  'lease-full': 34,
  'lease-ended': 35,
  'version-stale': 36,
  // channels
  'channel-unknown': 40,
  'channel-closed': 41,
  'channel-expired': 42,
  'channel-mismatch': 43,
  'settler-unpinned': 44,
  'exposure-exceeded': 45,
  'backing-unacceptable': 46,
  'deposit-insufficient': 48,
  'currency-unknown': 49,
  // evidence
  'voucher-stale': 60,
  'voucher-goes-back': 61,
  'voucher-over-limit': 62,
  'voucher-head-differs': 63,
  'tick-unknown-voucher': 64,
  'tick-beyond-chain': 65,
  'tick-stale': 66,
  'tick-does-not-chain': 67,
  'claim-rate': 69,
  // readings
  'reading-gap': 80,
  'window-full': 82,
  'budget-exhausted': 83,
  'statement-differs': 86,
  // connecting and time
  'credential-replayed': 90,
  'credential-expired': 91,
  'credential-foreign': 92,
  'not-authorised': 93,
  'rate-exceeded': 94,
  'time-unproven': 95,
  'message-too-long': 96,
  'packet-malformed': 97,
  // settlement
  'reference-reused': 100,
  'payout-unknown': 101,
  'bank-details': 102,
  'journal-corrupt': 103,
  'journal-stale': 104,
  'status-unknown': 107,
  // the machine underneath
  busy: 110,
  'storage-full': 111,
  'storage-failed': 112,
  'storage-newer': 113,
  'config-invalid': 114,
  'key-file': 115,
  'port-in-use': 116,
  locked: 117,
  timeout: 118,
  'device-failed': 119,
  'port-missing': 120,
  'port-denied': 121,
  'protocol-unsupported': 122,
  'module-missing': 123,
} as const;

export type Code = keyof typeof CODES;
export type Ok<T> = { readonly ok: true; readonly value: T };
export type Refusal = { readonly ok: false; readonly code: Code; readonly detail: string };
export type Result<T> = Ok<T> | Refusal;

export const ok = <T>(value: T): Ok<T> => ({ ok: true, value: value });

/** `detail` is one sentence that names the value and the remedy. */
export const refuse = (code: Code, detail: string): Refusal => ({ ok: false, code: code, detail: detail });

/** The code with that number, or undefined: a peer may be newer than we are. */
export const codeOf = (number: number): Code | undefined => {
  for (const code of Object.keys(CODES)) {
    if (CODES[code as Code] === number) return code as Code;
  }
  return undefined;
};
