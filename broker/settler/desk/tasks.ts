/** What each request does once the database is there: the tasks of `prepare.ts`. */

import type { Stated } from '../../../schemas/evidence.ts';
import { openChannel } from '../../../schemas/open.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import type { Ahead } from './ahead.ts';
import { claim, unknownChannel } from './claims.ts';
import { closeChannel } from './closing.ts';
import type { Desk } from './desk.ts';
import { INTAKE } from './grace.ts';
import { grantChannel, openReach, openWants } from './grants.ts';
import { checkRemembered, unlessLess } from './present.ts';
import { gapWanted, reachOfChannel } from './reach.ts';
import { disputesReach, fileStatement } from './statements.ts';
import type { Task } from './task.ts';
import { noteDispute } from './words.ts';

type Allow = () => boolean;

const onChannel = (id: Uint8Array, apply: Task['apply'], more: Partial<Task> = {}): Task => ({
  wants: { channel: [[id]] },
  reach: (book) => reachOfChannel(book, id),
  apply,
  ...more,
});

export const openTask = (bytes: Uint8Array, desk: Desk): Result<Task> => {
  const opened = openChannel(bytes, desk.crypto);
  if (!opened.ok) return opened;
  const channel = opened.value;
  return ok({
    wants: openWants(channel),
    reach: (book) => openReach(book, channel, desk),
    apply: (book) => grantChannel(book, channel, bytes, desk),
  });
};

/** Its rate is counted once, whether the signature is checked ahead or in the transaction. */
export const claimTask = (id: Uint8Array, stated: Stated, desk: Desk, ahead: Ahead, allow: Allow): Task => {
  let crypto = desk.crypto;
  let may: boolean | undefined;
  const allowOnce = (): boolean => {
    may ??= allow();
    return may;
  };
  const apply: Task['apply'] = (book) => {
    const claimed = claim(book, id, stated, { ...desk, crypto }, allowOnce);
    if (claimed.ok && claimed.value.kind === 'receipt') ahead.note(claimed.value.channel);
    return unlessLess(book, id, claimed);
  };
  const check = () =>
    ahead.check(id, stated, allowOnce)?.then((checked) => {
      crypto = checked;
    });
  return onChannel(id, apply, { ahead: check, steady: true });
};

export const closeTask = (id: Uint8Array, closes: readonly Uint8Array[], desk: Desk, allow: Allow): Task => {
  const apply: Task['apply'] = (book) => {
    const remembered = checkRemembered(book, id);
    return remembered.ok ? closeChannel(book, id, closes, desk, allow) : remembered;
  };
  return onChannel(id, apply, { wants: { channel: [[id]], meta: [INTAKE] } });
};

export const statementTask = (
  id: Uint8Array,
  lease: Uint8Array,
  agreed: Uint8Array,
  desk: Desk,
  allow: Allow,
): Task => ({
  wants: { channel: [[id]], statement: [[id]] },
  reach: (book) => disputesReach(book, id),
  apply: (book) => unlessLess(book, id, fileStatement(book, id, lease, agreed, desk, allow)),
});

export const disputeTask = (id: Uint8Array, bytes: Uint8Array, desk: Desk, allow: Allow): Task => ({
  wants: { channel: [[id]], statement: [[id]] },
  reach: (book) => disputesReach(book, id),
  apply: (book) => noteDispute(book, id, bytes, desk, allow),
});

export const queryTask = (id: Uint8Array): Task => ({
  wants: { channel: [[id]] },
  reach: (book) => gapWanted(book, id),
  apply: (book) => {
    const channel = book.get('channel', [id]);
    const answer = channel === undefined ? unknownChannel(id) : ok({ kind: 'receipt' as const, channel });
    return unlessLess(book, id, answer);
  },
});
