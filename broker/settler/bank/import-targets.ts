/** Which transfers of ours a bank's fact is about. */

import type { Reader } from '../store/store.ts';
import type { PayoutRow } from '../store/tables.ts';
import type { BankFact } from './bank-fact.ts';
import { useOfText } from './mandates.ts';
import { runOfMessage } from './runs.ts';
import { directionOf } from './settling.ts';

/** `wide`: about a whole message or block, so that what was said of a transfer alone holds instead. */
export type Target = { readonly ids: readonly string[]; readonly wide: boolean };

const NOTHING: Target = { ids: [], wide: false };

const idsOf = (rows: readonly PayoutRow[]): Target => ({ ids: rows.map(({ id }) => id), wide: true });

/** Our files have a block for each sequence type, first collections before others. */
const inBlock = (rows: readonly PayoutRow[], number: number): readonly PayoutRow[] => {
  const sequenceOf = (row: PayoutRow): string =>
    directionOf(row) === 'payout' ? '' : useOfText(row.mandate!).sequence;
  const sequences = [...new Set(rows.map(sequenceOf))].sort();
  return rows.filter((row) => sequenceOf(row) === sequences[number - 1]);
};

const ofBlock = async (reader: Reader, root: Uint8Array, blockId: string): Promise<Target> => {
  const name = runOfMessage(root, blockId);
  if (name === null) return NOTHING;
  // The only block of a payout run is named as its message.
  const whole = await reader.payoutsOf(name);
  if (whole.length > 0) return idsOf(whole);
  const [, run, number] = /^(.+)-(\d{1,3})$/.exec(name) ?? [];
  return run === undefined ? NOTHING : idsOf(inBlock(await reader.payoutsOf(run), Number(number)));
};

/** The transfers by id; none where the bank names none of ours. */
export const targetOf = async (reader: Reader, root: Uint8Array, { about }: BankFact): Promise<Target> => {
  switch (about.by) {
    case 'payment':
      return { ids: [about.endToEndId], wide: false };
    case 'trace': {
      const [trace] = await reader.get('trace', [[about.trace]]);
      return trace === undefined ? NOTHING : { ids: [trace.payout], wide: false };
    }
    case 'block':
      return ofBlock(reader, root, about.blockId);
    case 'message': {
      const run = runOfMessage(root, about.messageId);
      return run === null ? NOTHING : idsOf(await reader.payoutsOf(run));
    }
    default:
      return NOTHING;
  }
};
