/**
 * Resuming: a journal that was older than what it signed is taken for whole again, once every gap is covered or given
 * up by the operator, and every payout run that was handed out is known whole or given up. Which were, and what was in
 * them, is noted outside the database: without those notes it stays stopped until the operator gives them up too.
 */

import { toHex } from '../../../schemas/bytes.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { FRESH, staleReason } from '../ledger/stale.ts';
import type { Reader, Store } from '../store/store.ts';
import type { GapRow, MetaRow } from '../store/tables.ts';
import { type HighWater, type LostRun, lostRuns, type Mark, type NotedRun } from './high-water.ts';
import { acceptedGap, FORGOTTEN, forgottenMeta, gapsIn, type OpenGap } from './stale.ts';

export type Resumption = {
  /** Why the journal was taken for old; empty where it was not. */
  readonly reason: string;
  readonly gaps: readonly OpenGap[];
  readonly runs: readonly LostRun[];
  /** Something is noted outside the database; else nobody knows which runs were handed out. */
  readonly noted: boolean;
  /** Payouts and clearing go on. */
  readonly resumed: boolean;
};

/** What the operator gives up who has lost the high water with the database. */
export const NOTES = 'notes';

/** As people shorten a channel's id. */
const CHANNEL_DIGITS_MIN = 12;

const isNamed = (names: readonly string[], channel: Uint8Array): boolean =>
  names.some((name) => name.length >= CHANNEL_DIGITS_MIN && toHex(channel).startsWith(name));

const namesNothing = (names: readonly string[], gaps: readonly OpenGap[], runs: readonly string[]) =>
  names.find((name) => !runs.includes(name) && !gaps.some(({ gap }) => isNamed([name], gap.channel)));

type Noted = { readonly mark: Mark | null; readonly runs: readonly NotedRun[] };

const forgottenIn = async (reader: Reader, gaps: readonly OpenGap[], mark: Mark | null): Promise<number> => {
  const [known] = await reader.get('meta', [FORGOTTEN]);
  const indices = gaps.map(({ receipt }) => receipt.journalIndex);
  return Math.max(Number(known?.value ?? 0), (mark?.length ?? 0) - 1, ...indices, 0);
};

type Changed = { readonly gap: readonly GapRow[]; readonly meta: readonly MetaRow[] };

const decide = async (reader: Reader, accepted: readonly string[], noted: Noted) => {
  const reason = await staleReason(reader);
  const gaps = await gapsIn(reader);
  const runs = await lostRuns(reader, noted.runs);
  const hasNotes = noted.mark !== null || noted.runs.length > 0;
  const names = runs.map(({ name }) => name);
  const stray = namesNothing(accepted, gaps, hasNotes ? names : [...names, NOTES]);
  if (stray !== undefined)
    return refuse('config-invalid', `--accept ${stray} is no channel with a gap and no run that is missing`);
  const open = gaps.filter(({ missing }) => missing !== undefined);
  const given = open.filter(({ gap }) => isNamed(accepted, gap.channel));
  const isKnown = hasNotes || accepted.includes(NOTES);
  const resumed = isKnown && given.length === open.length && names.every((name) => accepted.includes(name));
  const put: Changed = {
    gap: given.map(({ gap }) => acceptedGap(gap)),
    meta: [FRESH, forgottenMeta(await forgottenIn(reader, gaps, noted.mark))],
  };
  return ok({ said: { reason, gaps, runs, noted: hasNotes, resumed }, put });
};

/**
 * Takes the journal for whole again where nothing is missing but what is `accepted` by name: channels, at least 12
 * digits of them, runs, and the notes. Changes nothing else.
 * Codes: config-invalid (a name of nothing), those of the high water and the store.
 */
export const resumeStore = async (
  store: Store,
  accepted: readonly string[],
  highWater: HighWater,
): Promise<Result<Resumption>> => {
  const mark = highWater.mark();
  if (!mark.ok) return mark;
  const runs = highWater.runs();
  if (!runs.ok) return runs;
  const noted = { mark: mark.value, runs: runs.value };
  const decided = await store.transact<Result<Resumption>>(async (reader) => {
    const decision = await decide(reader, accepted, noted);
    if (!decision.ok) return { changes: {}, value: decision };
    const { said, put } = decision.value;
    return { changes: said.reason !== '' && said.resumed ? { put } : {}, value: ok(said) };
  });
  const said = decided.ok ? decided.value : decided;
  if (!said.ok || said.value.reason === '' || !said.value.resumed) return said;
  const head = await store.read((reader) => reader.head());
  if (!head.ok) return head;
  const { length, hash } = head.value;
  const again = highWater.note({ length, hash });
  return again.ok ? said : again;
};
