/**
 * COSE_Sign1 (RFC 9052 section 4.2), untagged, over Ed25519: the envelope of every signed object.
 *
 *     [ protected h'a10132' {1: -19}, {}, payload bstr, signature bstr(64) ]
 *
 * The kind of the object and what the receiver already knows are the external_aad, so a signature on
 * one kind or channel never verifies as another and costs no bytes. We emit algorithm -19 (Ed25519,
 * RFC 9864) and accept the deprecated -8 (EdDSA) as well. Bytes are verified as received.
 *
 * Deviations from RFC 9052: the unprotected map must be empty and the payload is never detached.
 */

import { equalBytes, isBytes } from './bytes.ts';
import { type Cbor, CborMap, decodeCbor, encodeCbor } from './cbor.ts';
import type { Signer, Verify } from './crypto.ts';
import { ok, type Result, refuse } from './result.ts';

/** `["tb1/<kind>", ...what the receiver knows]`: a signature holds in this context only. */
export type Context = readonly Cbor[];

export type Envelope = {
  readonly protectedHeader: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
};

const PROTECTED_ED25519 = encodeCbor(new CborMap([[1, -19]]));
const EMPTY_MAP = new CborMap([]);

/** Sig_structure (RFC 9052 section 4.4): the bytes that are signed. */
const signedBytes = (protectedHeader: Uint8Array, context: Context, payload: Uint8Array): Uint8Array =>
  encodeCbor(['Signature1', protectedHeader, encodeCbor(context), payload]);

export const signObject = (context: Context, payload: Uint8Array, signer: Signer): Uint8Array => {
  const signature = signer.sign(signedBytes(PROTECTED_ED25519, context, payload));
  return encodeCbor([PROTECTED_ED25519, EMPTY_MAP, payload, signature]);
};

/** Codes: cose-malformed, cose-algorithm. */
const envelopeOf = (item: Cbor): Result<Envelope> => {
  if (!Array.isArray(item) || item.length !== 4)
    return refuse('cose-malformed', 'not a COSE_Sign1 array of four');
  const protectedHeader = item[0];
  const unprotected = item[1];
  const payload = item[2];
  const signature = item[3];
  if (!(protectedHeader instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
    return refuse('cose-malformed', 'protected header and payload must be byte strings');
  }
  if (!(unprotected instanceof CborMap) || unprotected.pairs.length !== 0) {
    return refuse('cose-malformed', 'the unprotected header must be an empty map');
  }
  if (!isBytes(signature, 64)) return refuse('cose-malformed', 'the signature must be 64 bytes');
  const envelope = { protectedHeader: protectedHeader, payload: payload, signature: signature };
  if (equalBytes(protectedHeader, PROTECTED_ED25519)) return ok(envelope);
  const header = decodeCbor(protectedHeader);
  if (!header.ok || !(header.value instanceof CborMap))
    return refuse('cose-malformed', 'the protected header is not a map');
  const algorithm = header.value.get(1);
  if (header.value.pairs.length !== 1 || (algorithm !== -19 && algorithm !== -8)) {
    return refuse('cose-algorithm', 'the protected header must be {1: -19} (Ed25519) and nothing else');
  }
  return ok(envelope);
};

/** The parts of an envelope, nothing verified. Codes: cbor-*, cose-malformed, cose-algorithm. */
export const parseObject = (bytes: Uint8Array): Result<Envelope> => {
  const decoded = decodeCbor(bytes);
  return decoded.ok ? envelopeOf(decoded.value) : decoded;
};

export const verifyEnvelope = (
  envelope: Envelope,
  context: Context,
  key: Uint8Array,
  verify: Verify,
): boolean =>
  verify(key, signedBytes(envelope.protectedHeader, context, envelope.payload), envelope.signature);

/** The payload of an object signed by `key` in `context`. Code: signature-invalid. */
export const openEnvelope = (
  envelope: Envelope,
  context: Context,
  key: Uint8Array,
  verify: Verify,
): Result<Uint8Array> =>
  verifyEnvelope(envelope, context, key, verify)
    ? ok(envelope.payload)
    : refuse('signature-invalid', 'the signature does not verify in context ' + String(context[0]));

/** The same for bytes. Codes: those of `parseObject`, signature-invalid. */
export const openObject = (
  bytes: Uint8Array,
  context: Context,
  key: Uint8Array,
  verify: Verify,
): Result<Uint8Array> => {
  const envelope = parseObject(bytes);
  return envelope.ok ? openEnvelope(envelope.value, context, key, verify) : envelope;
};
