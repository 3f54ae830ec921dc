/** `tollbridge settler payout`: earnings become pending payouts and a bank file. */

import { didKey } from '../../../schemas/identity.ts';
import { ok, refuse } from '../../../schemas/result.ts';
import { writeBankFile } from '../bank/bank-file.ts';
import { fileOfRun, makeRun, type Run } from '../bank/payouts.ts';
import { formatAmount, parseAmount } from '../ledger/amount.ts';
import { keyOfAccount, readableAccount } from './account.ts';
import { need, onStore } from './on-store.ts';

const OPTIONS = {
  out: { type: 'string' },
  threshold: { type: 'string', default: '0.01' },
  period: { type: 'string' },
  sequence: { type: 'string', default: '1' },
  'execution-date': { type: 'string' },
} as const;

const DAY_MS = 86_400_000;
const dateOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 10);

/** The next day that is no Saturday or Sunday; a bank moves it past its own holidays. */
const nextWeekday = (nowMs: number): string => {
  let timeMs = nowMs + DAY_MS;
  while (new Date(timeMs).getUTCDay() % 6 === 0) timeMs += DAY_MS;
  return dateOf(timeMs);
};

const payoutText = (made: Run, out: string, totalNano: bigint): string => {
  const { run, payouts, repeated, waiting } = made;
  const lines = waiting.map((earned) => `waits for bank details: ${readableAccount(earned)}`);
  if (payouts.length === 0) return [...lines, 'nothing to pay out: no file was written'].join('\n');
  const transfers = payouts.length === 1 ? '1 transfer' : `${payouts.length} transfers`;
  const what = `${transfers}, ${formatAmount(totalNano)} ${run.currency}, on ${run.executionDate}`;
  const again = repeated ? ' (made before: the same file again; hand it in once)' : '';
  return [...lines, `run ${run.id}: ${what}: ${out}${again}`].join('\n');
};

export const run = onStore(OPTIONS, async (store, options, host) => {
  const given = need(options, 'out', 'threshold', 'sequence');
  if (!given.ok) return given;
  const threshold = parseAmount(given.value.threshold);
  if (!threshold.ok) return threshold;
  if (!/^[1-9]\d{0,2}$/.test(given.value.sequence)) {
    return refuse('config-invalid', `--sequence is "${given.value.sequence}": write 1 to 999`);
  }
  const order = {
    period: options.period ?? dateOf(host.nowMs()),
    sequence: Number(given.value.sequence),
    thresholdNano: threshold.value,
    executionDate: options['execution-date'] ?? nextWeekday(host.nowMs()),
  };
  const made = await makeRun(store, order, host.nowMs(), host.crypto.sha256);
  if (!made.ok) return made;
  const { run, payouts, repeated, waiting } = made.value;
  const totalNano = payouts.reduce((sum, { nano }) => sum + nano, 0n);
  if (payouts.length > 0) {
    const root = await keyOfAccount(store, 'settler');
    if (!root.ok) return root;
    const file = fileOfRun(made.value, root.value);
    if (!file.ok) return file;
    const written = writeBankFile(given.value.out, file.value);
    if (!written.ok) return written;
  }
  return ok({
    text: payoutText(made.value, given.value.out, totalNano),
    json: {
      run: run.id,
      file: payouts.length === 0 ? null : given.value.out,
      transfers: payouts.length,
      nano: String(totalNano),
      currency: run.currency,
      executionDate: run.executionDate,
      repeated,
      waiting,
      payouts: payouts.map(({ id, owner, nano, state }) => ({
        id,
        account: didKey(owner),
        nano: String(nano),
        state,
      })),
    },
  });
});
