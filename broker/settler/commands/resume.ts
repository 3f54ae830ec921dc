/** `tollbridge settler resume`: what a restored journal still misses; payouts go on once nothing is. */

import { toHex } from '../../../schemas/bytes.ts';
import { ok } from '../../../schemas/result.ts';
import type { LostRun } from '../backup/high-water.ts';
import { NOTES, type Resumption, resumeStore } from '../backup/resume.ts';
import { formatAmount } from '../ledger/amount.ts';
import { tableOf } from '../reports/table.ts';
import { onStore } from './on-store.ts';
import { highWaterOf, STATE_OPTION } from './state.ts';

const OPTIONS = { accept: { type: 'string', multiple: true }, ...STATE_OPTION } as const;

const HEAD = ['channel', 'signed', 'booked', 'missing'];

const LOST = `nothing is noted beside this database of the runs that were handed out: put it where the lost one was, or say
--state; where the notes are lost too, bring in the bank's statements of all that was paid, then --accept ${NOTES}`;

const ALONE = `only its name was noted: bring in the bank's statements, compare settler transfers --all with its bank file`;
/** The rest is in JSON. */
const IDS_MAX = 20;

const lostText = ({ name, here, missing }: LostRun): string => {
  const accept = `--accept ${name}`;
  if (missing === null) return `run ${name} was handed out and is not known whole; ${ALONE}, then ${accept}`;
  const { transfers, totalNano } = missing;
  const shown = transfers.slice(0, IDS_MAX).map((id) => `${id}…`);
  const more = transfers.length > IDS_MAX ? ` and ${transfers.length - IDS_MAX} more` : '';
  const which =
    transfers.length === 0
      ? `its transfers are here, and come to ${formatAmount(totalNano)} less than was ordered`
      : `${transfers.length} of its ${here.transfers + transfers.length} transfers, ${formatAmount(totalNano)}, are missing: ${shown.join(' ')}${more}`;
  return `run ${name} was handed out; ${which}; bring in what the bank says of them, or give them up with ${accept}`;
};

const textOf = ({ reason, gaps, runs, noted, resumed }: Resumption): string => {
  if (reason === '') return 'the journal is taken for whole: nothing has stopped';
  const rows = gaps.map(({ gap, receipt, channel, missing }) => [
    toHex(gap.channel).slice(0, 12),
    formatAmount(BigInt(receipt.paidNano)),
    channel === undefined ? '' : formatAmount(BigInt(channel.paidNano)),
    missing ?? '',
  ]);
  const table = rows.length === 0 ? [] : [tableOf([HEAD, ...rows], [1, 2])];
  const lost = runs.map(lostText);
  const end = resumed
    ? 'payouts and clearing go on'
    : 'payouts stay stopped: bring in what is missing, or give it up with --accept';
  return [reason, ...table, ...lost, ...(noted || resumed ? [] : [LOST]), end].join('\n');
};

export const run = onStore(OPTIONS, async (store, values) => {
  const highWater = highWaterOf(values);
  if (!highWater.ok) return highWater;
  const said = await resumeStore(store, values.accept ?? [], highWater.value);
  if (!said.ok) return said;
  const { reason, gaps, runs, noted, resumed } = said.value;
  const json = {
    reason,
    resumed: reason === '' || resumed,
    gaps: gaps.map(({ gap, receipt, channel, missing }) => ({
      channel: toHex(gap.channel),
      signedNano: receipt.paidNano,
      final: receipt.final,
      bookedNano: channel?.paidNano ?? null,
      missing: missing ?? null,
    })),
    runs: runs.map(({ name, here, missing }) => ({
      run: name,
      here: here.transfers,
      hereNano: String(here.nano),
      missing: missing?.transfers ?? null,
      missingNano: missing === null ? null : String(missing.totalNano),
    })),
    noted,
  };
  return ok({ text: textOf(said.value), json, exit: json.resumed ? 0 : 1 });
});
