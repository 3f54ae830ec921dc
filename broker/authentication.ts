/** Who connects: the credential of `schemas/spec/credential.md`, used once. */

import type { ConnectPacket } from 'aedes';
import { checkCounter, openCredential } from '../schemas/credential.ts';
import type { Crypto } from '../schemas/crypto.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import type { CounterStore } from './counter-file.ts';

export type Authentication = {
  /** The broker's Ed25519 key. */
  readonly key: Uint8Array;
  readonly keepaliveMaxS: number;
  readonly crypto: Crypto;
  readonly counters: CounterStore;
  readonly nowMs: () => number;
};

/** A plain view: a Buffer's `slice` shares memory where the decoder's callers expect a copy. */
const plain = (bytes: Buffer): Uint8Array => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * The user of a CONNECT, once its counter is durable. Codes: not-authorised (nothing shown),
 * value-out-of-range (keep alive), those of `openCredential` and `checkCounter`, storage-full, storage-failed.
 */
export const authenticate = async (
  connect: ConnectPacket,
  admission: Authentication,
): Promise<Result<string>> => {
  const user = connect.username;
  const password = connect.password;
  if (!user || !password) {
    return refuse('not-authorised', 'nobody connects without a name: sign a credential');
  }
  const keepaliveS = connect.keepalive ?? 0;
  if (keepaliveS < 1 || keepaliveS > admission.keepaliveMaxS) {
    return refuse(
      'value-out-of-range',
      `keep alive of ${keepaliveS} s: 1 to ${admission.keepaliveMaxS} are taken`,
    );
  }
  const opened = openCredential(
    plain(Buffer.from(password)),
    { broker: admission.key, client: connect.clientId, user },
    admission.crypto,
  );
  if (!opened.ok) return opened;
  // Nothing may wait between the check and the raise: of two equal credentials one must find the other's.
  const checked = checkCounter(opened.value.counter, admission.counters.last(user), admission.nowMs());
  if (!checked.ok) return checked;
  const raised = await admission.counters.raise(user, checked.value);
  return raised.ok ? ok(user) : raised;
};
