/** From a request to a task: what can be decided without the database is decided here. */

import { toHex } from '../../../schemas/bytes.ts';
import type { Evidence } from '../../../schemas/evidence.ts';
import { openChannel } from '../../../schemas/open.ts';
import type { Request } from '../../../schemas/request.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { createAhead } from './ahead.ts';
import { claim, unknownChannel } from './claims.ts';
import { closeChannel } from './closing.ts';
import type { Desk } from './desk.ts';
import { enrol } from './enrolments.ts';
import { INTAKE } from './grace.ts';
import { grantChannel, openReach, openWants } from './grants.ts';
import { checkRemembered, present, unlessLess } from './present.ts';
import { createRate } from './rate.ts';
import { gapWanted, reachOfChannel } from './reach.ts';
import { channelOfAgreed, disputesReach, fileStatement } from './statements.ts';
import type { Task } from './task.ts';
import { noteConsent, noteDispute, noteLine } from './words.ts';

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
    const onChannel = (channel: Uint8Array, apply: Task['apply'], more: Partial<Task> = {}): Result<Task> =>
      ok({ wants: { channel: [[channel]] }, reach: (book) => reachOfChannel(book, channel), apply, ...more });
    const claimTask = (id: Uint8Array, evidence: Evidence, allowed: () => boolean): Result<Task> => {
      let crypto = desk.crypto;
      let may: boolean | undefined;
      const allowOnce = (): boolean => {
        may ??= allowed();
        return may;
      };
      const apply: Task['apply'] = (book) => {
        const claimed = claim(book, id, evidence, { ...desk, crypto }, allowOnce);
        if (claimed.ok && claimed.value.kind === 'receipt') ahead.note(claimed.value.channel);
        return unlessLess(book, id, claimed);
      };
      const check = () =>
        ahead.check(id, evidence, allowOnce)?.then((checked) => {
          crypto = checked;
        });
      return onChannel(id, apply, { ahead: check, steady: true });
    };
    switch (request.kind) {
      case 'open': {
        if (!mayAsk()) return refuse('rate-exceeded', 'too many opens: wait a second');
        const [bytes] = request.parts;
        const opened = openChannel(bytes, desk.crypto);
        if (!opened.ok) return opened;
        const channel = opened.value;
        return ok({
          wants: openWants(channel),
          reach: (book) => openReach(book, channel, desk),
          apply: (book) => grantChannel(book, channel, bytes, desk),
        });
      }
      case 'claim': {
        const [id, voucher, tick] = request.parts;
        return claimTask(id, { voucher, tick }, allow(id));
      }
      case 'close': {
        const [channel, close, consent] = request.parts;
        const closes = consent === null ? [close] : [close, consent];
        const apply: Task['apply'] = (book) => {
          const remembered = checkRemembered(book, channel);
          return remembered.ok ? closeChannel(book, channel, closes, desk, allow(channel)) : remembered;
        };
        return onChannel(channel, apply, { wants: { channel: [[channel]], meta: [INTAKE] } });
      }
      case 'statement': {
        const [lease, agreed] = request.parts;
        const channel = channelOfAgreed(agreed);
        if (!channel.ok) return channel;
        const id = channel.value;
        return ok({
          wants: { channel: [[id]], statement: [[id]] },
          reach: (book) => disputesReach(book, id),
          apply: (book) => unlessLess(book, id, fileStatement(book, id, lease, agreed, desk, allow(id))),
        });
      }
      case 'query': {
        const [id] = request.parts;
        const apply: Task['apply'] = (book) => {
          const channel = book.get('channel', [id]);
          const answer =
            channel === undefined ? unknownChannel(id) : ok({ kind: 'receipt' as const, channel });
          return unlessLess(book, id, answer);
        };
        return ok({ wants: { channel: [[id]] }, reach: (book) => gapWanted(book, id), apply });
      }
      case 'present':
        return mayAsk() ? present(...request.parts, desk) : WORD_RATE;
      case 'enrol':
        return mayAsk() ? enrol(request.parts[0], desk) : WORD_RATE;
      case 'line':
        return mayAsk() ? noteLine(request.parts[0], desk) : WORD_RATE;
      case 'consent':
        return mayAsk() ? noteConsent(request.parts[0], desk) : WORD_RATE;
      case 'dispute': {
        const [channel, bytes] = request.parts;
        return ok({
          wants: { channel: [[channel]], statement: [[channel]] },
          reach: (book) => disputesReach(book, channel),
          apply: (book) => noteDispute(book, channel, bytes, desk, allow(channel)),
        });
      }
      default:
        return refuse('object-malformed', `${request.kind} is no request to a settler`);
    }
  };
};
