/** What tests of a sale do with a lone one. */

import { signReceipt } from '../../schemas/receipt.ts';
import type { Request } from '../../schemas/request.ts';
import { START_S } from '../world/deal.ts';
import type { LoneSale } from '../world/lone-sale.ts';

/** The settler has booked that much, and closed or not. */
export const receiptFor = (lone: LoneSale, id: Uint8Array, paidNano: number, final: boolean): Request => {
  const { settler, channel } = lone.deal;
  const receipt = { issuedS: START_S, paidNano, limitNano: channel.open.limitNano, final, journalIndex: 9 };
  const bytes = signReceipt(channel.id, receipt, { signer: settler.signer, certificate: null });
  return { kind: 'receipt', id, parts: [bytes] };
};

/** Readings are produced one by one, each paid by a tick before the next. */
export const sell = (lone: LoneSale, from: number, to: number): void => {
  for (let i = from; i <= to; i++) {
    lone.produce(1);
    lone.hear(lone.payer.tick(1, i));
  }
};
