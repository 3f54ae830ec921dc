/**
 * What time says of transfers. ACH tells nothing when all is well, so a transfer that has not come back stands; and a
 * collection is final when its payer cannot ask for it back any more.
 */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Result } from '../../../schemas/result.ts';
import { checkFresh } from '../backup/stale.ts';
import { INTAKE, servedForMs } from '../desk/grace.ts';
import { type Book, openBook } from '../ledger/book.ts';
import { dayOf } from '../ledger/day.ts';
import { staleReason } from '../ledger/stale.ts';
import { RETURN_PERIODS } from '../settings.ts';
import { allRows, type Store } from '../store/store.ts';
import type { Key, PayoutRow, RunRow } from '../store/tables.ts';
import { balancesMoved, directionOf, hear, type Word } from './settling.ts';

/** `meta` row: the day of the last pass. */
const FINALITY: Key = ['finality'];

const isAch = ({ bank }: PayoutRow): boolean => bank.startsWith('ach:');

/** What time alone says of a transfer now. */
const wordOfTime = (row: PayoutRow, { executionDate }: RunRow, nowMs: number): Word | undefined => {
  const sinceMs = nowMs - Date.parse(executionDate);
  if (row.state === 'pending' && isAch(row) && sinceMs >= RETURN_PERIODS.achSettledMs) return 'posted';
  if (row.state !== 'posted' || directionOf(row) === 'payout') return undefined;
  const period = isAch(row) ? RETURN_PERIODS.achMs : RETURN_PERIODS.sepaMs;
  return nowMs - row.changedMs >= period ? 'final' : undefined;
};

/** Does nothing that passes with time change it any more? */
const isOver = (row: PayoutRow): boolean =>
  row.state !== 'pending' && (row.state !== 'posted' || directionOf(row) === 'payout');

/** Books what time says of the run's transfers: how many words. */
const passRun = (book: Book, run: RunRow, rows: readonly PayoutRow[], atMs: number): number => {
  let words = 0;
  let over = true;
  for (const row of rows) {
    const word = wordOfTime(row, run, atMs);
    const heard =
      word === undefined ? ok({ row, booked: false }) : hear(book, row, word, null, 'payout-unknown');
    if (!heard.ok) throw new RangeError(heard.detail);
    if (heard.value.booked) words += 1;
    over &&= isOver(heard.value.row);
  }
  if (over) book.put('run', { ...run, over });
  return words;
};

/**
 * Says it to every run that is not over. A journal that forgot something may have forgotten a return: it waits.
 * One transaction a run, which holds 10,000 transfers at most. Codes: journal-stale, those of the store.
 */
export const finalise = async (store: Store, nowMs: number, sha256: Sha256): Promise<Result<number>> => {
  const open = await store.read(async (reader) => {
    const runs: string[] = [];
    for await (const { id, over } of allRows(reader, 'run')) if (!over) runs.push(id);
    const fresh = await checkFresh(reader);
    return fresh.ok ? ok(runs) : fresh;
  });
  if (!open.ok) return open;
  if (!open.value.ok) return open.value;
  let words = 0;
  for (const id of open.value.value) {
    const passed = await store.transact(async (reader) => {
      const rows = await reader.payoutsOf(id);
      const wanted = {
        run: [[id]],
        payout: rows.map((row) => [row.id]),
        balance: rows.flatMap(balancesMoved),
      };
      const book = await openBook(reader, wanted, nowMs, sha256);
      const value = passRun(book, book.get('run', [id])!, rows, nowMs);
      return { changes: book.changes(), value };
    });
    if (!passed.ok) return passed;
    words += passed.value;
  }
  return ok(words);
};

/** As long as the grace of a channel: time for somebody to notice a wrong clock. */
const CERTAIN_MS = 24 * 3_600_000;

/**
 * Once a day, whoever asks first, for what was due a day ago, all of which the settler has lived through: a clock that
 * leaps ahead makes nothing final. Codes: those of the store.
 */
export const finaliseDaily = async (
  store: Store,
  nowMs: number,
  gapMs: number,
  sha256: Sha256,
): Promise<Result<number>> => {
  const today = dayOf(nowMs);
  const isDue = await store.read(async (reader) => {
    const [last] = await reader.get('meta', [FINALITY]);
    const [intake] = await reader.get('meta', [INTAKE]);
    const isCertain = servedForMs(intake?.value ?? '', nowMs, gapMs) >= CERTAIN_MS;
    return isCertain && (last === undefined || last.value < today) && (await staleReason(reader)) === '';
  });
  if (!isDue.ok) return isDue;
  if (!isDue.value) return ok(0);
  const passed = await finalise(store, nowMs - CERTAIN_MS, sha256);
  if (!passed.ok) return passed;
  const meta = [{ name: 'finality', value: today }];
  return store.transact(async () => ({ changes: { put: { meta } }, value: passed.value }));
};
