/**
 * Imports a bank's file: each fact is booked once, whatever file it is in and however often that comes. The file goes
 * in by groups of facts, each one transaction; after a crash, import it again.
 */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { type Book, openBook, type Wanted } from '../ledger/book.ts';
import { keyOf } from '../ledger/ledger.ts';
import { balancesOf } from '../ledger/once.ts';
import { rootOf } from '../store/root.ts';
import type { Reader, Store } from '../store/store.ts';
import type { PayoutRow } from '../store/tables.ts';
import { accountOfText } from './account.ts';
import type { BankFact, BankFacts } from './bank-fact.ts';
import { againOf, importAboutReturn, isAboutReturn } from './dishonoured.ts';
import { importCorrection } from './import-corrections.ts';
import { type Incoming, importDeposit, incomingOf } from './import-deposits.ts';
import { type ImportLine, refusedLine } from './import-line.ts';
import { type Target, targetOf } from './import-targets.ts';
import { importTransfers, unknownStatus, wordOf } from './import-transfers.ts';
import { readBankFile } from './reader.ts';
import { bringBack, forgottenRow, type Origin, originsOf } from './recovery.ts';
import { balancesMoved } from './settling.ts';

export type ImportOptions = {
  /** Says what would be booked, and books nothing. */
  readonly dryRun: boolean;
  /** Writes corrections of bank details to their owners. */
  readonly apply: boolean;
};

export type Imported = Pick<BankFacts, 'format' | 'messageId' | 'skipped'> & {
  readonly lines: readonly ImportLine[];
};

/** Facts in one transaction: some 20 ms. */
const GROUP_MAX = 200;

/** What every group of a file shares. */
type File = ImportOptions & {
  readonly root: Uint8Array;
  /** The IBAN that the settler's statements are of. */
  readonly own: string | null;
  readonly origins: ReadonlyMap<string, Origin>;
  /** Transfers that something narrower was said of, in this file. */
  readonly told: ReadonlySet<string>;
  readonly sha256: Sha256;
};

/** A fact with all that was found about it. */
type Found = {
  readonly fact: BankFact;
  readonly target: Target;
  readonly rows: readonly PayoutRow[];
  readonly origin: Origin | undefined;
  readonly incoming: Incoming | undefined;
};

const find = async (reader: Reader, fact: BankFact, file: File): Promise<Found> => {
  const target = await targetOf(reader, file.root, fact);
  const rows = await reader.get(
    'payout',
    target.ids.map((id) => [id]),
  );
  const incoming =
    fact.kind === 'received' ? await incomingOf(reader, fact, file.own, file.sha256) : undefined;
  const [id = ''] = target.ids;
  return { fact, target, rows, origin: rows.length === 0 ? file.origins.get(id) : undefined, incoming };
};

/** The transfer of a fact that this journal forgot: one, or none. */
const forgotten = ({ fact, target, origin }: Found): readonly PayoutRow[] =>
  origin === undefined || fact.amount === null ? [] : [forgottenRow(target.ids[0]!, origin, fact.amount)];

/** What stands, or may stand, beside the transfers of a fact. */
const besides = ({ fact, rows }: Found, { sha256 }: File): readonly PayoutRow[] =>
  isAboutReturn(fact) ? rows.map((row) => againOf(row, sha256)) : [];

/** Everything that the facts of a group may read or change. */
const wantedBy = (group: readonly Found[], file: File): Wanted => {
  const made = group.flatMap((found) => [...forgotten(found), ...besides(found, file)]);
  const rows = [...made, ...group.flatMap((found) => found.rows)];
  const events = group.flatMap(({ incoming }) =>
    incoming !== undefined && 'event' in incoming ? incoming.event : [],
  );
  const ids = [...made.map(({ id }) => id), ...group.flatMap(({ target }) => target.ids)];
  return {
    balance: [...rows.flatMap(balancesMoved), ...events.flatMap(balancesOf)],
    payout: ids.map((id) => [id]),
    run: made.map(({ run }) => [run]),
    owner: rows.map((row) => [row.owner, 'ach']),
  };
};

/** A transfer that this journal forgot is there again before the bank's word on it is heard. */
const remember = (book: Book, found: Found): Result<unknown> => {
  const [row] = forgotten(found);
  if (row === undefined || wordOf(found.fact) === undefined) return ok(null);
  return book.get('payout', [row.id]) === undefined ? bringBack(book, row) : ok(null);
};

const take = (book: Book, found: Found, file: File, told: Set<string>, booked: Set<string>): ImportLine => {
  const { fact, target, incoming } = found;
  if (incoming !== undefined) {
    if ('line' in incoming) return incoming.line;
    const key = keyOf(incoming.event);
    const line = importDeposit(book, fact, incoming.event, booked.has(key));
    booked.add(key);
    return line;
  }
  const back = remember(book, found);
  if (!back.ok) return refusedLine(fact, back);
  const rows = target.ids.flatMap((id) => book.get('payout', [id]) ?? []);
  const [first] = rows;
  if (first === undefined) return refusedLine(fact, unknownStatus(fact));
  if (fact.correction !== null) return importCorrection(book, fact, first, fact.correction, file.apply);
  if (isAboutReturn(fact)) return importAboutReturn(book, fact, first, file.sha256);
  const left = target.wide ? rows.filter(({ id }) => !told.has(id)) : rows;
  for (const { id } of left) told.add(id);
  return importTransfers(book, fact, left, target.wide);
};

type Group = { readonly lines: readonly ImportLine[]; readonly told: ReadonlySet<string> };

const importGroup = (
  store: Store,
  facts: readonly BankFact[],
  file: File,
  nowMs: number,
): Promise<Result<Group>> =>
  store.transact(async (reader) => {
    const group: Found[] = [];
    for (const fact of facts) group.push(await find(reader, fact, file));
    const keys = group.flatMap(({ incoming }) =>
      incoming !== undefined && 'event' in incoming ? keyOf(incoming.event) : [],
    );
    const booked = new Set((await reader.rows(keys)).map(({ key }) => key));
    const book = await openBook(reader, wantedBy(group, file), nowMs, file.sha256);
    const told = new Set(file.told);
    const lines = group.map((found) => take(book, found, file, told, booked));
    const nothing = file.dryRun || lines.every((line) => line.booked === 0);
    return { changes: nothing ? {} : book.changes(), value: { lines, told } };
  });

const openFile = async (
  reader: Reader,
  facts: readonly BankFact[],
  options: ImportOptions,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<File>> => {
  const root = await rootOf(reader);
  if (!root.ok) return root;
  const [self] = await reader.get('owner', [[root.value, 'sepa']]);
  const account = self === undefined ? undefined : accountOfText(self.bank);
  const own = account?.ok === true && account.value.scheme === 'sepa' ? account.value.iban : null;
  const ids = facts.flatMap(({ about, kind }) =>
    about.by === 'payment' && kind !== 'received' ? about.endToEndId : [],
  );
  const origins = await originsOf(reader, root.value, ids, nowMs, sha256);
  return ok({ ...options, root: root.value, own, origins, told: new Set(), sha256 });
};

/** What the store says is of one group: those before it are booked. */
const afterGroups = ({ code, detail }: Refusal, at: number, of: number): Refusal =>
  refuse(code, `${detail}; the first ${at} of the file's ${of} facts are booked: import it again`);

/**
 * Books what the file says, as far as it is news.
 * Codes: those of `readBankFile` (nothing was booked), config-invalid, those of the store (a part may be booked).
 */
export const importBankFile = async (
  store: Store,
  bytes: Uint8Array,
  options: ImportOptions,
  nowMs: number,
  sha256: Sha256,
): Promise<Result<Imported>> => {
  const read = readBankFile(bytes);
  if (!read.ok) return read;
  const { facts, format, messageId, skipped } = read.value;
  const opened = await store.read((reader) => openFile(reader, facts, options, nowMs, sha256));
  if (!opened.ok) return opened;
  if (!opened.value.ok) return opened.value;
  let file = opened.value.value;
  const lines: ImportLine[] = [];
  for (let at = 0; at < facts.length; at += GROUP_MAX) {
    const group = await importGroup(store, facts.slice(at, at + GROUP_MAX), file, nowMs);
    if (!group.ok) return at === 0 || options.dryRun ? group : afterGroups(group, at, facts.length);
    lines.push(...group.value.lines);
    file = { ...file, told: group.value.told };
  }
  return ok({ format, messageId, skipped, lines });
};
