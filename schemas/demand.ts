/**
 * Demand: a signed wish, retained on `tb1/<id>/demand`.
 *
 *     COSE_Sign1(["tb1/demand"], claims whose body is [settlers, kind, unit, currency, priceNanoMax, readings])
 */

import { openClaims, signClaims } from './claims-set.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, atLeast, checkFields, count, currency, text } from './fields.ts';
import { settlersOf } from './profile.ts';
import { ok, type Result, refuse } from './result.ts';
import { LEASE_READINGS_MAX } from './terms.ts';

export type Demand = {
  /** Root keys of the settlers the buyer has an account with. */
  readonly settlers: readonly Uint8Array[];
  readonly kind: string;
  readonly unit: string;
  readonly currency: string;
  /** Most that one reading may cost, in nano. */
  readonly priceNanoMax: number;
  /** How many readings are wanted. */
  readonly readings: number;
};

export type SignedDemand = {
  readonly key: Uint8Array;
  readonly issuedS: number;
  readonly version: number;
  readonly demand: Demand;
};

const FIELDS = [
  text('kind'),
  text('unit'),
  currency('currency'),
  atLeast(1, amount('priceNanoMax')),
  atLeast(1, count('readings', LEASE_READINGS_MAX)),
];

export const signDemand = (issuedS: number, version: number, demand: Demand, signer: Signer): Uint8Array =>
  signClaims(
    'tb1/demand',
    issuedS,
    version,
    [demand.settlers, demand.kind, demand.unit, demand.currency, demand.priceNanoMax, demand.readings],
    signer,
  );

/** Codes: those of `openClaims`, value-out-of-range. */
export const openDemand = (encoded: Uint8Array, verify: Verify): Result<SignedDemand> => {
  const claims = openClaims('tb1/demand', encoded, verify);
  if (!claims.ok) return claims;
  const body = claims.value.body;
  if (!Array.isArray(body)) return refuse('object-malformed', 'demand: the body is an array');
  const settlers = settlersOf(body[0]);
  if (!settlers.ok) return settlers;
  const fields = checkFields('demand', body.slice(1), FIELDS);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    key: claims.value.key,
    issuedS: claims.value.issuedS,
    version: claims.value.version,
    demand: {
      settlers: settlers.value,
      kind: f[0] as string,
      unit: f[1] as string,
      currency: f[2] as string,
      priceNanoMax: f[3] as number,
      readings: f[4] as number,
    },
  });
};
