/** What one line of a bank's file did to the books. */

import type { Code, Refusal } from '../../../schemas/result.ts';
import type { BankFact } from './bank-fact.ts';

/**
 * | outcome | means                                                              |
 * |---------|--------------------------------------------------------------------|
 * | booked  | it was news, and is booked                                         |
 * | known   | it was booked before                                               |
 * | noted   | there is nothing to book: the bank goes on, or told what to change |
 * | unknown | it names no transfer of this settler                               |
 * | person  | a person has to decide: nothing was booked                         |
 */
export type ImportOutcome = 'booked' | 'known' | 'noted' | 'unknown' | 'person';

export type ImportLine = {
  /** Where it stands in the file. */
  readonly line: number;
  readonly fact: BankFact;
  /** A transfer's id, `deposit`, or what the bank named. */
  readonly subject: string;
  readonly outcome: ImportOutcome;
  /** Transfers or deposits that were booked. */
  readonly booked: number;
  readonly code: Code | null;
  readonly detail: string;
};

/** What the fact is about, in the bank's words. */
const namedBy = ({ about }: BankFact): string => {
  switch (about.by) {
    case 'payment':
      return about.endToEndId;
    case 'trace':
      return about.trace;
    case 'block':
      return about.blockId;
    case 'message':
      return about.messageId;
    default:
      return '';
  }
};

type Rest = Partial<Pick<ImportLine, 'subject' | 'booked' | 'code'>>;

export const lineOf = (
  fact: BankFact,
  outcome: ImportOutcome,
  detail: string,
  rest: Rest = {},
): ImportLine => ({
  line: fact.line,
  fact,
  subject: namedBy(fact),
  outcome,
  booked: 0,
  code: null,
  detail,
  ...rest,
});

/** Nothing was booked of this line, and the rest of the file goes on. */
export const refusedLine = (fact: BankFact, { code, detail }: Refusal): ImportLine =>
  lineOf(fact, code === 'status-unknown' ? 'unknown' : 'person', detail, { code });
