/** The treasury: the operator's day with the bank. Runs go out as files, what the bank answers comes in as files. */

import { type HighWater, makeUnderMark } from '../../broker/settler/backup/high-water.ts';
import { makeCollections } from '../../broker/settler/bank/collections.ts';
import { giveReference } from '../../broker/settler/bank/deposit-reference.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { importBankFile } from '../../broker/settler/bank/imports.ts';
import { setMandate } from '../../broker/settler/bank/mandates.ts';
import { type AchDetails, type SepaDetails, setOwner } from '../../broker/settler/bank/owners.ts';
import { makeRun, settlePayout } from '../../broker/settler/bank/payouts.ts';
import { filesOfRun } from '../../broker/settler/bank/run-files.ts';
import type { Direction, Occasion, Run } from '../../broker/settler/bank/runs.ts';
import { achSenderMeta, sepaSenderMeta } from '../../broker/settler/bank/sender.ts';
import { runName } from '../../broker/settler/ledger/run-name.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { fromHex, toHex } from '../../schemas/bytes.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { must } from '../world/deal.ts';
import { START_MS } from '../world/options.ts';
import type { Bank, BankFile, Currency, Line } from './bank.ts';
import { dayOf } from './bank-files.ts';
import type { Job } from './office.ts';
import { DAY_MS } from './options.ts';
import type { Owner } from './owners.ts';
import { ibanOf } from './plan.ts';
import type { Timeline } from './timeline.ts';

export const SETTLER_IBAN = ibanOf(1);
const THRESHOLD_NANO = 100_000_000n;
const NANO_PER_CENT = 10_000_000n;
/** What an owner with a mandate is asked for in dollars, and how often. */
const DOLLARS_NANO = 30n * NANO_PER_CENT;
const DOLLARS_EVERY_DAYS = 2;
/** Banks take debits some days ahead. */
const LEAD_DAYS = 2;

const SENDERS = [
  must(sepaSenderMeta('DE98ZZZ09999999999')),
  must(
    achSenderMeta({
      ...{ companyId: '1234567890', destination: '121042882', bankName: 'First Bank' },
      ...{ origin: '1234567890', balanced: false, crlf: false },
    }),
  ),
];

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
  /** Transfers the bank has not spoken of for so long are taken for rejected: a planted defect, else undefined. */
  readonly impatienceMs: number | undefined;
  /** What the bank says again is taken for something new: a planted defect, else undefined. */
  readonly repeated: ((store: Store, bank: Bank, nowMs: number) => Promise<Result<unknown>>) | undefined;
};

type Account = { readonly key: Uint8Array; readonly details: SepaDetails | AchDetails };

const accountsOf = (key: Uint8Array, name: string, iban: string, number: string): readonly Account[] => {
  const ach = { routing: '231380104', number, kind: 'checking', holder: 'person' } as const;
  return [
    { key, details: { name, iban, bic: null } },
    { key, details: { name, ...ach } },
  ];
};

const PLAIN = { dryRun: false, apply: false };

export class Treasury {
  private readonly host: TreasuryHost;
  /** Lists that were booked by hand. */
  private readonly listed: Line[] = [];
  /** Files of the bank that were imported. */
  private readonly imported: BankFile[] = [];
  /** Transfers that the bank has spoken of. */
  private readonly told = new Set<string>();
  private lastFile: string | null = null;
  /** The run of each transfer, and when its file went out. */
  private readonly sent = new Map<string, { readonly run: string; readonly atMs: number }>();
  private readonly references = new Map<string, string>();

  constructor(host: TreasuryHost) {
    this.host = host;
  }

  /** Who is paid where, who may be collected from, and what owners write on what they pay in. */
  async openAccounts(): Promise<void> {
    const { root, owners, crypto } = this.host;
    const accounts = [
      ...accountsOf(root, 'The settler', SETTLER_IBAN, '1'),
      ...owners.flatMap(({ party, signer }) => accountsOf(signer.key, party.name, party.iban, party.number)),
    ];
    await this.each('bank details', accounts, (store, { key, details }) => setOwner(store, key, details));
    await this.each('senders', [SENDERS], (store, meta) =>
      store.transact(async () => ({ changes: { put: { meta } }, value: null })),
    );
    await this.each('references', owners, async (store, { party, signer }) => {
      const given = await giveReference(store, signer.key, crypto.sha256);
      if (given.ok) this.references.set(party.name, given.value);
      return given;
    });
    const debited = owners.filter(({ party }) => party.buysOnCredit);
    const signedDate = dayOf(START_MS);
    await this.each('mandates', debited, (store, { party, signer }) =>
      setMandate(store, signer.key, { id: `M-${party.n}`, signedDate }, signedDate),
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

  /** An owner pays in: it writes its reference on euro. */
  payIn({ party, signer }: Owner, currency: Currency, cents: bigint): void {
    const from = currency === 'EUR' ? party.iban : party.number;
    this.host.bank.payIn(
      from,
      currency,
      cents,
      toHex(signer.key),
      `pay in ${this.references.get(party.name)}`,
    );
  }

  /** After a restore: accounts, every list, and every file that the bank sent. */
  async bookEverything(): Promise<void> {
    await this.openAccounts();
    await this.book(this.listed);
    await this.import(this.imported);
  }

  private async book(lines: readonly Line[]): Promise<void> {
    const { crypto } = this.host;
    await this.each('deposits', lines, (store, { reference, currency, cents, owner }, nowMs) => {
      const deposit = { owner: fromHex(owner)!, currency, nano: cents * NANO_PER_CENT, reference };
      return bookDeposit(store, deposit, nowMs, crypto.sha256);
    });
  }

  /** Every line of a file is booked or was; the operator of a simulation has nothing to decide. */
  private async import(files: readonly BankFile[]): Promise<void> {
    const { sha256 } = this.host.crypto;
    await this.each('the bank’s word', files, async (store, { name, bytes }, nowMs) => {
      const imported = await importBankFile(store, bytes, PLAIN, nowMs, sha256);
      if (!imported.ok) return imported;
      const left = imported.value.lines.find(({ outcome }) => outcome === 'unknown' || outcome === 'person');
      if (left !== undefined) throw new Error(`${name}, line ${left.line}: ${left.outcome}: ${left.detail}`);
      for (const { subject } of imported.value.lines) this.told.add(subject);
      return imported;
    });
  }

  private orderOf(currency: Currency, leadDays = 0): Occasion {
    const { nowMs } = this.host.time;
    const executionDate = dayOf(nowMs + leadDays * DAY_MS);
    return { period: dayOf(nowMs), sequence: 1, executionDate, currency };
  }

  /** Makes a run, and hands its files in. */
  private async run(
    direction: Direction,
    order: Occasion,
    make: (store: Store, nowMs: number) => Promise<Result<Run>>,
  ): Promise<void> {
    const { root, bank, highWater, time } = this.host;
    await this.host.give({
      name: `${direction}s`,
      work: async (store, nowMs) => {
        const name = runName(direction, order);
        const run = await makeUnderMark(store, highWater, name, () => make(store, nowMs));
        if (!run.ok || run.value.payouts.length === 0) return run;
        const files = filesOfRun(run.value, root);
        if (!files.ok) return files;
        for (const { id } of run.value.payouts) this.sent.set(id, { run: name, atMs: time.nowMs });
        this.host.handOut();
        for (const file of files.value) {
          this.lastFile = file;
          bank.execute(file);
        }
        return ok(null);
      },
    });
  }

  async payOut(): Promise<void> {
    const { sha256 } = this.host.crypto;
    for (const currency of ['EUR', 'USD'] as const) {
      const order = { ...this.orderOf(currency), thresholdNano: THRESHOLD_NANO };
      await this.run('payout', order, (store, nowMs) => makeRun(store, order, nowMs, sha256));
    }
  }

  /** Direct debits: from everyone what it owes beyond what it has; and now and then dollars from one of them. */
  async collect(): Promise<void> {
    const { owners, crypto, time } = this.host;
    const euro = { ...this.orderOf('EUR', LEAD_DAYS), from: 'debtors' as const };
    await this.run('collection', euro, (store, nowMs) => makeCollections(store, euro, nowMs, crypto.sha256));
    const day = Math.floor((time.nowMs - START_MS) / DAY_MS);
    const debited = owners.filter(({ party }) => party.buysOnCredit);
    if (day % DOLLARS_EVERY_DAYS === 0 || debited.length === 0) return;
    const owner = debited[Math.floor(day / DOLLARS_EVERY_DAYS) % debited.length]!.signer.key;
    const dollars = { ...this.orderOf('USD', LEAD_DAYS), from: { owner, nano: DOLLARS_NANO } };
    await this.run('collection', dollars, (store, nowMs) =>
      makeCollections(store, dollars, nowMs, crypto.sha256),
    );
  }

  /** What the bank has to say, and what came in by hand. */
  async hearBank(): Promise<void> {
    const lines = this.host.bank.statement();
    this.listed.push(...lines);
    await this.book(lines);
    const files = this.host.bank.answer();
    this.imported.push(...files);
    await this.import(files);
    await this.loseHope();
  }

  /** The planted defect: what is not spoken of did not happen. */
  private async loseHope(): Promise<void> {
    const { impatienceMs, bank, time, crypto } = this.host;
    if (impatienceMs === undefined) return;
    const silent = [...this.sent].filter(([id, { atMs }]) => {
      const payment = bank.payments.get(id);
      const isSilent = payment?.trace === null && !payment.isDebit && !this.told.has(id);
      return isSilent && time.nowMs - atMs >= impatienceMs;
    });
    for (const [id] of silent) this.sent.delete(id);
    await this.each('no word', silent, async (store, [id, { run }], nowMs) => {
      const done = await settlePayout(store, run, id, 'voided', nowMs, crypto.sha256);
      return !done.ok && done.code === 'payout-unknown' ? ok(null) : done;
    });
  }

  /** The last files and the last list, once more. */
  async repeatBank(): Promise<void> {
    const { repeated, bank } = this.host;
    await this.book(this.listed.slice(-2));
    await this.import(this.imported.slice(-3));
    if (repeated !== undefined)
      await this.host.give({ name: 'repeated', work: (store, nowMs) => repeated(store, bank, nowMs) });
  }

  sendFileAgain(): void {
    if (this.lastFile !== null) this.host.bank.execute(this.lastFile);
  }
}
