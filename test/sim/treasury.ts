/** The treasury: the operator's day with the bank. Statements in, a payout run, the bank's word on it. */

import { type HighWater, makeUnderMark } from '../../broker/settler/backup/high-water.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { filesOfRun } from '../../broker/settler/bank/run-files.ts';
import { runClearing } from '../../broker/settler/clearing/run.ts';
import { repay } from '../../broker/settler/credit/repayments.ts';
import { depositAccount } from '../../broker/settler/ledger/ledger.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { ok, type Result } from '../../schemas/result.ts';
import type { Bank, Line, Verdict } from './bank.ts';
import type { Job } from './office.ts';
import type { Owner } from './owners.ts';
import { ibanOf } from './plan.ts';
import type { Timeline } from './timeline.ts';

export const SETTLER_IBAN = ibanOf(1);
const THRESHOLD_NANO = 100_000_000n;

/** The date of a moment, YYYY-MM-DD. */
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export type TreasuryHost = {
  readonly time: Timeline;
  readonly root: Uint8Array;
  readonly crypto: Crypto;
  readonly owners: readonly Owner[];
  readonly bank: Bank;
  readonly give: (job: Job) => Promise<void>;
  readonly highWater: HighWater;
  /** A bank file goes out: no backup from before it is put back from now on. */
  readonly handOut: () => void;
  readonly balanceNano: (account: string, currency: string) => bigint;
  /** What an owner owes in euro. */
  readonly debtNano: (debtor: Uint8Array) => bigint;
  /** Transfers the bank has not spoken of for so long are taken for rejected: a planted defect, else undefined. */
  readonly impatienceMs: number | undefined;
};

export class Treasury {
  readonly told = new Set<string>();
  private readonly host: TreasuryHost;
  /** Repayments that are booked: the books say something else afterwards. */
  private readonly repaid = new Set<string>();
  /** Lines that a statement has told of. */
  private readonly stated = new Set<Line>();
  private lastLines: readonly Line[] = [];
  private lastFile: string | null = null;
  /** The run of each transfer, and when its file went out. */
  private readonly sent = new Map<string, { readonly run: string; readonly atMs: number }>();

  constructor(host: TreasuryHost) {
    this.host = host;
  }

  /** Who is paid where. */
  async openAccounts(): Promise<void> {
    const { root } = this.host;
    const owners = [
      { key: root, name: 'The settler', iban: SETTLER_IBAN },
      ...this.host.owners.map(({ party, signer }) => ({
        key: signer.key,
        name: party.name,
        iban: party.iban,
      })),
    ];
    await this.each('bank details', owners, (store, { key, name, iban }) =>
      setOwner(store, key, { name, iban, bic: null }),
    );
  }

  /** One job for many: it begins again at the first where one of them failed. */
  private each<T>(
    name: string,
    items: readonly T[],
    work: (store: Store, item: T, nowMs: number) => Promise<Result<unknown>>,
  ): Promise<void> {
    return this.host.give({
      name,
      work: async (store, nowMs) => {
        for (const item of items) {
          const done = await work(store, item, nowMs);
          if (!done.ok) return done;
        }
        return ok(null);
      },
    });
  }

  async bookStatement(): Promise<void> {
    this.lastLines = this.host.bank.statement();
    for (const line of this.lastLines) this.stated.add(line);
    await this.book(this.lastLines);
  }

  /** After a restore: accounts, every statement, and every word on a transfer that is known. */
  async bookEverything(): Promise<void> {
    await this.openAccounts();
    await this.book([...this.host.bank.paidIn.values()].filter((line) => this.stated.has(line)));
    await this.settle(this.host.bank.words(this.host.time.nowMs).filter(({ id }) => this.told.has(id)));
  }

  private async book(lines: readonly Line[]): Promise<void> {
    const { owners, crypto } = this.host;
    await this.each('deposits', lines, async (store, { reference, currency, cents, purpose }, nowMs) => {
      const owner = owners.find(({ party }) => party.name === purpose)!.signer.key;
      const deposit = { owner, currency, nano: cents * 10_000_000n, reference };
      return bookDeposit(store, deposit, nowMs, crypto.sha256);
    });
  }

  /** Debts that run in circles disappear; of the rest, debtors pay what their deposits hold. */
  async clearDebts(): Promise<void> {
    const { crypto, owners } = this.host;
    const period = dateOf(this.host.time.nowMs);
    const order = { currency: 'EUR', period, sequence: 1 };
    await this.host.give({
      name: 'clearing',
      work: (store, nowMs) => runClearing(store, order, nowMs, crypto.sha256),
    });
    const debtors = owners.filter(({ party }) => party.buysOnCredit);
    await this.each('repayments', debtors, async (store, { signer, party }, nowMs) => {
      const reference = `REPAY-${period}-${party.n}`;
      if (this.repaid.has(reference)) return ok(null);
      const debtor = signer.key;
      const heldNano = this.host.balanceNano(depositAccount(debtor), 'EUR');
      const debtNano = this.host.debtNano(debtor);
      if (heldNano === 0n || debtNano === 0n) return ok(null);
      const coversAll = heldNano >= debtNano;
      const nano = coversAll ? debtNano : heldNano;
      const done = await repay(store, { debtor, currency: 'EUR', nano, reference }, nowMs, crypto.sha256);
      if (done.ok) this.repaid.add(reference);
      return done;
    });
  }

  async payOut(): Promise<void> {
    const { root, crypto, bank } = this.host;
    const day = dateOf(this.host.time.nowMs);
    const order = { period: day, sequence: 1, thresholdNano: THRESHOLD_NANO, executionDate: day };
    await this.host.give({
      name: 'payouts',
      work: async (store, nowMs) => {
        const name = `${day}-1`;
        const run = await makeUnderMark(store, this.host.highWater, name, () =>
          makeRun(store, order, nowMs, crypto.sha256),
        );
        if (!run.ok || run.value.payouts.length === 0) return run;
        const files = filesOfRun(run.value, root);
        if (!files.ok) return files;
        const file = files.value[0]!;
        for (const { id } of run.value.payouts) {
          this.sent.set(id, { run: run.value.run.id, atMs: this.host.time.nowMs });
        }
        this.lastFile = file;
        this.host.handOut();
        bank.execute(file, this.host.time.nowMs);
        return ok(null);
      },
    });
  }

  /** What the bank said since the last time, or all that it ever said. */
  async hearBank(again = false): Promise<void> {
    const words = this.host.bank.words(this.host.time.nowMs).filter(({ id }) => again || !this.told.has(id));
    for (const { id } of words) this.told.add(id);
    await this.settle(words);
    const { impatienceMs } = this.host;
    if (impatienceMs === undefined) return;
    const silent = [...this.sent].filter(([id, { atMs }]) => {
      return !this.told.has(id) && this.host.time.nowMs - atMs >= impatienceMs;
    });
    for (const [id] of silent) this.told.add(id);
    await this.settle(silent.map(([id]) => ({ id, verdict: 'voided' })));
  }

  private async settle(words: readonly { readonly id: string; readonly verdict: Verdict }[]): Promise<void> {
    const { sha256 } = this.host.crypto;
    await this.each('the bank’s word', words, (store, { id, verdict }, nowMs) =>
      settlePayout(store, this.sent.get(id)!.run, id, verdict, nowMs, sha256),
    );
  }

  /** The last statement and every word, once more. */
  async repeatBank(): Promise<void> {
    await this.book(this.lastLines);
    await this.hearBank(true);
  }

  sendFileAgain(): void {
    if (this.lastFile !== null) this.host.bank.execute(this.lastFile, this.host.time.nowMs);
  }
}
