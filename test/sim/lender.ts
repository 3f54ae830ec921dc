/** The lender: the operator's day with debts. Circles are cleared, debtors repay, and what nobody will pay is written off. */

import { runClearing } from '../../broker/settler/clearing/run.ts';
import { writeOff } from '../../broker/settler/credit/defaults.ts';
import { repay } from '../../broker/settler/credit/repayments.ts';
import { depositAccount } from '../../broker/settler/ledger/ledger.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { fromHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { dayOf } from './bank-files.ts';
import type { DebtBooks } from './debt-books.ts';
import type { Job } from './office.ts';
import type { Owner } from './owners.ts';
import type { Timeline } from './timeline.ts';

export type LenderHost = {
  readonly time: Timeline;
  readonly crypto: Crypto;
  readonly owners: readonly Owner[];
  readonly books: DebtBooks;
  readonly give: (job: Job) => Promise<void>;
  readonly balanceNano: (account: string, currency: string) => bigint;
  /** A creditor was let down: it trusts that debtor with less. `settler` guarantees. */
  readonly burnt: (creditor: string, debtor: string) => Promise<void>;
};

export class Lender {
  /** Clearing runs in which somebody repays while circles are sought. */
  races = 0;
  private readonly host: LenderHost;
  /** Repayments that are booked: the books say something else afterwards. */
  private readonly repaid = new Set<string>();
  private orders = 0;

  constructor(host: LenderHost) {
    this.host = host;
  }

  /** Debts that run in circles disappear; of the rest, debtors pay what their deposits hold. */
  async clearDebts(): Promise<void> {
    const { crypto, owners, time, give } = this.host;
    const period = dayOf(time.nowMs);
    const order = { currency: 'EUR', period, sequence: 1 };
    const isRaced = this.races > 0;
    if (isRaced) this.races--;
    await give({
      name: 'clearing',
      work: (store, nowMs) => {
        const between = (): Promise<unknown> => this.repayOne(store, `RACE-${period}`, nowMs);
        return runClearing(isRaced ? interrupted(store, between) : store, order, nowMs, crypto.sha256);
      },
    });
    await give({
      name: 'repayments',
      work: async (store, nowMs) => {
        for (const owner of owners) {
          const done = await this.repay(store, owner, `REPAY-${period}-${owner.party.n}`, nowMs);
          if (!done.ok) return done;
        }
        return ok(null);
      },
    });
  }

  /** As much of what is owed and not disputed as there is a deposit for. */
  private async repay(
    store: Store,
    owner: Owner,
    reference: string,
    nowMs: number,
  ): Promise<Result<unknown>> {
    const { books, balanceNano, crypto } = this.host;
    if (this.repaid.has(reference)) return ok(null);
    const debtor = owner.signer.key;
    const heldNano = balanceNano(depositAccount(debtor), 'EUR');
    const debtNano = books.payableNano(debtor);
    if (heldNano === 0n || debtNano === 0n) return ok(null);
    const coversAll = heldNano >= debtNano;
    const nano = coversAll ? debtNano : heldNano;
    books.order(reference, nano);
    const done = await repay(store, { debtor, currency: 'EUR', nano, reference }, nowMs, crypto.sha256);
    if (done.ok) this.repaid.add(reference);
    return done;
  }

  private async repayOne(store: Store, reference: string, nowMs: number): Promise<void> {
    for (const owner of this.host.owners) {
      await this.repay(store, owner, `${reference}-${owner.party.n}`, nowMs);
    }
  }

  /** A debtor will not pay `share` of one of its debts: who gave the credit bears it, and gives less from now on. */
  async default(debtor: Owner, share: number): Promise<void> {
    const { books, crypto, give, burnt } = this.host;
    const [debt] = books.debtsOf(debtor.signer.key);
    if (debt === undefined) return;
    const { creditor, nano: owedNano } = debt;
    const nano = (owedNano * BigInt(1 + Math.floor(share * 999))) / 1000n;
    if (nano === 0n) return;
    const reference = `DEFAULT-${++this.orders}`;
    books.order(reference, nano);
    const loss = {
      debtor: debtor.signer.key,
      creditor: creditor === 'settler' ? null : fromHex(creditor)!,
      ...{ currency: 'EUR', nano, reference },
    };
    await give({
      name: 'default',
      work: async (store, nowMs) => {
        const done = await writeOff(store, loss, nowMs, crypto.sha256);
        // It was paid, cleared or forgotten meanwhile.
        return !done.ok && done.code === 'value-out-of-range' ? ok(null) : done;
      },
    });
    await burnt(creditor, debt.debtor);
  }
}

/** A store on which something else happens right after the first time that it is read. */
const interrupted = (store: Store, between: () => Promise<unknown>): Store => {
  let isDone = false;
  return {
    ...store,
    read: async (work) => {
      const read = await store.read(work);
      if (!isDone) {
        isDone = true;
        await between();
      }
      return read;
    },
  };
};
