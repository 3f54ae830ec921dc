/**
 * CWT claims (RFC 8392) with private keys below -65536: the payload of what describes itself (profile, demand).
 *
 * | key    | claim                                  |
 * |--------|----------------------------------------|
 * | 1      | iss: the key that signs, 32 bytes      |
 * | 6      | iat: seconds since 1970                |
 * | -75001 | version: the highest one counts        |
 * | -75002 | the body, of the kind in the context   |
 *
 * Unknown claims are ignored, so a newer peer may say more.
 */

import { isAmount } from './amount.ts';
import { type Cbor, CborMap, decodeCbor, encodeCbor } from './cbor.ts';
import { parseObject, signObject, verifyEnvelope } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { isCount, U32_MAX } from './fields.ts';
import { isKey } from './identity.ts';
import { ok, type Result, refuse } from './result.ts';

export type Claims = {
  readonly key: Uint8Array;
  readonly issuedS: number;
  /** Readers keep the highest version of a key and refuse a lower one. */
  readonly version: number;
  readonly body: Cbor;
};

export const signClaims = (
  kind: string,
  issuedS: number,
  version: number,
  body: Cbor,
  signer: Signer,
): Uint8Array =>
  signObject(
    [kind],
    encodeCbor(
      new CborMap([
        [1, signer.key],
        [6, issuedS],
        [-75001, version],
        [-75002, body],
      ]),
    ),
    signer,
  );

/** Codes: cbor-*, cose-*, object-malformed, signature-invalid. */
export const openClaims = (kind: string, encoded: Uint8Array, verify: Verify): Result<Claims> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const item = decodeCbor(envelope.value.payload);
  if (!item.ok) return item;
  if (!(item.value instanceof CborMap)) return refuse('object-malformed', kind + ' must be a map of claims');
  const key = item.value.get(1);
  const issuedS = item.value.get(6);
  const version = item.value.get(-75001);
  const body = item.value.get(-75002);
  if (!(key instanceof Uint8Array) || !isKey(key))
    return refuse('object-malformed', kind + ': iss must be a key');
  if (!isCount(issuedS, U32_MAX) || !isAmount(version) || body === undefined) {
    return refuse('object-malformed', kind + ' must carry iat, a version and a body');
  }
  if (!verifyEnvelope(envelope.value, [kind], key, verify)) {
    return refuse('signature-invalid', kind + ' is not signed by its iss');
  }
  return ok({ key: key, issuedS: issuedS, version: version, body: body });
};
