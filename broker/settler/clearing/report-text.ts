/** The report of a clearing for people; `write` says amounts. */

import { tableOf } from '../reports/table.ts';
import type { Account, Report, Step } from './report.ts';

/** The whole list is for programs. */
const ACCOUNTS_MAX = 20;

const STEPS: { readonly [step in Step['step']]: string } = {
  netting: 'netting between two',
  circles: 'circles of debt',
  compression: 'compression by consent',
};

const goneOf = (account: Account): bigint =>
  account.owedBefore - account.owedAfter + account.dueBefore - account.dueAfter;

const stepsTable = (report: Report, write: (nano: bigint) => string): string =>
  tableOf(
    [
      ['step', 'cleared', 'left', 'transfers'],
      ['obligations', '', write(report.grossNano), String(report.obligations)],
      ...report.steps.map(({ step, clearedNano, leftNano, transfers }) => [
        STEPS[step],
        write(clearedNano),
        write(leftNano),
        String(transfers),
      ]),
      ['in all', write(report.clearedNano), write(report.leftNano), String(report.transfers)],
    ],
    [1, 2, 3],
  );

const accountsTable = (accounts: readonly Account[], write: (nano: bigint) => string): string =>
  tableOf(
    [
      ['owner', 'owed', 'due', 'owes now', 'is due now', 'disappeared'],
      ...accounts.map((account) => [
        account.owner,
        write(account.owedBefore),
        write(account.dueBefore),
        write(account.owedAfter),
        write(account.dueAfter),
        write(goneOf(account)),
      ]),
    ],
    [1, 2, 3, 4, 5],
  );

export const clearingText = (report: Report, write: (nano: bigint) => string): string => {
  const byGone = [...report.accounts].sort(
    (a, b) => Number(goneOf(b) > goneOf(a)) - Number(goneOf(b) < goneOf(a)),
  );
  const more = byGone.length - ACCOUNTS_MAX;
  return [
    stepsTable(report, write),
    '',
    `${report.transfersSaved} transfers saved; nobody's net position changes; only owners who consented get a new counterparty.`,
    `${write(report.netNano)} is what net positions come to: less cannot be left.`,
    '',
    accountsTable(byGone.slice(0, ACCOUNTS_MAX), write),
    ...(more > 0 ? [`and ${more} more owners: --json has them all`] : []),
  ].join('\n');
};
