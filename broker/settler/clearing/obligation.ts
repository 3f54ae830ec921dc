/** What one owner owes another, and what an owner allows compression to do. */

export type Obligation = {
  readonly debtor: string;
  readonly creditor: string;
  /** 0 to `OBLIGATION_NANO_MAX` where it comes in; a sum of many may be larger where it comes out. */
  readonly nano: bigint;
};

/** An owner lets compression give it new counterparties among those who also do. */
export type Consent = {
  readonly owner: string;
  /** No counterparty gets, or becomes, a debtor of more than this through compression. */
  readonly counterpartyNano: bigint;
};
