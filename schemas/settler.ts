/**
 * What a settler signs: grant, receipt and time, under its root key or a signing key that the root certified.
 *
 *     certificate = COSE_Sign1(["tb1/settler-key"], [signingKey, notBeforeS, notAfterS]) by the root
 *     object      = COSE_Sign1(context, [certificate or null, issuedS, ...]) by the signing key, or by the root
 *
 * A certificate must cover the time the object was issued, not the time it is read: rotation never
 * invalidates a grant.
 */

import type { Cbor } from './cbor.ts';
import { type Context, openObject, parseObject, signObject, verifyEnvelope } from './cose.ts';
import type { Signer, Verify } from './crypto.ts';
import { count, type Field, key, object, orNull, readFields, U32_MAX, writeFields } from './fields.ts';
import { ok, type Result, refuse } from './result.ts';

/** A signing key and its certificate; null where the root key itself signs. */
export type SettlerSigner = { readonly signer: Signer; readonly certificate: Uint8Array | null };

const CERTIFICATE_FIELDS = [key('signingKey'), count('notBeforeS', U32_MAX), count('notAfterS', U32_MAX)];
/** Certificates are 119 bytes; later ones may say more. */
const CERTIFICATE_BYTES_MAX = 256;
const ISSUED_FIELDS = [orNull(object('certificate', CERTIFICATE_BYTES_MAX)), count('issuedS', U32_MAX)];

export const signCertificate = (
  signingKey: Uint8Array,
  notBeforeS: number,
  notAfterS: number,
  root: Signer,
): Uint8Array =>
  signObject(
    ['tb1/settler-key'],
    writeFields('certificate', [signingKey, notBeforeS, notAfterS], CERTIFICATE_FIELDS),
    root,
  );

/** `values` follow the certificate and the time; `fields` describe them. Throws where they do not hold. */
export const signAsSettler = (
  what: string,
  context: Context,
  issuedS: number,
  values: readonly Cbor[],
  fields: readonly Field[],
  settler: SettlerSigner,
): Uint8Array => {
  const all = ([settler.certificate, issuedS] as Cbor[]).concat(values);
  return signObject(context, writeFields(what, all, ISSUED_FIELDS.concat(fields)), settler.signer);
};

const signingKeyAt = (
  certificate: Uint8Array,
  issuedS: number,
  root: Uint8Array,
  verify: Verify,
): Result<Uint8Array> => {
  const payload = openObject(certificate, ['tb1/settler-key'], root, verify);
  if (!payload.ok) return payload;
  const fields = readFields('certificate', payload.value, CERTIFICATE_FIELDS);
  if (!fields.ok) return fields;
  const from = fields.value[1] as number;
  const to = fields.value[2] as number;
  if (issuedS < from || issuedS > to) {
    return refuse(
      'signature-invalid',
      'issued at ' + issuedS + ', outside the certificate ' + from + ' to ' + to,
    );
  }
  return ok(fields.value[0] as Uint8Array);
};

/**
 * `[certificate, issuedS, ...fields]` of an object signed by the settler whose root key is pinned.
 * Codes: cbor-*, cose-*, object-malformed, value-out-of-range, signature-invalid.
 */
export const openFromSettler = (
  what: string,
  encoded: Uint8Array,
  context: Context,
  fields: readonly Field[],
  root: Uint8Array,
  verify: Verify,
): Result<readonly Cbor[]> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const checked = readFields(what, envelope.value.payload, ISSUED_FIELDS.concat(fields));
  if (!checked.ok) return checked;
  const certificate = checked.value[0] as Uint8Array | null;
  const signing: Result<Uint8Array> =
    certificate === null ? ok(root) : signingKeyAt(certificate, checked.value[1] as number, root, verify);
  if (!signing.ok) return signing;
  if (verifyEnvelope(envelope.value, context, signing.value, verify)) return checked;
  return refuse('signature-invalid', 'the ' + what + ' is not signed by this settler');
};
