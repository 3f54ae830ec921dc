/** A market whose broker is of another make: agents as they are, and workers of a settler as processes. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentConfig } from '../../agent/config.ts';
import { createKey } from '../../agent/host/key-file.ts';
import { crypto, Market, type PartyWish, taken } from '../agent/market.ts';
import { type Running, runProgram, startProgram } from '../e2e/program.ts';
import { type ForeignBroker, idOfSeed, passwordOf } from './foreign.ts';

export const SETTLER = 200;
/** Short, so that a test need not wait long for the shards of a worker that was killed. */
const LEASE_S = 2;

export type ForeignPlaces = {
  readonly broker: ForeignBroker;
  /** The workers' way to it, where it is another than the agents'. */
  readonly url?: string;
  readonly caFile?: string;
  readonly protocol?: '3.1.1' | '5';
  /** Of a worker's subscriptions. */
  readonly qos?: 0 | 1;
  /** A PostgreSQL database, or none for a file. */
  readonly database?: string;
};

export class ForeignMarket extends Market {
  readonly places: ForeignPlaces;
  private readonly workers = new Set<Running>();
  private files = 0;

  constructor(places: ForeignPlaces) {
    super();
    this.places = places;
  }

  override async close(): Promise<void> {
    for (const worker of this.workers) await worker.end('SIGKILL');
    await super.close();
  }

  /** The operator's word that the journal replays to all that is stored. */
  verify(): void {
    const { exit, error } = runProgram('settler', 'verify', '--db', this.database);
    if (exit !== 0) throw new Error(error);
  }

  override configOf(wish: PartyWish): AgentConfig {
    const config = super.configOf(wish);
    const passwordFile = this.file('password', passwordOf(wish.seed));
    const login = { key: null, user: idOfSeed(wish.seed), passwordFile };
    return { ...config, broker: { ...config.broker, url: this.places.broker.url, ...login } };
  }

  /** A process of its own, connected. */
  async worker(name: string): Promise<Running> {
    const key = join(this.folder, `key-${++this.files}`);
    taken(createKey(key, new Uint8Array(32).fill(SETTLER), crypto.random(8)));
    const config = [
      `name: ${name}`,
      `database: ${JSON.stringify(this.database)}`,
      `state: ${join(this.folder, `work-${name}`)}`,
      `key: ${key}`,
      'currencies: [EUR]',
      `leaseS: ${LEASE_S}`,
      'broker:',
      `  url: ${this.places.url ?? this.places.broker.url}`,
      `  qos: ${this.places.qos ?? 1}`,
      `  protocol: "${this.places.protocol ?? '3.1.1'}"`,
      ...(this.places.caFile === undefined ? [] : [`  caFile: ${this.places.caFile}`]),
      `  passwordFile: ${this.file('password', passwordOf(SETTLER))}`,
    ];
    const worker = startProgram('settler', 'work', '--config', this.file('yaml', config.join('\n')));
    this.workers.add(worker);
    void worker.ended.then(() => this.workers.delete(worker));
    await worker.said(/"event":"connected"/);
    return worker;
  }

  override get database(): string {
    return this.places.database ?? join(this.folder, 'settler.db');
  }

  private file(kind: string, text: string): string {
    const path = join(this.folder, `${kind}-${++this.files}`);
    writeFileSync(path, `${text}\n`, { mode: 0o600 });
    return path;
  }
}
