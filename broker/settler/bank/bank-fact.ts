/**
 * What a bank says, as plain facts: one shape for ISO 20022 status files and statements and for NACHA returns. A
 * fact is the bank's word and nothing else: whether the payment is ours and the amount right is for the ledger.
 *
 * | kind     | means for a payment                                                | what to book          |
 * |----------|--------------------------------------------------------------------|-----------------------|
 * | accepted | the bank has it and goes on; also a repetition that it turned away | nothing               |
 * | posted   | it left or reached the settler's account                           | post                  |
 * | rejected | it never moved                                                     | void                  |
 * | returned | it moved and came back, `direction` says which way                 | a new reversing entry |
 * | received | money came in that the settler did not ask for                     | a deposit             |
 * | changed  | it moved, but the bank details should be corrected                 | nothing               |
 */

export type FactKind = 'accepted' | 'posted' | 'rejected' | 'returned' | 'received' | 'changed';

/**
 * Which payments a fact is about: one, those of a block or a whole message of ours, or none that it names. Facts
 * come narrow before wide: the first of a file that is about a payment is the bank's word on it.
 */
export type About =
  | { readonly by: 'payment'; readonly endToEndId: string }
  /** A NACHA entry by the trace number that we gave it. */
  | { readonly by: 'trace'; readonly trace: string }
  | { readonly by: 'block'; readonly messageId: string | null; readonly blockId: string }
  | { readonly by: 'message'; readonly messageId: string }
  | { readonly by: 'nothing' };

export type Amount = { readonly cents: bigint; readonly currency: string };

/** Who paid, as far as the bank tells: the account is an IBAN or another of the bank's numbers. */
export type Payer = { readonly name: string | null; readonly account: string | null };

/** What a NACHA notification of change wants corrected; null stays as it is. */
export type Correction = {
  readonly routing: string | null;
  readonly number: string | null;
  readonly kind: 'checking' | 'savings' | null;
  readonly name: string | null;
};

export type BankFact = {
  readonly kind: FactKind;
  readonly about: About;
  /** Null where the bank does not repeat it: it is what was ordered. */
  readonly amount: Amount | null;
  /** Into or out of the settler's account; null where nothing moved. */
  readonly direction: 'in' | 'out' | null;
  /** The bank's own word: ACSC, RJCT, BOOK, R01, C02. */
  readonly status: string;
  /** Why: a code of ISO 20022's external lists (AC04), a NACHA code (R01), or the bank's own. */
  readonly reason: string | null;
  /** Remittance, or what else the bank says, on one line. */
  readonly text: string;
  /**
   * The bank's reference of this booking, made unique within the file. It is the same when the file is read again; in
   * another file it may stand for another booking: compare the day and the amount.
   */
  readonly bankReference: string | null;
  /** YYYY-MM-DD, when it was booked. */
  readonly day: string | null;
  /** The settler's own account that the bank speaks of; null where it does not say. */
  readonly account: string | null;
  readonly payer: Payer | null;
  readonly correction: Correction | null;
  /** Where it stands in the file. */
  readonly line: number;
};

export type BankFacts = {
  /** Such as camt.054.001.08 or nacha. */
  readonly format: string;
  /** The bank's own id of this file. */
  readonly messageId: string;
  readonly facts: readonly BankFact[];
  /** Entries that are announced and not booked, and those of nothing: they come again as facts, or never. */
  readonly skipped: number;
};

/** A fact with nothing but what every fact has; the rest is added to it. */
export const bareFact = (kind: FactKind, about: About, status: string, line: number): BankFact => ({
  kind,
  about,
  amount: null,
  direction: null,
  status,
  reason: null,
  text: '',
  bankReference: null,
  day: null,
  account: null,
  payer: null,
  correction: null,
  line,
});
