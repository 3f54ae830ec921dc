/**
 * A journal that is older than what it once signed: payouts and clearing stop until receipts and bank statements have
 * been brought in (schemas/spec/channel.md rule 9). Intake goes on, for that is how they come in.
 *
 * | meta row    | says                                                                              |
 * |-------------|-----------------------------------------------------------------------------------|
 * | `stale`     | why the journal is taken for old; empty where it is not (`../ledger/stale.ts`)    |
 * | `forgotten` | the highest journal row known to be lost: receipts up to it say nothing new       |
 * | `restoring` | a restore that has not come to its end; empty where there is none                 |
 */

import { toHex } from '../../../schemas/bytes.ts';
import { openReceipt, type Receipt } from '../../../schemas/receipt.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { formatAmount } from '../ledger/amount.ts';
import { staleReason } from '../ledger/stale.ts';
import { allRows, type Reader } from '../store/store.ts';
import type { ChannelRow, GapRow, Key, MetaRow } from '../store/tables.ts';

export const FORGOTTEN: Key = ['forgotten'];
export const RESTORING: Key = ['restoring'];
/** Which database this is: a restored one is another (`cluster/home.ts`). */
export const HOME: Key = ['home'];

export const forgottenMeta = (index: number): MetaRow => ({ name: 'forgotten', value: String(index) });
export const restoringMeta = (why: string): MetaRow => ({ name: 'restoring', value: why });

/** The receipt of a gap, which was verified before it was noted. */
const receiptOf = ({ channel, bytes }: GapRow): Receipt => {
  const receipt = openReceipt(bytes, channel, channel, () => true);
  if (!receipt.ok) throw new RangeError(`the gap of ${toHex(channel)} holds a receipt that is none`);
  return receipt.value;
};

/** A gap that the operator gives up: no receipt is of row 0, where no channel can be. */
export const acceptedGap = (gap: GapRow): GapRow => ({ ...gap, paidNano: 0, journalIndex: 0 });
export const isAccepted = ({ journalIndex }: GapRow): boolean => journalIndex === 0;

/** Does the channel say less than a receipt that was signed before? */
export const isBehind = (channel: ChannelRow | undefined, receipt: Receipt): boolean =>
  channel === undefined || channel.paidNano < receipt.paidNano || (receipt.final && !channel.closed);

/** Is the receipt no news beside the gap that is noted, or was given up? */
export const isNoted = (gap: GapRow | undefined, { paidNano, final }: Receipt): boolean => {
  if (gap === undefined) return false;
  const held = receiptOf(gap);
  return held.paidNano >= paidNano && (held.final || !final);
};

/** What is still to be brought in; undefined where nothing is. */
export const missingOf = (gap: GapRow | undefined, channel: ChannelRow | undefined): string | undefined => {
  if (gap === undefined || isAccepted(gap)) return undefined;
  const receipt = receiptOf(gap);
  if (!isBehind(channel, receipt)) return undefined;
  if (channel === undefined) return 'the open, then the best evidence';
  const { paidNano, currency } = channel;
  if (paidNano >= receipt.paidNano) return 'the close';
  const lessNano = BigInt(receipt.paidNano - paidNano);
  return `evidence of ${formatAmount(lessNano)} ${currency} more than is booked`;
};

export const forgetting = (id: Uint8Array, missing: string): Refusal =>
  refuse('journal-stale', `channel ${toHex(id)} was forgotten here: send ${missing}`);

/** A gap, what is booked of its channel, and what is still missing; accepted gaps are left out. */
export type OpenGap = {
  readonly gap: GapRow;
  readonly receipt: Receipt;
  readonly channel: ChannelRow | undefined;
  readonly missing: string | undefined;
};

export const gapsIn = async (reader: Reader): Promise<readonly OpenGap[]> => {
  const gaps: OpenGap[] = [];
  for await (const gap of allRows(reader, 'gap')) {
    if (isAccepted(gap)) continue;
    const [channel] = await reader.get('channel', [[gap.channel]]);
    gaps.push({ gap, receipt: receiptOf(gap), channel, missing: missingOf(gap, channel) });
  }
  return gaps;
};

/** Half a journal is nobody's books. Code: config-invalid. */
export const checkRestored = async (reader: Reader): Promise<Result<null>> => {
  const [restoring] = await reader.get('meta', [RESTORING]);
  if (restoring === undefined || restoring.value === '') return ok(null);
  const begun = `the database was to be ${restoring.value}, which was never finished`;
  return refuse('config-invalid', `${begun}: run that settler restore again, or remove the database`);
};

/** Asked before money leaves, and before debts are cleared. Code: journal-stale, naming what is missing. */
export const checkFresh = async (reader: Reader): Promise<Result<null>> => {
  const why = await staleReason(reader);
  if (why === '') return ok(null);
  const open = (await gapsIn(reader)).filter(({ missing }) => missing !== undefined);
  const channels = open.length === 0 ? '' : `; ${open.length} channels wait for their parties`;
  const remedy = 'bring in receipts and bank statements, then settler resume';
  return refuse('journal-stale', `${why}${channels}: ${remedy}`);
};
