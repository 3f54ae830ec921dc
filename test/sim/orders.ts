/** Orders: what the settler's bank files tell its bank to do, as the bank reads them. */

import { isCredit } from '../../broker/settler/bank/nacha-entry.ts';
import { readNacha } from '../../broker/settler/bank/nacha-reader.ts';
import type { Currency } from './bank.ts';

export type Instruction = {
  /** The end-to-end id. */
  readonly id: string;
  /** The number of a NACHA entry; null in SEPA. */
  readonly trace: string | null;
  readonly currency: Currency;
  /** Money is fetched from the account; else it is sent there. */
  readonly isDebit: boolean;
  readonly account: string;
  readonly cents: bigint;
  /** YYYY-MM-DD, when it is to be done. */
  readonly day: string;
};

export type Orders = {
  /** What a bank knows the file by. */
  readonly message: string;
  readonly instructions: readonly Instruction[];
};

const textOf = (xml: string, name: string): string =>
  new RegExp(`<${name}(?: [^>]*)?>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
const centsOf = (amount: string): bigint => BigInt(amount.replace('.', ''));

const sepaIn = (xml: string): Orders => {
  const isDebit = xml.includes('<CstmrDrctDbtInitn>');
  const instructions: Instruction[] = [];
  for (const block of xml.split('<PmtInf>').slice(1)) {
    const day = isDebit ? textOf(block, 'ReqdColltnDt') : textOf(block, 'Dt');
    for (const one of block.split(isDebit ? '<DrctDbtTxInf>' : '<CdtTrfTxInf>').slice(1)) {
      const cents = centsOf(textOf(one, 'InstdAmt'));
      const id = textOf(one, 'EndToEndId');
      const account = textOf(one, 'IBAN');
      instructions.push({ id, trace: null, currency: 'EUR', isDebit, account, cents, day });
    }
  }
  return { message: textOf(xml, 'MsgId'), instructions };
};

/** Columns 4 to 83 of an addendum: the run and the whole id, in capitals. */
const idIn = (addendum: string): string => addendum.slice(3, 83).trim().split(' ').at(-1)!.toLowerCase();

const achIn = (text: string): Orders => {
  const file = readNacha(new TextEncoder().encode(text));
  const instructions = file.batches.flatMap(({ entries, effectiveDay }) =>
    entries.map(
      ({ code, number, cents, trace, addenda }): Instruction => ({
        id: idIn(addenda[0]!.record.text),
        trace,
        currency: 'USD',
        isDebit: !isCredit(code),
        account: number,
        cents,
        day: effectiveDay!,
      }),
    ),
  );
  // NACHA files have no id: a bank compares what is in them.
  const message = `${file.createdDay} ${file.createdTime} ${file.modifier} ${instructions.map(({ trace }) => trace)}`;
  return { message, instructions };
};

export const instructionsIn = (file: string): Orders => (file.startsWith('1') ? achIn(file) : sepaIn(file));
