/** `tollbridge settler clearing`: debts between owners that run in circles disappear, once a day or as told. */

import { fromHex } from '../../../schemas/bytes.ts';
import type { Sha256 } from '../../../schemas/crypto.ts';
import { didKey } from '../../../schemas/identity.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import type { Obligation } from '../clearing/obligation.ts';
import { clearingNamed, pastClearing } from '../clearing/past.ts';
import type { Report } from '../clearing/report.ts';
import { clearingText } from '../clearing/report-text.ts';
import { reportOf, runClearing } from '../clearing/run.ts';
import { formatAmount } from '../ledger/amount.ts';
import { dayOf } from '../ledger/day.ts';
import type { Store } from '../store/store.ts';
import type { ClearingRow } from '../store/tables.ts';
import { clearingJson, writePicture } from './clearing-output.ts';
import { keptCurrency } from './money.ts';
import { onStore, type Said } from './on-store.ts';
import { sequenceOf } from './run-output.ts';

const OPTIONS = {
  currency: { type: 'string' },
  period: { type: 'string' },
  sequence: { type: 'string' },
  picture: { type: 'string' },
  show: { type: 'string' },
} as const;

const nameOf = (hex: string): string => didKey(fromHex(hex)!);

const byPair = (a: Obligation, b: Obligation): number =>
  a.debtor === b.debtor ? (a.creditor < b.creditor ? -1 : 1) : a.debtor < b.debtor ? -1 : 1;

/** In an order of their own, so that a picture is the same whenever it is drawn. */
const named = (obligations: readonly Obligation[]): readonly Obligation[] =>
  [...obligations].sort(byPair).map(({ debtor, creditor, nano }) => ({
    debtor: nameOf(debtor),
    creditor: nameOf(creditor),
    nano,
  }));

const namedReport = (report: Report): Report => ({
  ...report,
  accounts: report.accounts.map((account) => ({ ...account, owner: nameOf(account.owner) })),
});

/** How it came to be. */
type Made = 'booked' | 'repeated' | 'nothing' | 'shown';
const NOTES: Readonly<Record<Made, string>> = {
  booked: '',
  repeated: ', made before: nothing was booked now',
  nothing: ': nothing runs in circles, and nothing was booked',
  shown: '',
};

const say = (row: ClearingRow, made: Made): Said => {
  const report = namedReport(reportOf(row));
  const what = `clearing ${row.id} of the obligations at journal index ${row.frozenIndex}${NOTES[made]}`;
  return {
    text: `${what}\n\n${clearingText(report, formatAmount)}`,
    json: {
      ...{ clearing: row.id, frozenIndex: row.frozenIndex },
      ...{ repeated: made === 'repeated' || made === 'shown', booked: made === 'booked' },
      ...clearingJson(report, String),
    },
  };
};

type Drawn = { readonly before: readonly Obligation[]; readonly left: readonly Obligation[] };

const draw = (path: string, { before, left }: Drawn, report: Report): Result<null> =>
  writePicture(path, named(before), { left: named(left), report }, formatAmount);

/** From the ledger, as it was drawn first. Codes: those of `pastClearing` and `writePicture`. */
const drawAgain = async (
  store: Store,
  row: ClearingRow,
  path: string,
  sha256: Sha256,
): Promise<Result<null>> => {
  const past = await pastClearing(store, row, sha256);
  return past.ok ? draw(path, past.value, namedReport(reportOf(row))) : past;
};

/** What was made before; changes nothing. */
const show = async (store: Store, name: string, picture: string | undefined, sha256: Sha256) => {
  const row = await clearingNamed(store, name);
  if (!row.ok) return row;
  const drawn = picture === undefined ? ok(null) : await drawAgain(store, row.value, picture, sha256);
  return drawn.ok ? ok(say(row.value, 'shown')) : drawn;
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  const { sha256 } = host.crypto;
  const { picture } = options;
  if (options.show !== undefined) {
    if ([options.currency, options.period, options.sequence].every((one) => one === undefined))
      return show(store, options.show, picture, sha256);
    return refuse('config-invalid', '--show takes the name of a clearing, and beside it --picture alone');
  }
  const sequence = sequenceOf(options.sequence ?? '1');
  if (!sequence.ok) return sequence;
  const currency = await keptCurrency(store, options.currency ?? 'EUR');
  if (!currency.ok) return currency;
  const period = options.period ?? dayOf(host.nowMs());
  const order = { currency: currency.value, period, sequence: sequence.value };
  const made = await runClearing(store, order, host.nowMs(), sha256);
  if (!made.ok) return made;
  const { row, repeated, booked, before, clearing } = made.value;
  if (picture !== undefined) {
    const drawn =
      clearing === null
        ? await drawAgain(store, row, picture, sha256)
        : draw(picture, { before, left: clearing.left }, namedReport(clearing.report));
    if (!drawn.ok) return drawn;
  }
  return ok(say(row, repeated ? 'repeated' : booked ? 'booked' : 'nothing'));
});
