/**
 * Status: whether an agent is there (`spec/status.md`). Retained at `tb1/<id>/status`, unsigned, a hint.
 *
 *     birth  [1, instance, sequence]     published by the agent once it is connected
 *     death  [0, instance, sequence]     its last will, published by the broker, or its goodbye
 *
 * The sequence rises with every connection and is durable; a death belongs to the birth of its sequence.
 */

import { isAmount } from './amount.ts';
import { isBytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ok, type Result, refuse } from './result.ts';

export type Status = {
  readonly alive: boolean;
  /** 8 random bytes of this start of the program. */
  readonly instance: Uint8Array;
  readonly sequence: number;
};

export const INSTANCE_BYTES = 8;

const DEATH = 0;
const BIRTH = 1;

export const encodeStatus = (status: Status): Uint8Array =>
  encodeCbor([status.alive ? BIRTH : DEATH, status.instance, status.sequence]);

/** Codes: cbor-*, object-malformed, value-out-of-range. */
export const decodeStatus = (bytes: Uint8Array): Result<Status> => {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok) return decoded;
  const fields = decoded.value;
  if (!Array.isArray(fields) || fields.length !== 3 || !isBytes(fields[1], INSTANCE_BYTES)) {
    return refuse('object-malformed', 'a status is [kind, instance, sequence], the instance 8 bytes');
  }
  const kind = fields[0];
  const sequence = fields[2];
  if (typeof kind !== 'number' || typeof sequence !== 'number') {
    return refuse('object-malformed', 'kind and sequence of a status are integers');
  }
  if ((kind !== BIRTH && kind !== DEATH) || !isAmount(sequence)) {
    return refuse('value-out-of-range', 'a status of kind ' + kind + ' and sequence ' + sequence);
  }
  return ok({ alive: kind === BIRTH, instance: fields[1], sequence: sequence });
};

/**
 * Whether a status says more than the one that is held: a later connection, or the death of the same one.
 * So a will that arrives after the next birth changes nothing.
 */
export const supersedes = (status: Status, held: Status): boolean =>
  status.sequence > held.sequence || (status.sequence === held.sequence && held.alive && !status.alive);
