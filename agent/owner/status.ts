/** What an agent says of its owner, its devices, and what it signed beside its leases. Keys are did:key. */

type Used = {
  /** When the settler signed these figures; 0 and nothing used before it has. */
  readonly reportedS: number;
  readonly spentNano: number;
  readonly reservedNano: number;
  readonly todayNano: number;
  readonly depositNano: number;
};

type Limits = {
  readonly settler: string;
  readonly currency: string;
  readonly version: number;
  readonly totalNano: number;
  readonly dayNano: number;
  readonly sellerNano: number;
  /** 0: it does not expire. */
  readonly expiryS: number;
};

/** As a device: what its owner lets it spend. */
export type BudgetStatus = Limits & Used & { readonly owner: string; readonly enrolled: boolean };

/** As an owner: one device with one settler. */
export type OwnedStatus = Limits &
  Used & {
    readonly device: string;
    /** What the device wants beyond what may be granted without a person; 0 where it has what it wants. */
    readonly wantedNano: number;
  };

export type LineStatus = {
  readonly debtor: string;
  readonly settler: string;
  readonly currency: string;
  readonly limitNano: number;
  readonly noted: boolean;
};

export type ConsentStatus = {
  readonly settler: string;
  readonly currency: string;
  readonly counterpartyNano: number;
  readonly noted: boolean;
};

export type DisputeStatus = {
  /** Hexadecimal. */
  readonly channel: string;
  readonly open: boolean;
  readonly delivered: number;
  readonly totalNano: number;
  readonly reason: string;
  readonly noted: boolean;
};

export type OwnerStatus = {
  readonly budgets: readonly BudgetStatus[];
  readonly devices: readonly OwnedStatus[];
  readonly lines: readonly LineStatus[];
  readonly consents: readonly ConsentStatus[];
  readonly disputes: readonly DisputeStatus[];
};
