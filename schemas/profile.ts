/**
 * Profile: the signed list of what a device sells, retained on `tb1/<id>/profile`.
 *
 *     COSE_Sign1(["tb1/profile"], claims whose body is [settlers, [capability, ...]])
 *
 * A capability is a map, so that later ones may say more: 1 name, 2 kind, 3 unit, 4 direction, 5 periodMs,
 * 6 currency, 7 price, 8 windowNano, 9 ticks.
 */

import { type Cbor, CborMap } from './cbor.ts';
import { openClaims, signClaims } from './claims-set.ts';
import type { Signer, Verify } from './crypto.ts';
import { amount, atLeast, checkFields, count, currency, senmlName, text, U32_MAX } from './fields.ts';
import { isKey } from './identity.ts';
import { type Price, priceField, priceItem, priceOf } from './price.ts';
import { ok, type Result, refuse } from './result.ts';
import { CHAIN_TICKS_MAX } from './tick.ts';

const DIRECTIONS = ['sensor', 'actuator'] as const;

export type Capability = {
  readonly name: string;
  readonly kind: string;
  readonly unit: string;
  readonly direction: (typeof DIRECTIONS)[number];
  readonly periodMs: number;
  readonly currency: string;
  readonly price: Price;
  readonly windowNano: number;
  readonly ticks: number;
};

export type Profile = {
  readonly key: Uint8Array;
  readonly issuedS: number;
  readonly version: number;
  /** Root keys of the settlers whose grants the seller accepts. */
  readonly settlers: readonly Uint8Array[];
  readonly capabilities: readonly Capability[];
};

export const CAPABILITIES_MAX = 64;
export const SETTLERS_MAX = 16;

const FIELDS = [
  senmlName('name'),
  text('kind'),
  text('unit'),
  count('direction', DIRECTIONS.length - 1),
  count('periodMs', U32_MAX),
  currency('currency'),
  priceField,
  amount('windowNano'),
  atLeast(1, count('ticks', CHAIN_TICKS_MAX)),
];

const capabilityItem = (capability: Capability): Cbor =>
  new CborMap([
    [1, capability.name],
    [2, capability.kind],
    [3, capability.unit],
    [4, DIRECTIONS.indexOf(capability.direction)],
    [5, capability.periodMs],
    [6, capability.currency],
    [7, priceItem(capability.price)],
    [8, capability.windowNano],
    [9, capability.ticks],
  ]);

const capabilityOf = (item: Cbor): Result<Capability> => {
  if (!(item instanceof CborMap)) return refuse('object-malformed', 'profile: a capability must be a map');
  const list: Cbor[] = [];
  for (let i = 1; i <= FIELDS.length; i++) {
    const value = item.get(i);
    if (value === undefined)
      return refuse('object-malformed', 'profile: a capability lacks ' + FIELDS[i - 1]!.name);
    list.push(value);
  }
  const fields = checkFields('capability', list, FIELDS);
  if (!fields.ok) return fields;
  return ok({
    name: list[0] as string,
    kind: list[1] as string,
    unit: list[2] as string,
    direction: DIRECTIONS[list[3] as number]!,
    periodMs: list[4] as number,
    currency: list[5] as string,
    price: priceOf(list[6]!),
    windowNano: list[7] as number,
    ticks: list[8] as number,
  });
};

export const signProfile = (
  issuedS: number,
  version: number,
  settlers: readonly Uint8Array[],
  capabilities: readonly Capability[],
  signer: Signer,
): Uint8Array =>
  signClaims('tb1/profile', issuedS, version, [settlers, capabilities.map(capabilityItem)], signer);

/** The root keys in a list of settlers, for profile and demand. Codes: object-malformed. */
export const settlersOf = (item: Cbor | undefined): Result<readonly Uint8Array[]> => {
  if (!Array.isArray(item) || item.length === 0 || item.length > SETTLERS_MAX) {
    return refuse('object-malformed', 'settlers must be 1 to ' + SETTLERS_MAX + ' keys');
  }
  for (const key of item) {
    if (!(key instanceof Uint8Array) || !isKey(key))
      return refuse('object-malformed', 'a settler must be a key');
  }
  return ok(item as readonly Uint8Array[]);
};

/** Codes: those of `openClaims`, value-out-of-range. */
export const openProfile = (encoded: Uint8Array, verify: Verify): Result<Profile> => {
  const claims = openClaims('tb1/profile', encoded, verify);
  if (!claims.ok) return claims;
  const body = claims.value.body;
  if (!Array.isArray(body) || body.length < 2)
    return refuse('object-malformed', 'profile: the body is an array of two');
  const settlers = settlersOf(body[0]);
  if (!settlers.ok) return settlers;
  if (!Array.isArray(body[1]) || body[1].length > CAPABILITIES_MAX) {
    return refuse('object-malformed', 'profile: at most ' + CAPABILITIES_MAX + ' capabilities');
  }
  const capabilities: Capability[] = [];
  for (const item of body[1]) {
    const capability = capabilityOf(item);
    if (!capability.ok) return capability;
    for (const other of capabilities) {
      if (other.name === capability.value.name)
        return refuse('value-out-of-range', 'profile: two capabilities are called ' + other.name);
    }
    capabilities.push(capability.value);
  }
  return ok({
    key: claims.value.key,
    issuedS: claims.value.issuedS,
    version: claims.value.version,
    settlers: settlers.value,
    capabilities: capabilities,
  });
};
