/**
 * What an owner writes on a transfer so that it becomes its deposit: TB-XXXX-XXXX-XXXX-XXXX, 80 bits of a hash in
 * Crockford's base 32, which has no letters that look alike. Only references that were given out are believed, and a
 * did:key only of an owner who is known: a slip of the pen must not pay somebody else.
 */

import { encodeCbor } from '../../../schemas/cbor.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { keyOfDid } from '../../../schemas/identity.ts';
import type { Result } from '../../../schemas/result.ts';
import { depositAccount, earnedAccount } from '../ledger/ledger.ts';
import type { Reader, Store } from '../store/store.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LETTERS = 16;
const BITS = 5n;
/** In one remittance. */
const CANDIDATES_MAX = 8;

/** TB and 16 letters, as it is stored. */
const referenceOf = (owner: Uint8Array, sha256: Sha256): string => {
  const hash = sha256(encodeCbor(['tb1/deposit-reference', owner]));
  const number = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0);
  const bits = (number << 16n) | BigInt(hash[8]! * 256 + hash[9]!);
  const letters = Array.from({ length: LETTERS }, (_, i) => {
    const shift = BITS * BigInt(LETTERS - 1 - i);
    return ALPHABET[Number((bits >> shift) & 31n)];
  });
  return `TB${letters.join('')}`;
};

const shown = (reference: string): string =>
  [reference.slice(0, 2), ...reference.slice(2).match(/.{4}/g)!].join('-');

/** Gives an owner its reference, durably; always the same. Codes: those of the store. */
export const giveReference = async (
  store: Store,
  owner: Uint8Array,
  sha256: Sha256,
): Promise<Result<string>> => {
  const reference = referenceOf(owner, sha256);
  return store.transact(async () => ({
    changes: { put: { reference: [{ reference, owner }] } },
    value: shown(reference),
  }));
};

/** References as people type them: any case, with or without hyphens and blanks, O for 0, I and L for 1. */
const referencesIn = (text: string): readonly string[] => {
  const plain = text
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  const found = [...plain.matchAll(/TB(?=([0-9A-HJKMNP-TV-Z]{16}))/g)].map((match) => `TB${match[1]}`);
  return found.slice(0, CANDIDATES_MAX);
};

const didsIn = (text: string): readonly Uint8Array[] => {
  const found = (text.match(/did:key:z[1-9A-HJ-NP-Za-km-z]+/g) ?? []).slice(0, CANDIDATES_MAX);
  return found.flatMap((did) => {
    const key = keyOfDid(did);
    return key.ok ? [key.value] : [];
  });
};

const isKnown = async (
  reader: Reader,
  owner: Uint8Array,
  currency: string,
  sha256: Sha256,
): Promise<boolean> => {
  const found = await Promise.all([
    reader.get('reference', [[referenceOf(owner, sha256)]]),
    reader.page('owner', [owner], null, 1),
    reader.get('balance', [
      [depositAccount(owner), currency],
      [earnedAccount(owner), currency],
    ]),
  ]);
  return found.some((rows) => rows.length > 0);
};

/** The owners that a text names; nobody is guessed. */
export const ownersIn = async (
  reader: Reader,
  text: string,
  currency: string,
  sha256: Sha256,
): Promise<readonly Uint8Array[]> => {
  const named = await reader.get(
    'reference',
    referencesIn(text).map((reference) => [reference]),
  );
  const owners = named.map(({ owner }) => owner);
  for (const owner of didsIn(text)) if (await isKnown(reader, owner, currency, sha256)) owners.push(owner);
  return [...new Map(owners.map((owner) => [String(owner), owner])).values()];
};
