/**
 * The economy: parties, devices, the real settler on a disk that fails, a bank, and a network between them.
 * Time goes from event to event; the seed decides all of them.
 */

import { createHash, type Hash } from 'node:crypto';
import type { Ports } from '../../agent/engine/effects.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { HostCrypto } from '../../agent/host/host-crypto.ts';
import type { OpenGap } from '../../broker/settler/backup/stale.ts';
import type { Changes } from '../../broker/settler/store/store.ts';
import { decodeRequest } from '../../schemas/request.ts';
import type { Chance } from '../world/chance.ts';
import type { Address, Message } from '../world/options.ts';
import { Auditor } from './auditor.ts';
import { Bank } from './bank.ts';
import { faultInTrust } from './books.ts';
import { Device } from './device.ts';
import { journalOf } from './ledger-view.ts';
import { Lender } from './lender.ts';
import { Network } from './network.ts';
import { type Job, Office } from './office.ts';
import { type SimOptions, streamOf } from './options.ts';
import { type Owner, openOwners, openTrusts, type Trusts, tellLine } from './owners.ts';
import { type Plan, planOf, type TradePlan } from './plan.ts';
import { Quarrels } from './quarrels.ts';
import { remembered } from './remembered.ts';
import { bringIn, givenUp } from './repair.ts';
import { Robbers } from './robbers.ts';
import { count, newTally, type Tally } from './tally.ts';
import { Timeline } from './timeline.ts';
import { Trade, type TradeHost } from './trade.ts';
import { SETTLER_IBAN, Treasury } from './treasury.ts';

/** A lease that is over leaves its devices once their disks have it. */
const RETIRE_MS = 1000;
/** Robbers strike at those that ended last, too. */
const RECENT_MAX = 20;

/** On this thread alone: what another thread answers comes when it likes. */
const { verifyAside: _aside, ...native } = nativeCrypto();

const isStatement = (bytes: Uint8Array): boolean => {
  const request = decodeRequest(bytes);
  return request.ok && request.value.kind === 'statement';
};

export class Economy {
  readonly options: SimOptions;
  readonly plan: Plan;
  readonly crypto: HostCrypto = { ...native, verify: remembered(native.verify) };
  readonly time = new Timeline();
  readonly tally: Tally = newTally();
  readonly bank = new Bank(SETTLER_IBAN, this.crypto.sha256, this.time);
  readonly auditor: Auditor;
  readonly office: Office;
  readonly treasury: Treasury;
  readonly lender: Lender;
  readonly quarrels: Quarrels;
  readonly trusts: Trusts;
  readonly network: Network;
  readonly devices = new Map<number, Device>();
  readonly owners: Owner[] = [];
  readonly trades: Trade[] = [];
  readonly robbing: Chance;
  /** No fault happens any more. */
  isCalm = false;
  private readonly settlerPorts: Ports;
  private readonly robbers: Robbers;
  private readonly byChannel = new Map<string, Trade>();
  private readonly running = new Set<Trade>();
  private recent: Trade[] = [];
  private readonly digest: Hash = createHash('sha256');

  constructor(options: SimOptions) {
    const { time, crypto, bank, owners } = this;
    this.options = options;
    this.plan = planOf(options);
    this.settlerPorts = this.portsOf('settler');
    const releasedNano = (hex: string): number => this.byChannel.get(hex)?.wire.releasedNano ?? 0;
    this.auditor = new Auditor({
      ...{ crypto, bank, releasedNano },
      nowMs: () => time.nowMs,
      sidesOf: (hex) => this.byChannel.get(hex)?.sides,
      hasSaid: (line, limitNano) => this.trusts.hasSaid(line, limitNano),
    });
    this.office = this.newOffice();
    this.network = new Network({ time, injected: (kind) => count(this.tally.faults, kind) });
    for (const plan of this.plan.devices) this.devices.set(plan.n, this.newDevice(plan));
    this.trusts = openTrusts(owners);
    this.quarrels = new Quarrels(this);
    const operating = { time, crypto, owners, give: (job: Job) => this.office.give(job) };
    this.treasury = new Treasury({
      ...operating,
      bank,
      root: this.settlerPorts.signer.key,
      highWater: this.office.highWater,
      handOut: () => this.office.handOut(),
      impatienceMs: options.defect?.impatienceMs,
      repeated: options.defect?.repeated,
    });
    this.lender = new Lender({
      ...operating,
      books: this.auditor.debts,
      balanceNano: (account, currency) => this.auditor.balanceNano(account, currency),
      burnt: (creditor, debtor) => this.burnt(creditor, debtor),
    });
    this.robbing = streamOf(options.seed, 'robbing');
    this.robbers = new Robbers(crypto, this.settlerPorts, this.portsOf('stranger'), this.robbing);
  }

  private portsOf(name: string): Ports {
    const random = streamOf(this.options.seed, `random of ${name}`).bytes;
    const signer = this.crypto.signerOf(streamOf(this.options.seed, `key of ${name}`).bytes(32));
    return { crypto: { ...this.crypto, random }, signer };
  }

  private newOffice(): Office {
    const { crypto, signer } = this.settlerPorts;
    const onCommit = (changes: Changes): void => {
      this.tally.commits++;
      for (const row of journalOf(changes)) this.digest.update(row.hash);
      this.auditor.onCommit(changes);
    };
    const onRollback = (history: readonly Changes[]): void => this.auditor.reset(history);
    const onStale = (): Promise<void> => bringIn(this);
    const giveUp = (gaps: readonly OpenGap[]): readonly string[] =>
      givenUp((hex) => this.byChannel.get(hex), gaps);
    const host = { time: this.time, crypto, signer, onCommit, onRollback, onStale, giveUp };
    return new Office(host, this.options.defect);
  }

  private newDevice(plan: Plan['devices'][number]): Device {
    const ports = this.portsOf(`device ${plan.n}`);
    const { n, isEnrolled } = plan.party;
    const owner = isEnrolled ? this.portsOf(`owner ${n}`).signer : ports.signer;
    if (!this.owners.some(({ party }) => party.n === n))
      this.owners.push({ party: plan.party, signer: owner });
    const host = {
      time: this.time,
      settler: this.settlerPorts.signer.key,
      ask: (device: Device, bytes: Uint8Array) => this.askTime(device, bytes),
    };
    return new Device(plan, ports, owner, host, streamOf(this.options.seed, `disk of device ${plan.n}`));
  }

  /** Who is who to the settler, before the first day. */
  async open(): Promise<void> {
    await this.office.open();
    await this.treasury.openAccounts();
    await this.tellWords();
  }

  /** Budgets, credit lines, consents: the same again changes nothing. */
  tellWords(): Promise<void> {
    return openOwners(this, this.settlerPorts.signer.key);
  }

  private async burnt(creditor: string, debtor: string): Promise<void> {
    const trust = this.trusts.burnt(creditor, debtor);
    if (trust !== undefined) await tellLine(this, this.settlerPorts.signer.key, trust);
  }

  /** What has happened so far, in 32 bytes: every message, every commit. */
  digestHex(): string {
    return this.digest.copy().digest('hex');
  }

  begin(plan: TradePlan): Trade {
    const seller = this.devices.get(plan.seller.n)!;
    const buyer = this.devices.get(plan.buyer.n)!;
    const trade = new Trade(plan, seller, buyer, this.tradeHost());
    this.trades.push(trade);
    this.running.add(trade);
    for (const device of [seller, buyer]) device.trades.add(trade);
    trade.isBlurred = seller.isWrong || buyer.isWrong;
    trade.begin();
    return trade;
  }

  private tradeHost(): TradeHost {
    return {
      time: this.time,
      crypto: this.crypto,
      settler: this.settlerPorts.signer.key,
      send: (trade, message) => this.send(trade, message),
      opened: (trade, channelHex) => void this.byChannel.set(channelHex, trade),
      ended: (trade) => this.time.after(RETIRE_MS, () => this.retire(trade)),
    };
  }

  private retire(trade: Trade): void {
    if (!trade.isOver || !this.running.delete(trade)) return;
    for (const device of [trade.devices.seller, trade.devices.buyer]) device.leave(trade);
    this.recent = [trade, ...this.recent].slice(0, RECENT_MAX);
    count(this.tally.endings, trade.halves.buyer.ended);
  }

  /** Who could be robbed. */
  prey(): readonly Trade[] {
    return [...this.running, ...this.recent].filter(({ purchase }) => purchase?.channel != null);
  }

  private deviceOf(trade: Trade, address: Address): Device | null {
    return address === 'settler' ? null : trade.devices[address];
  }

  private send(trade: Trade, message: Message): void {
    this.robbers.overhear(message);
    this.note(message.bytes);
    const from = this.deviceOf(trade, message.from);
    const to = this.deviceOf(trade, message.to);
    const deliver = (isRepeated: boolean): void => {
      this.deliver(trade, message);
      this.options.defect?.heard?.(trade, message, isRepeated);
      if (isRepeated || message.from === 'settler') this.check(trade);
    };
    this.network.send({ from, to, deliver });
  }

  private note(bytes: Uint8Array): void {
    this.tally.messages++;
    this.digest.update(String(this.time.nowMs)).update(bytes);
  }

  private deliver(trade: Trade, { from, to, on, bytes }: Message): void {
    if (to !== 'settler') {
      trade.hear(to, on, bytes);
      return;
    }
    if (trade.isQuarrelling && isStatement(bytes)) return;
    const id = this.deviceOf(trade, from)?.id ?? 'settler';
    const answer = (reply: Uint8Array): void => {
      if (from !== 'settler') this.send(trade, { from: 'settler', to: from, on: 'in', bytes: reply });
    };
    this.office.receive({ from: id, bytes, answer });
  }

  private askTime(device: Device, bytes: Uint8Array): void {
    this.note(bytes);
    const answer = (reply: Uint8Array): void => {
      this.note(reply);
      const request = decodeRequest(reply);
      if (!request.ok || request.value.kind !== 'timed') return;
      const { value } = request;
      this.network.send({ from: null, to: device, deliver: () => device.hearTime(value) });
    };
    const deliver = (): void => this.office.receive({ from: device.id, bytes, answer });
    this.network.send({ from: device, to: null, deliver });
  }

  /** One hostile message arrives, and everything it touches is checked. */
  async strike(trade: Trade, robber: Device | null): Promise<void> {
    const strike = this.robbers.strike(trade, robber);
    if (strike === null) return;
    this.tally.robberies++;
    count(this.tally.moves, strike.name);
    const { from, to, on, bytes } = strike.message;
    this.note(bytes);
    this.tally.accepted++;
    if (to !== 'settler') trade.hear(to, on, bytes);
    else {
      const answer = await this.office.ask(this.deviceOf(trade, from)?.id ?? 'settler', bytes);
      if (answer !== undefined && from !== 'settler') trade.hear(from, 'in', answer);
    }
    this.check(trade);
    // Nothing that it did broke anything.
    this.tally.accepted--;
  }

  /** What a lease shows, and what its seller believes of the settler. */
  private check(trade: Trade): void {
    trade.check();
    // What was forgotten is being brought in.
    if (this.office.isStale) return;
    const fault = faultInTrust(trade, this.auditor);
    this.auditor.expect(fault === null, 'receipts are honoured', () => `${trade.name}: ${fault}`);
  }

  /** Faults end: who is down starts, who is cut off is connected, and every clock is right. */
  calm(): void {
    this.isCalm = true;
    this.network.calm();
    this.office.calm();
    this.quarrels.calm();
    for (const device of this.devices.values()) device.calm();
  }
}
