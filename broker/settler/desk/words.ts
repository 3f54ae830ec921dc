/** Words of parties that the settler notes: credit lines, consents to compression, disputes. */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { openConsent } from '../../../schemas/consent.ts';
import { openDispute } from '../../../schemas/dispute.ts';
import { openLine } from '../../../schemas/line.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Book } from '../ledger/book.ts';
import { eventFor, type LedgerEvent } from '../ledger/ledger.ts';
import type { Key } from '../store/tables.ts';
import type { Answer } from './answer.ts';
import { unknownChannel } from './claims.ts';
import type { Desk } from './desk.ts';
import { checkAddressed } from './enrolments.ts';
import { resolveDisputes } from './resolving.ts';
import type { Task } from './task.ts';

type Word = { readonly version: number; readonly bytes: Uint8Array; readonly bookedIndex: number };
type WordTable = 'line' | 'consent' | 'dispute';

const noted = ({ bytes, bookedIndex }: Word): Result<Answer> =>
  ok({ kind: 'noted', object: bytes, journalIndex: bookedIndex });

/** A higher version is booked, the same word again is answered as it was. Code: version-stale. */
const note = (
  book: Book,
  table: WordTable,
  key: Key,
  version: number,
  event: LedgerEvent,
): Result<Answer> => {
  const held: Word | undefined = book.get(table, key);
  if (held !== undefined && equalBytes(held.bytes, event.proof)) return noted(held);
  if (held !== undefined && version <= held.version) {
    return refuse('version-stale', `version ${held.version} is noted: sign ${held.version + 1} or higher`);
  }
  const booked = book.post(event);
  if (!booked.ok) return booked;
  return noted(book.get(table, key)!);
};

/** Codes: those of `openLine`, settler-unpinned, currency-unknown, version-stale. */
export const noteLine = (proof: Uint8Array, desk: Desk): Result<Task> => {
  const line = openLine(proof, desk.crypto.verify);
  if (!line.ok) return line;
  const addressed = checkAddressed(line.value, desk);
  if (!addressed.ok) return addressed;
  const { creditor, debtor, currency, version } = line.value;
  const key = [creditor, debtor, currency];
  const subject = `${toHex(creditor)}/${toHex(debtor)}/${currency}/${version}`;
  const event = eventFor({
    kind: 'line',
    currency,
    nano: 0n,
    subject,
    owner: creditor,
    other: debtor,
    proof,
  });
  return ok({ wants: { line: [key] }, apply: (book) => note(book, 'line', key, version, event) });
};

/** Codes: those of `openConsent`, settler-unpinned, currency-unknown, version-stale. */
export const noteConsent = (proof: Uint8Array, desk: Desk): Result<Task> => {
  const consent = openConsent(proof, desk.crypto.verify);
  if (!consent.ok) return consent;
  const addressed = checkAddressed(consent.value, desk);
  if (!addressed.ok) return addressed;
  const { owner, currency, version } = consent.value;
  const key = [owner, currency];
  const subject = `${toHex(owner)}/${currency}/${version}`;
  const event = eventFor({ kind: 'consent', currency, nano: 0n, subject, owner, proof });
  return ok({ wants: { consent: [key] }, apply: (book) => note(book, 'consent', key, version, event) });
};

/**
 * Notes what a party disputes, or that it does not any more; what is on file may resolve it at once.
 * Codes: channel-unknown, claim-rate, those of `openDispute`, not-authorised, version-stale.
 */
export const noteDispute = (
  book: Book,
  id: Uint8Array,
  proof: Uint8Array,
  desk: Desk,
  allow: () => boolean,
): Result<Answer> => {
  const channel = book.get('channel', [id]);
  if (channel === undefined) return unknownChannel(id);
  if (!allow()) return refuse('claim-rate', 'too many requests on this channel: wait a second');
  const dispute = openDispute(proof, id, desk.crypto.verify);
  if (!dispute.ok) return dispute;
  const { party, version } = dispute.value;
  if (!equalBytes(party, channel.payer) && !equalBytes(party, channel.payee)) {
    return refuse('not-authorised', 'a dispute is signed by the payer or the payee of its channel');
  }
  const { currency } = channel;
  const subject = `${toHex(id)}/${toHex(party)}/${version}`;
  const event = eventFor({ kind: 'dispute', currency, nano: 0n, subject, owner: party, proof });
  const answer = note(book, 'dispute', [id, party], version, event);
  const filed = book.get('statement', [id]);
  if (answer.ok) resolveDisputes(book, id, filed === undefined ? {} : { statement: filed.bytes });
  return answer;
};
