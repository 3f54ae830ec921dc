/** Outbox: requests that are repeated, less and less often, until they are answered. */

import { equalBytes } from '../../schemas/bytes.ts';
import { REQUEST_ID_BYTES, type Request } from '../../schemas/request.ts';
import { type Code, codeOf } from '../../schemas/result.ts';
import { REPEAT_MS, REPEAT_MS_MAX } from './effects.ts';
import { notice, type Turn } from './turn.ts';

type Asked = {
  readonly to: 'seller' | 'settler';
  readonly request: Request;
  dueMs: number;
  waitMs: number;
};

/** At most one request of a kind waits: a newer one takes its place. */
export type Outbox = Asked[];

export const newRequestId = (turn: Turn): Uint8Array => turn.ports.crypto.random(REQUEST_ID_BYTES);

const forget = (outbox: Outbox, holds: (asked: Asked) => boolean): Asked | null => {
  for (let i = 0; i < outbox.length; i++) {
    if (holds(outbox[i]!)) return outbox.splice(i, 1)[0]!;
  }
  return null;
};

export const ask = (turn: Turn, outbox: Outbox, to: 'seller' | 'settler', request: Request): void => {
  forget(outbox, (asked) => asked.request.kind === request.kind);
  outbox.push({ to: to, request: request, dueMs: turn.nowMs + REPEAT_MS, waitMs: REPEAT_MS });
  turn.effects.push({ kind: 'request', to: to, request: request });
};

export const isAsking = (outbox: Outbox, kind: string): boolean => {
  for (const asked of outbox) if (asked.request.kind === kind) return true;
  return false;
};

export const hasAsked = (outbox: Outbox, id: Uint8Array): boolean => {
  for (const asked of outbox) if (equalBytes(asked.request.id, id)) return true;
  return false;
};

/** Refusals that say nothing of the request. */
const PASSING: readonly (Code | undefined)[] = [
  'busy',
  'rate-exceeded',
  'claim-rate',
  'timeout',
  'time-unproven',
  'storage-full',
  'storage-failed',
];

/** Does a refusal with this code only put off? undefined: a code that is newer than we are. */
export const isPassing = (code: Code | undefined): boolean =>
  code !== undefined && PASSING.indexOf(code) >= 0;

/** True for an answer that only puts us off: the request goes on waiting, and is repeated. */
export const putsOff = (turn: Turn, outbox: Outbox, reply: Request): boolean => {
  if (reply.kind !== 'refusal') return false;
  const code = codeOf(reply.parts[0]);
  if (code === undefined || !isPassing(code)) return false;
  if (hasAsked(outbox, reply.id)) notice(turn, code, reply.parts[1]);
  return true;
};

/** Whether that kind answers such a request: our own question come back, for one, does not. */
const isAnswer = (asked: string, reply: string): boolean => {
  if (reply === 'refusal') return true;
  if (asked === 'offer') return reply === 'lease';
  if (asked === 'open' && reply === 'grant') return true;
  return reply === 'receipt';
};

/** The request that this answers, or null: an answer counts once. */
export const takeAnswer = (outbox: Outbox, reply: Request): Request | null => {
  const asked = forget(
    outbox,
    (each) => equalBytes(each.request.id, reply.id) && isAnswer(each.request.kind, reply.kind),
  );
  return asked === null ? null : asked.request;
};

export const repeatDue = (turn: Turn, outbox: Outbox): void => {
  for (const asked of outbox) {
    if (turn.nowMs < asked.dueMs) continue;
    asked.waitMs = Math.min(asked.waitMs * 2, REPEAT_MS_MAX);
    asked.dueMs = turn.nowMs + asked.waitMs;
    turn.effects.push({ kind: 'request', to: asked.to, request: asked.request });
  }
};

/** After a reconnect everything is due at once. */
export const repeatNow = (turn: Turn, outbox: Outbox): void => {
  for (const asked of outbox) {
    asked.waitMs = REPEAT_MS;
    asked.dueMs = turn.nowMs + REPEAT_MS;
    turn.effects.push({ kind: 'request', to: asked.to, request: asked.request });
  }
};
