/**
 * A worker: the settler beside a broker of any make. It reads the requests of the shards whose leases it holds, and
 * answers where every settler answers.
 *
 * While a shard changes hands, its requests may reach two workers or none. Two give the same answer, because every
 * answer is idempotent; where there was none, the sender asks again.
 */

import { setTimeout as wait } from 'node:timers/promises';
import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { ok, type Refusal, type Result, refuse } from '../../../schemas/result.ts';
import { ANY, inTopic, parseTopic, settlerTopic } from '../../../schemas/topic.ts';
import type { Log } from '../../log.ts';
import type { Settler } from '../settler.ts';
import { decodeHome, encodeHome, isElder } from './home.ts';
import { SHARDS, type ShardLeases } from './leases.ts';
import { createLine, type Line, type LineOptions } from './line.ts';

export type WorkerOptions = {
  /** The settler's id: its user name on the broker, and where its answers come from. */
  readonly id: string;
  readonly line: LineOptions;
  readonly leaseMs: number;
};

export type WorkerPorts = {
  readonly settler: Settler;
  readonly leases: ShardLeases;
  readonly log: Log;
};

export type RunningWorker = {
  /** Two digits each: the shards whose requests reach it now; none while it has no broker. */
  readonly shards: readonly string[];
  /** Resolves where the settler has an older database on this broker: this one must not go on. */
  readonly displaced: Promise<Refusal>;
  /** Gives its shards up, answers what it has read, and says goodbye. Store and settler stay the caller's. */
  readonly close: () => Promise<void>;
};

/** Requests read and not yet answered: what a commit carries, and as much again that comes meanwhile. */
const UNANSWERED_MAX = 2048;
/** A commit on a slow database; who waits longer asks again, and another worker answers. */
const DRAIN_MS_MAX = 5000;
/** Signs of life in a lease time: three may fail before the shards are lost. */
const RENEWALS = 4;
/** Where a renewal failed, or others are about to give shards up. */
const HURRIED_RENEWALS = 20;

/** Where workers tell each other which database they book in. */
const HOME_SHARD = 0;
/** Other databases that are told of, once each. */
const STRANGERS_MAX = 16;

const hex = (shard: number): string => shard.toString(16).padStart(2, '0');

/** One filter for all shards: some brokers keep books for each. */
const filtersOf = (shards: ReadonlySet<number>): string[] =>
  shards.size === SHARDS
    ? [settlerTopic(ANY, ANY)]
    : [...shards].map((shard) => settlerTopic(hex(shard), ANY));

class Worker implements RunningWorker {
  readonly #options: WorkerOptions;
  readonly #ports: WorkerPorts;
  readonly #line: Line;
  #held: ReadonlySet<number> = new Set();
  #unanswered = 0;
  /** Called when a request is answered. */
  #resume: (() => void) | undefined;
  #renewTimer: NodeJS.Timeout | undefined;
  #lapseTimer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();
  /** Since when it has had no broker; null while it has one. */
  #awaySinceMs: number | null = performance.now();
  #closed = false;
  #told = '';
  #strangers = new Set<string>();
  #displace: (refusal: Refusal) => void = () => undefined;
  readonly displaced = new Promise<Refusal>((resolve) => {
    this.#displace = resolve;
  });

  constructor(options: WorkerOptions, ports: WorkerPorts) {
    this.#options = options;
    this.#ports = ports;
    const { log } = ports;
    this.#line = createLine(options.line, {
      onMessage: (topic, payload) => this.#onMessage(topic, payload),
      onUp: () => {
        this.#awaySinceMs = null;
        log({ level: 'info', event: 'connected' });
        if (!this.#closed && this.#held.size === 0) this.#renewIn(0);
      },
      onDown: (why) => {
        this.#awaySinceMs ??= performance.now();
        log({ level: 'warn', event: 'disconnected', detail: `${why}; it is tried again` });
      },
    });
  }

  get shards(): readonly string[] {
    return this.#awaySinceMs === null ? [...this.#held].map(hex) : [];
  }

  /** Not before it has a share: a broker would end the line of another worker of this name. */
  open(): void {
    this.#awaySinceMs = performance.now();
    this.#line.open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#renewTimer);
    // A database that is silent must not keep the worker from ending.
    await Promise.race([this.#renewing, wait(DRAIN_MS_MAX, undefined, { ref: false })]);
    clearTimeout(this.#lapseTimer);
    const released = await this.#ports.leases.release();
    if (!released.ok) this.#tell('not-released', released);
    this.#hold(new Set());
    await Promise.race([this.#drained(), wait(DRAIN_MS_MAX, undefined, { ref: false })]);
    await this.#line.close();
  }

  /** Codes: those of `renew`. The next one is due by itself. */
  async renew(): Promise<Result<null>> {
    const { leaseMs } = this.#options;
    const askedMs = performance.now();
    if (this.#awaySinceMs !== null && askedMs - this.#awaySinceMs > leaseMs) return this.#standDown();
    const renewed = await this.#ports.leases.renew();
    const isShort = !renewed.ok || renewed.value.held.length < renewed.value.quota;
    if (!this.#closed) this.#renewIn(leaseMs / (isShort ? HURRIED_RENEWALS : RENEWALS));
    if (!renewed.ok) return renewed;
    this.#told = '';
    clearTimeout(this.#lapseTimer);
    this.#lapseTimer = setTimeout(() => this.#lapse(), askedMs + leaseMs - performance.now());
    this.#hold(new Set(renewed.value.held.map(({ shard }) => shard)));
    // Whoever serves this shard in whichever database hears it.
    if (this.#held.has(HOME_SHARD)) {
      this.#line.publish(
        settlerTopic(hex(HOME_SHARD), this.#options.id),
        encodeHome(this.#ports.settler.home),
      );
    }
    return ok(null);
  }

  /** A worker of this settler tells where it books. */
  #meet(payload: Uint8Array): void {
    const { home } = this.#ports.settler;
    const told = decodeHome(payload);
    if (!told.ok || equalBytes(told.value.id, home.id)) return;
    const other = `${toHex(told.value.id).slice(0, 8)} of ${new Date(told.value.boundMs).toISOString()}`;
    const refusal = refuse(
      'locked',
      `the settler books in another database as well, ${other}: one of the two must go, and the younger does`,
    );
    if (isElder(told.value, home)) this.#displace(refusal);
    else if (!this.#strangers.has(other) && this.#strangers.size < STRANGERS_MAX) {
      this.#strangers.add(other);
      this.#ports.log({ level: 'warn', event: 'second-database', ...refusal });
    }
  }

  /** Without a broker for a lease time: those that have one are to take its shards. */
  async #standDown(): Promise<Result<null>> {
    if (!this.#closed) this.#renewIn(this.#options.leaseMs / RENEWALS);
    if (this.#held.size === 0) return ok(null);
    this.#hold(new Set());
    clearTimeout(this.#lapseTimer);
    return this.#ports.leases.release();
  }

  #renewIn(ms: number): void {
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => {
      this.#renewing = this.renew().then((renewed) => {
        if (!renewed.ok) this.#tell('not-renewed', renewed);
      });
    }, ms);
  }

  /** Others may hold its shards by now. */
  #lapse(): void {
    this.#ports.log({
      level: 'warn',
      event: 'leases-lapsed',
      detail: 'no sign of life reached the database',
    });
    this.#hold(new Set());
  }

  #hold(shards: ReadonlySet<number>): void {
    const isSame = shards.size === this.#held.size && [...shards].every((shard) => this.#held.has(shard));
    if (isSame) return;
    this.#held = shards;
    this.#ports.log({ level: 'info', event: 'shards', detail: `serves ${shards.size} of ${SHARDS} shards` });
    this.#line.follow(filtersOf(shards));
  }

  #onMessage(text: string, payload: Uint8Array): Promise<void> | undefined {
    const topic = parseTopic(text);
    if (!topic.ok || topic.value.kind !== 'settler') return undefined;
    if (topic.value.from === this.#options.id) {
      this.#meet(payload);
      return undefined;
    }
    if (!this.#held.has(Number.parseInt(topic.value.shard, 16))) return undefined;
    void this.#answer(topic.value.from, payload);
    if (this.#unanswered < UNANSWERED_MAX) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  async #answer(from: string, payload: Uint8Array): Promise<void> {
    this.#unanswered++;
    try {
      const answer = await this.#ports.settler.handle(from, payload);
      const sent =
        answer === undefined ? ok(null) : this.#line.publish(inTopic(from, this.#options.id), answer);
      if (!sent.ok) this.#tell('not-answered', sent);
    } catch (error) {
      this.#ports.log({ level: 'warn', event: 'receiver-failed', client: from, detail: String(error) });
    } finally {
      this.#unanswered--;
      this.#resume?.();
      this.#resume = undefined;
    }
  }

  async #drained(): Promise<void> {
    while (this.#unanswered > 0) {
      await new Promise<void>((resolve) => {
        const resume = this.#resume;
        this.#resume = () => {
          resume?.();
          resolve();
        };
      });
    }
  }

  #tell(event: string, { code, detail }: Refusal): void {
    if (this.#told === code) return;
    this.#told = code;
    this.#ports.log({ level: 'warn', event, code, detail });
  }
}

/** Has its first leases, or the promise of some, when it answers. Codes: locked, busy, storage-*. */
export const startWorker = async (
  options: WorkerOptions,
  ports: WorkerPorts,
): Promise<Result<RunningWorker>> => {
  const worker = new Worker(options, ports);
  const first = await worker.renew();
  if (first.ok) {
    worker.open();
    return ok(worker);
  }
  await worker.close();
  return first;
};
