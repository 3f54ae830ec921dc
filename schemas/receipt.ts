/**
 * Receipt: what the settler has booked on a channel, durably. A PUBACK proves nothing; this does.
 *
 *     COSE_Sign1(["tb1/receipt", channel], [certificate, issuedS, paidNano, limitNano, final, journalIndex])
 */

import type { Verify } from './crypto.ts';
import { amount, flag } from './fields.ts';
import { ok, type Result } from './result.ts';
import { openFromSettler, type SettlerSigner, signAsSettler } from './settler.ts';

export type Receipt = {
  readonly issuedS: number;
  /** Booked from the channel to the payee so far. */
  readonly paidNano: number;
  readonly limitNano: number;
  /** The channel is closed: nothing more will be booked. */
  readonly final: boolean;
  /** The journal entry of the last booking. */
  readonly journalIndex: number;
};

const FIELDS = [amount('paidNano'), amount('limitNano'), flag('final'), amount('journalIndex')];

export const signReceipt = (channel: Uint8Array, receipt: Receipt, settler: SettlerSigner): Uint8Array =>
  signAsSettler(
    'receipt',
    ['tb1/receipt', channel],
    receipt.issuedS,
    [receipt.paidNano, receipt.limitNano, receipt.final, receipt.journalIndex],
    FIELDS,
    settler,
  );

/** Codes: those of `openFromSettler`. */
export const openReceipt = (
  encoded: Uint8Array,
  channel: Uint8Array,
  settler: Uint8Array,
  verify: Verify,
): Result<Receipt> => {
  const fields = openFromSettler('receipt', encoded, ['tb1/receipt', channel], FIELDS, settler, verify);
  if (!fields.ok) return fields;
  const f = fields.value;
  return ok({
    issuedS: f[1] as number,
    paidNano: f[2] as number,
    limitNano: f[3] as number,
    final: f[4] as boolean,
    journalIndex: f[5] as number,
  });
};
