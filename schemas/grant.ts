/**
 * Grant: the settler has reserved the limit of a channel, and says who bears default.
 *
 *     COSE_Sign1(["tb1/grant", channel], [certificate, issuedS, version, limitNano, expiryS, backing])
 */

import type { Verify } from './crypto.ts';
import { amount, count, U32_MAX } from './fields.ts';
import { ok, type Result } from './result.ts';
import { openFromSettler, type SettlerSigner, signAsSettler } from './settler.ts';

/** deposit: money is reserved; guaranteed: the settler bears default; bilateral: the payee does. */
export const BACKINGS = ['deposit', 'guaranteed', 'bilateral'] as const;
export type Backing = (typeof BACKINGS)[number];

/** A set of backings is a sum of these: 1, 2, 4. */
export const backingBit = (backing: Backing): number => 1 << BACKINGS.indexOf(backing);
/** A payee bears the default of nobody unless its owner said so. */
export const BACKINGS_USUAL = backingBit('deposit') | backingBit('guaranteed');
/** All of them, as `count` checks a set. */
export const BACKINGS_MAX = (1 << BACKINGS.length) - 1;

export type Grant = {
  readonly issuedS: number;
  /** A larger limit is a grant of a higher version. */
  readonly version: number;
  readonly limitNano: number;
  readonly expiryS: number;
  readonly backing: Backing;
};

const FIELDS = [
  count('version', U32_MAX),
  amount('limitNano'),
  count('expiryS', U32_MAX),
  count('backing', BACKINGS.length - 1),
];

export const signGrant = (channel: Uint8Array, grant: Grant, settler: SettlerSigner): Uint8Array =>
  signAsSettler(
    'grant',
    ['tb1/grant', channel],
    grant.issuedS,
    [grant.version, grant.limitNano, grant.expiryS, BACKINGS.indexOf(grant.backing)],
    FIELDS,
    settler,
  );

/** Codes: those of `openFromSettler`. */
export const openGrant = (
  encoded: Uint8Array,
  channel: Uint8Array,
  settler: Uint8Array,
  verify: Verify,
): Result<Grant> => {
  const fields = openFromSettler('grant', encoded, ['tb1/grant', channel], FIELDS, settler, verify);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    issuedS: f[1] as number,
    version: f[2] as number,
    limitNano: f[3] as number,
    expiryS: f[4] as number,
    backing: BACKINGS[f[5] as number]!,
  });
};
