/** From a request to a task: what can be decided without the database is decided here. */

import { toHex } from '../../../schemas/bytes.ts';
import { parseEvidence } from '../../../schemas/evidence.ts';
import type { Request } from '../../../schemas/request.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { createAhead } from './ahead.ts';
import type { Desk } from './desk.ts';
import { enrol } from './enrolments.ts';
import { present } from './present.ts';
import { createRate } from './rate.ts';
import { channelOfAgreed } from './statements.ts';
import type { Task } from './task.ts';
import { claimTask, closeTask, disputeTask, openTask, queryTask, statementTask } from './tasks.ts';
import { noteConsent, noteLine } from './words.ts';

const WORD_RATE = refuse('rate-exceeded', 'too many requests: wait a second');

const ANSWERS: ReadonlySet<Request['kind']> = new Set([
  'refusal',
  'lease',
  'grant',
  'receipt',
  'timed',
  'spending',
  'noted',
  'budget',
]);
/** Answers are never answered: two settlers would not stop talking. */
export const isAnswer = (kind: Request['kind']): boolean => ANSWERS.has(kind);

export const createPrepare = (desk: Desk, nowMs: () => number) => {
  const claimRate = createRate(desk.limits.claimsPerS);
  const openRate = createRate(desk.limits.opensPerS);
  const ahead = createAhead(desk.crypto);

  return (from: string, request: Request): Result<Task> => {
    // By sender as well: nobody can use up the allowance of a channel's payee.
    const allow = (channel: Uint8Array) => () => claimRate(`${toHex(channel)} ${from}`, nowMs());
    const mayAsk = () => openRate(from, nowMs());
    switch (request.kind) {
      case 'open':
        if (!mayAsk()) return refuse('rate-exceeded', 'too many opens: wait a second');
        return openTask(request.parts[0], desk);
      case 'claim': {
        const [id, voucher, tick] = request.parts;
        const stated = parseEvidence({ voucher, tick });
        return stated.ok ? ok(claimTask(id, stated.value, desk, ahead, allow(id))) : stated;
      }
      case 'close': {
        const [id, close, consent] = request.parts;
        return ok(closeTask(id, consent === null ? [close] : [close, consent], desk, allow(id)));
      }
      case 'statement': {
        const [lease, agreed] = request.parts;
        const id = channelOfAgreed(agreed);
        return id.ok ? ok(statementTask(id.value, lease, agreed, desk, allow(id.value))) : id;
      }
      case 'query':
        return ok(queryTask(request.parts[0]));
      case 'present':
        return mayAsk() ? present(...request.parts, desk) : WORD_RATE;
      case 'enrol':
        return mayAsk() ? enrol(request.parts[0], desk) : WORD_RATE;
      case 'line':
        return mayAsk() ? noteLine(request.parts[0], desk) : WORD_RATE;
      case 'consent':
        return mayAsk() ? noteConsent(request.parts[0], desk) : WORD_RATE;
      case 'dispute': {
        const [id, bytes] = request.parts;
        return ok(disputeTask(id, bytes, desk, allow(id)));
      }
      default:
        return refuse('object-malformed', `${request.kind} is no request to a settler`);
    }
  };
};
