/**
 * Credential: the MQTT password with which a client connects to a broker of ours (`spec/credential.md`).
 *
 *     COSE_Sign1(["tb1/connect"], [key, broker, client, counter])
 *
 * The user name is the id of `key`, so the broker needs no list of users; naming the broker's key makes it
 * worthless elsewhere, naming the client id keeps it from opening a second connection, and the counter
 * from opening the same one again. `counter` is a millisecond clock that never stands still nor goes back.
 */

import { equalBytes } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import { parseObject, signObject, verifyEnvelope } from './cose.ts';
import type { Crypto, Signer } from './crypto.ts';
import { amount, bytes, key, readFields, text } from './fields.ts';
import { idOf } from './identity.ts';
import { ok, type Result, refuse } from './result.ts';

export type Credential = {
  readonly key: Uint8Array;
  /** The broker's identity: its Ed25519 key. */
  readonly broker: Uint8Array;
  /** The MQTT client id. */
  readonly client: string;
  readonly counter: number;
};

/** What a CONNECT says outside its password, and the key of the broker that reads it. */
export type Connect = {
  readonly broker: Uint8Array;
  readonly client: string;
  readonly user: string;
};

/** How far a counter may run ahead of the broker's clock: a wrong time zone passes, a wrong year does not. */
export const COUNTER_AHEAD_MS_MAX = 86400000;

const CONTEXT = ['tb1/connect'];
const FIELDS = [key('key'), bytes('broker', 32), text('client'), amount('counter')];

/** A suffix tells apart the programs that share a key: as long as a word. */
const CLIENT_SUFFIX_MAX = 16;

/**
 * Whether the client id is the user's own: its id, or its id, a hyphen and 1 to 16 of [0-9a-z]. In MQTT
 * whoever connects with a client id ends the older connection of that name, so a name must have an owner.
 */
export const ownsClient = (user: string, client: string): boolean => {
  if (client === user) return true;
  const start = user.length + 1;
  if (client.slice(0, start) !== user + '-') return false;
  for (let i = start; i < client.length; i++) {
    const letter = client.charCodeAt(i);
    if ((letter < 48 || letter > 57) && (letter < 97 || letter > 122)) return false;
  }
  return client.length > start && client.length <= start + CLIENT_SUFFIX_MAX;
};

/** The counter after `last` (-1 where there is none). Make it durable before it is signed. */
export const nextCounter = (last: number, nowMs: number): number => Math.max(last + 1, nowMs);

/**
 * Whether a counter may follow `last`, the highest seen of that key (-1 where there is none).
 * Codes: credential-replayed, credential-expired.
 */
export const checkCounter = (counter: number, last: number, nowMs: number): Result<number> => {
  if (counter <= last) {
    return refuse(
      'credential-replayed',
      'counter ' + counter + ' is not above ' + last + ': sign a new credential',
    );
  }
  if (counter - nowMs > COUNTER_AHEAD_MS_MAX) {
    return refuse(
      'credential-expired',
      'counter ' + counter + ' is more than a day after ' + nowMs + ': set the clock',
    );
  }
  return ok(counter);
};

export const signCredential = (
  broker: Uint8Array,
  client: string,
  counter: number,
  signer: Signer,
): Uint8Array => signObject(CONTEXT, encodeCbor([signer.key, broker, client, counter]), signer);

/**
 * A credential that belongs to this CONNECT; its counter is checked by `checkCounter`, once it verifies.
 * Codes: cbor-*, cose-*, object-malformed, value-out-of-range, credential-foreign, signature-invalid.
 */
export const openCredential = (encoded: Uint8Array, connect: Connect, crypto: Crypto): Result<Credential> => {
  const envelope = parseObject(encoded);
  if (!envelope.ok) return envelope;
  const fields = readFields('credential', envelope.value.payload, FIELDS);
  if (!fields.ok) return fields;
  const credential = {
    key: fields.value[0] as Uint8Array,
    broker: fields.value[1] as Uint8Array,
    client: fields.value[2] as string,
    counter: fields.value[3] as number,
  };
  if (!equalBytes(credential.broker, connect.broker)) {
    return refuse('credential-foreign', 'the credential is for another broker: pin the key of this one');
  }
  if (idOf(credential.key, crypto.sha256) !== connect.user) {
    return refuse('credential-foreign', 'the user name must be the id of the key that signed');
  }
  if (credential.client !== connect.client || !ownsClient(connect.user, connect.client)) {
    return refuse('credential-foreign', 'the client id must be the signed one and begin with the user name');
  }
  if (verifyEnvelope(envelope.value, CONTEXT, credential.key, crypto.verify)) return ok(credential);
  return refuse('signature-invalid', 'the credential is not signed by its key');
};
