/** A seller of any device, a buyer and a box: each a process of its own, with what its person has written for it. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { LedgerLine } from '../../agent/demo/reconciliation.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { openSigner } from '../../agent/signer.ts';
import type { AgentStatus, EndedStatus } from '../../agent/status.ts';
import { didKey } from '../../schemas/identity.ts';
import { freePort } from '../free-port.ts';
import { demoState, removeState } from './demo-process.ts';
import { type Running, runProgram, startProgram, statusWhen } from './program.ts';

const PRICE_NANO = 2_000_000;
const READINGS = 60;

export type Party = 'seller' | 'buyer';

export class Trade {
  readonly folder: string;
  readonly #port: number;
  readonly #dids: Readonly<Record<Party | 'box', string>>;
  readonly #running: Running[] = [];

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.#port = port;
    const didOf = (who: string): string => {
      mkdirSync(this.path(who), { mode: 0o700 });
      const signer = openSigner(this.path(who, 'key'), nativeCrypto());
      if (!signer.ok) throw new Error(signer.detail);
      return didKey(signer.value.key);
    };
    this.#dids = { box: didOf('box'), seller: didOf('seller'), buyer: didOf('buyer') };
  }

  static async open(): Promise<Trade> {
    return new Trade(demoState(), await freePort());
  }

  readonly path = (...parts: string[]): string => join(this.folder, ...parts);

  readonly start = (...argv: string[]): Running => {
    const running = startProgram(...argv);
    this.#running.push(running);
    return running;
  };

  /** The box, with the buyer's money. */
  async box(): Promise<Running> {
    const config = this.#write('box', [
      `listen: ['tcp://127.0.0.1:${this.#port}']`,
      `settler: { database: '${this.#database}', currencies: [EUR] }`,
    ]);
    const box = this.start('broker', '--config', config);
    await box.said(/"ready"/);
    const money = ['--amount', '100.00', '--reference', 'first', '--db', this.#database];
    const paid = runProgram('settler', 'deposit', '--account', this.#dids.buyer, ...money);
    assert.is(paid.exit, 0, paid.error);
    return box;
  }

  /** `devices` as the lines of a configuration; what of them is sold, by name of the device and of its sensor. */
  seller(devices: readonly string[], sell: readonly string[] = []): Running {
    return this.#agent('seller', [
      'devices:',
      ...devices.map((device) => `  - ${device}`),
      ...(sell.length === 0 ? [] : ['sell:', ...sell.map((one) => `  - ${one}`)]),
    ]);
  }

  /** Kinds with their units, so many readings of each. */
  buyer(kinds: Readonly<Record<string, string>> = { temperature: 'Cel' }, readings = READINGS): Running {
    const wishes = Object.entries(kinds).map(
      ([kind, unit]) =>
        `  - { name: ${kind}, kind: ${kind}, unit: '${unit}', priceMax: 0.005, readings: ${readings}, budget: 10.00,` +
        ` file: '${this.path(`${kind}.jsonl`)}' }`,
    );
    return this.#agent('buyer', ['buy:', ...wishes]);
  }

  async until(party: Party, holds: (status: AgentStatus) => boolean): Promise<AgentStatus> {
    return statusWhen(this.path(party), holds, () => this.#running.map(({ output }) => output()).join('\n'));
  }

  /** Readings that the buyer holds, of running leases and of those that are over. */
  async bought(readings: number): Promise<AgentStatus> {
    return this.until('buyer', ({ leases, ended }) => {
      const held = [...leases, ...ended].reduce((sum, lease) => sum + lease.delivered, 0);
      return held >= readings;
    });
  }

  /** What the buyer has on its disk, in the order in which it came. */
  values(kind = 'temperature'): number[] {
    const path = this.path(`${kind}.jsonl`);
    if (!existsSync(path)) return [];
    // The last line may be half written just now.
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => Number((JSON.parse(line) as { v: number }[])[0]!.v));
  }

  /** Seller, buyer and settler have the same in their books: so many readings, bought and paid. */
  async assertBooks(readings = READINGS): Promise<void> {
    const buyer = await this.until('buyer', ({ demands }) => demands.every(({ state }) => state === 'done'));
    const seller = await this.until('seller', ({ ended }) => ended.length === buyer.ended.length);
    const report = runProgram('settler', 'report', '--json', '--db', this.#database);
    assert.is(report.exit, 0, report.error);
    const ledger = (JSON.parse(report.output) as { leases: readonly LedgerLine[] }).leases;
    assert.is(ledger.length, buyer.ended.length, 'every lease is in the ledger');
    for (const sale of seller.ended) {
      const purchase = buyer.ended.find(({ lease }) => lease === sale.lease)!;
      const line = ledger.find(({ lease }) => lease === sale.lease)!;
      assert.equal(
        [purchase.delivered, purchase.paid, purchase.paidNano],
        [sale.delivered, sale.paid, sale.paidNano],
      );
      assert.equal([line.closed, line.delivered, line.paid], [true, sale.delivered, sale.paid]);
      assert.equal([line.claimedNano, line.soldNano, line.disputedNano], [sale.paidNano, sale.paidNano, 0]);
    }
    const sum = (of: (lease: EndedStatus) => number): number =>
      buyer.ended.reduce((all, lease) => all + of(lease), 0);
    assert.is(
      sum(({ paid }) => paid),
      readings,
    );
    assert.is(
      sum(({ paidNano }) => paidNano),
      readings * PRICE_NANO,
    );
    const audit = runProgram('settler', 'verify', '--db', this.#database);
    assert.is(audit.exit, 0, audit.error);
  }

  async end(): Promise<void> {
    for (const running of this.#running.reverse()) await running.end('SIGTERM');
    removeState(this.folder);
  }

  get #database(): string {
    return this.path('box', 'settler.db');
  }

  #agent(party: Party, lines: readonly string[]): Running {
    const market = [
      `broker: { url: 'mqtt://127.0.0.1:${this.#port}', key: ${this.#dids.box} }`,
      `settlers: [{ key: ${this.#dids.box} }]`,
    ];
    return this.start('agent', '--config', this.#write(party, [...market, ...lines]));
  }

  #write(who: string, lines: readonly string[]): string {
    const path = this.path(who, 'config.yaml');
    const own = [`state: '${this.path(who)}'`, `key: '${this.path(who, 'key')}'`];
    writeFileSync(path, `${[...own, ...lines].join('\n')}\n`);
    return path;
  }
}

/** As it is written in a configuration. */
export const offerOf = (device: string, sensor: string, more = ''): string =>
  `{ name: ${sensor}, device: ${device}, sensor: ${sensor}, price: 0.002, window: 8${more} }`;
