/** `tollbridge settler clearing`: debts between owners that run in circles disappear, once a day or as told. */

import { fromHex } from '../../../schemas/bytes.ts';
import { didKey } from '../../../schemas/identity.ts';
import { ok, refuse } from '../../../schemas/result.ts';
import type { Obligation } from '../clearing/obligation.ts';
import type { Report } from '../clearing/report.ts';
import { clearingText } from '../clearing/report-text.ts';
import { type ClearingRun, reportOf, runClearing } from '../clearing/run.ts';
import { formatAmount } from '../ledger/amount.ts';
import { dayOf } from '../ledger/day.ts';
import { clearingJson, writePicture } from './clearing-output.ts';
import { need, onStore } from './on-store.ts';
import { sequenceOf } from './run-output.ts';

const OPTIONS = {
  currency: { type: 'string', default: 'EUR' },
  period: { type: 'string' },
  sequence: { type: 'string', default: '1' },
  picture: { type: 'string' },
} as const;

const nameOf = (hex: string): string => didKey(fromHex(hex)!);

const named = (obligations: readonly Obligation[]): readonly Obligation[] =>
  obligations.map(({ debtor, creditor, nano }) => ({
    debtor: nameOf(debtor),
    creditor: nameOf(creditor),
    nano,
  }));

const namedReport = (report: Report): Report => ({
  ...report,
  accounts: report.accounts.map((account) => ({ ...account, owner: nameOf(account.owner) })),
});

const textOf = ({ row, repeated }: ClearingRun, report: Report): string => {
  const again = repeated ? ', made before: nothing was booked now' : '';
  const what = `clearing ${row.id} of the obligations at journal index ${row.frozenIndex}${again}`;
  return `${what}\n\n${clearingText(report, formatAmount)}`;
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'currency', 'sequence');
  if (!given.ok) return given;
  const sequence = sequenceOf(given.value.sequence);
  if (!sequence.ok) return sequence;
  const { currency } = given.value;
  const order = { currency, period: options.period ?? dayOf(host.nowMs()), sequence: sequence.value };
  const made = await runClearing(store, order, host.nowMs(), host.crypto.sha256);
  if (!made.ok) return made;
  const { row, repeated, before, clearing } = made.value;
  const report = namedReport(reportOf(row));
  if (options.picture !== undefined) {
    if (clearing === null) {
      return refuse(
        'config-invalid',
        `clearing ${row.id} was made before, and a picture is drawn when it is made: leave out --picture, or take the next --sequence`,
      );
    }
    const drawn = { left: named(clearing.left), report };
    const written = writePicture(options.picture, named(before), drawn, formatAmount);
    if (!written.ok) return written;
  }
  const json = { clearing: row.id, frozenIndex: row.frozenIndex, repeated, ...clearingJson(report, String) };
  return ok({ text: textOf(made.value, report), json });
});
