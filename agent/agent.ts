/**
 * The agent: one identity, one state directory, one journal, one connection; devices, sales and purchases.
 *
 * It is started by a program (`command.ts`) or as a library, with devices and a receiver of what is bought
 * handed in.
 */

import type { Device } from '../firmware-bridge/device.ts';
import type { Signer } from '../schemas/crypto.ts';
import { didKey, idOf } from '../schemas/identity.ts';
import { DETAIL_BYTES_MAX, type Request, type RequestOf } from '../schemas/request.ts';
import { CODES, ok, type Refusal, type Result } from '../schemas/result.ts';
import type { Value } from '../schemas/senml.ts';
import { decodeStatus } from '../schemas/status.ts';
import { inTopic, settlerTopic, shardOf } from '../schemas/topic.ts';
import { Allowance } from './allowance.ts';
import { Buying } from './buying.ts';
import type { AgentConfig } from './config.ts';
import { type Connection, connect } from './connection.ts';
import { type Control, openControl } from './control.ts';
import { Devices, type OpenDevice } from './devices.ts';
import { closeFiles, type Files, openFiles } from './files.ts';
import type { HostCrypto } from './host/host-crypto.ts';
import { figuresOf, type LaneHost, type LeaseLane, leaseStatus } from './lanes.ts';
import { type Authorise, type Meters, openMeters } from './meters.ts';
import { Notices } from './notices.ts';
import { type Affairs, type OpenAffairs, openAffairs } from './owner/affairs.ts';
import { type Office, Post } from './post.ts';
import { Publishing } from './publishing.ts';
import { Rule } from './rule.ts';
import { Selling } from './selling.ts';
import type { AgentStatus, Notice } from './status.ts';
import { Turns } from './turns.ts';

export type AgentPorts = {
  readonly crypto: HostCrypto;
  readonly signer: Signer;
  readonly openDevice: OpenDevice;
  /** For a board whose meter key is with its owner elsewhere: the owner's mac. Default: such a board sells nothing. */
  readonly authorise?: Authorise;
  /** Something a person should read, at once. */
  readonly onNotice: (notice: Notice) => void;
  /** Each reading that was bought, once and in order, when the journal has it. */
  readonly onBought?: (demand: string, seq: number, value: Value, atMs: number) => void;
};

export type RunningAgent = {
  readonly id: string;
  readonly status: () => AgentStatus;
  /** Leaves leases open: the next start goes on with them. */
  readonly stop: () => Promise<void>;
};

const TIMER_MS = 250;
/** Whoever has a key may publish nonsense under it: one notice in this time leaves room for what matters. */
const STRANGERS_MS = 10_000;
/** What a status shows: the newest. */
const ENDED_SHOWN = 32;

class Agent {
  readonly id: string;
  private readonly did: string;
  private readonly config: AgentConfig;
  private readonly ports: AgentPorts;
  private readonly files: Files;
  private readonly host: LaneHost;
  private readonly lanes = new Set<LeaseLane>();
  private readonly turns: Turns<LeaseLane>;
  private readonly post: Post;
  private readonly connection: Connection;
  private readonly publishing: Publishing;
  private readonly devices: Devices;
  private readonly meters: Meters;
  private readonly selling: Selling;
  private readonly buying: Buying;
  private readonly rules: readonly Rule[];
  private readonly affairs: Affairs;
  private readonly notices: Notices;
  private readonly startedMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private control: Control | null = null;
  private blocked: Refusal | null = null;
  /** Whether the market and the lanes know of this connection. */
  private announced = false;
  private readonly strangers = new Allowance(1, STRANGERS_MS);

  constructor(config: AgentConfig, ports: AgentPorts, files: Files, meters: Meters, open: OpenAffairs) {
    this.config = config;
    this.ports = ports;
    this.notices = new Notices(ports.onNotice);
    this.files = files;
    this.id = idOf(ports.signer.key, ports.crypto.sha256);
    this.did = didKey(ports.signer.key);
    this.host = this.laneHost();
    const nowMs = (): number | null => files.clock.nowMs();
    this.turns = new Turns(files.journal, files.restoring.bytes, this.lanes, nowMs, (refusal) =>
      this.onBlocked(refusal),
    );
    files.durable.tell = (record) => this.turns.onDurable(record);
    const settlers = config.settlers.map((settler) => settler.key);
    this.meters = meters;
    meters.onNotice = (code, detail) => this.notice(code, detail);
    meters.nowMs = nowMs;
    const sources = [config.settlers, files.archive, config.sell] as const;
    this.selling = new Selling(this.host, this.turns, ...sources, meters);
    this.affairs = open({
      ...{ crypto: ports.crypto, signer: ports.signer, nowMs },
      request: (topic, request) => this.post.request(topic, request),
      notice: (code, detail) => this.notice(code, detail),
      paidToNano: (seller, settler) => this.buying.paidToNano(seller, settler),
      wantedNano: () => this.buying.wantedNano(),
    });
    const tell = ({ code, detail }: Refusal): void => this.notice(code, detail);
    const buyer = [this.host, this.turns, settlers, files.archive] as const;
    this.buying = new Buying(...buyer, config.buy, tell, this.affairs.purse);
    this.connection = this.connect();
    this.publishing = this.publish(settlers);
    this.post = new Post(this.id, this.connection, this.office(), this.lanes, this.turns);
    this.devices = new Devices(config.devices, ports.openDevice, {
      onState: (name, device, isNews) => this.onDevice(name, device, isNews),
      onReading: (name, reading) => {
        const atMs = nowMs();
        if (atMs !== null) this.selling.onReading(name, reading, atMs);
      },
      onMeter: (name, state) => meters.of(name)?.onMeter(state),
      onFault: (name, sentence) => this.notice('device-failed', `${name}: ${sentence}`),
    });
    this.rules = config.rules.map(
      (rule) =>
        new Rule(
          rule,
          async (open) => (await this.devices.command(rule.device, rule.output, open ? 1 : 0)).ok,
          () => performance.now(),
        ),
    );
    this.timer = setInterval(() => this.onTimer(), TIMER_MS);
  }

  /** Codes: those of damaged records, storage-*. */
  async begin(): Promise<Result<null>> {
    const resumed = this.resume();
    if (!resumed.ok) return resumed;
    const control = await openControl(this.config.state, {
      status: () => this.status(),
      budget: (order) => this.affairs.order(order),
    });
    if (!control.ok) return control;
    this.control = control.value;
    this.notice('started', `as ${this.did}, on ${this.config.state}`);
    this.devices.start();
    return ok(null);
  }

  /** Sales and purchases of the journal go on. */
  private resume(): Result<null> {
    const lanes = this.files.restoring.lanes(this.host);
    if (!lanes.ok) return lanes;
    for (const lane of lanes.value) {
      if (lane.ended) {
        const kept = this.keep(lane);
        if (!kept.ok) return kept;
        continue;
      }
      this.lanes.add(lane);
      if (lane.role === 'sale') this.selling.resume(lane);
      else this.buying.resume(lane, performance.now());
      this.host.follow(lane);
    }
    return ok(null);
  }

  status(): AgentStatus {
    return {
      id: this.id,
      did: this.did,
      uptimeMs: Math.round(performance.now() - this.startedMs),
      connected: this.connection.connected,
      timeProven: this.files.clock.nowMs() !== null,
      blocked: this.blocked === null ? null : `${this.blocked.code}: ${this.blocked.detail}`,
      devices: this.devices.status(),
      leases: [...this.lanes].map(leaseStatus),
      demands: this.buying.status(),
      ended: this.files.archive.status(ENDED_SHOWN),
      rules: this.rules.map((rule) => rule.status()),
      owner: this.affairs.status(),
      traffic: this.post.traffic(),
      notices: this.notices.newest,
    };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.control?.close();
    for (const rule of this.rules) await rule.stop();
    await this.devices.close();
    this.turns.close();
    this.buying.close();
    await this.connection.close();
    await this.affairs.close();
    await closeFiles(this.files);
  }

  private laneHost(): LaneHost {
    return {
      ports: { crypto: this.ports.crypto, signer: this.ports.signer },
      self: this.id,
      stream: (topic, bytes) => this.post.stream(topic, bytes),
      request: (topic, request) => this.post.request(topic, request),
      follow: (lane) => this.post.follow(lane),
      onBought: (lane, { seq, value, atMs }) => {
        this.buying.onBought(lane, value, atMs);
        for (const rule of this.rules) if (rule.config.on === lane.name) rule.onValue(value);
        this.ports.onBought?.(lane.name, seq, value, atMs);
      },
      onNotice: (lane, code, detail) => {
        this.notice(code, `${lane.role} of ${lane.name}: ${detail}`);
        this.affairs.onLaneNotice(lane, code);
      },
      onEnded: (lane) => this.onEnded(lane),
      onSaleTurn: (lane) => this.meters.onTurn(lane),
    };
  }

  /** What is left of an ended lease goes into the archive; until it is there, the lane stays. */
  private keep(lane: LeaseLane): Result<unknown> {
    const { lease } = lane.state;
    if (lease === null) return ok(null);
    return this.files.archive.add({
      ...figuresOf(lane),
      role: lane.role,
      name: lane.name,
      lease: lease.bytes,
      agreed: lane.state.agreedBytes,
      reason: lane.state.reason,
      endedMs: this.files.clock.nowMs() ?? 0,
    });
  }

  private onEnded(lane: LeaseLane): void {
    const kept = this.keep(lane);
    if (!kept.ok) {
      this.notice(kept.code, kept.detail);
      return;
    }
    this.lanes.delete(lane);
    this.post.follow(lane);
    this.affairs.onEnded(lane);
    if (lane.role === 'sale') this.selling.forget(lane);
    else {
      this.buying.onEnded(lane, performance.now());
      for (const rule of this.rules) if (rule.config.on === lane.name) rule.onEnd();
      this.publishing.demand();
    }
  }

  private office(): Office {
    return {
      onProfile: (id, payload) => this.onProfile(id, payload),
      onStatus: (id, payload) => this.onStatus(id, payload),
      onRequest: (from, request) => this.onRequest(from, request),
    };
  }

  private connect(): Connection {
    return connect(this.files.access, this.ports, {
      onConnected: () => this.onConnected(),
      onMessage: (topic, payload) => this.post.onMessage(topic, payload),
      onNotice: (code, detail) => this.notice(code, detail),
    });
  }

  private publish(settlers: readonly Uint8Array[]): Publishing {
    const { id, connection, selling, buying } = this;
    return new Publishing({
      ...{ id, connection, selling, buying, settlers, signer: this.ports.signer },
      ...{ offers: this.config.sell.length, wishes: this.config.buy.length },
      nowMs: () => this.files.clock.nowMs(),
    });
  }

  private onConnected(): void {
    this.announced = false;
    this.post.subscribe(this.config.buy.length > 0);
    for (const lane of this.lanes) this.post.follow(lane);
    this.askTime(true);
    this.announce();
  }

  /** Tells the market and the other sides, as soon as there is a connection and the time is proven. */
  private announce(): void {
    if (this.announced || !this.connection.connected || this.files.clock.nowMs() === null) return;
    this.announced = true;
    this.publishing.onConnected();
    this.affairs.onConnected();
    for (const lane of this.lanes) this.turns.step(lane, { kind: 'connected' });
  }

  private askTime(reconnected: boolean): void {
    if (!this.connection.connected) return;
    const request = this.files.clock.ask(reconnected);
    if (request !== null) this.post.request(settlerTopic(shardOf(this.ports.signer.key), this.id), request);
  }

  private onRequest(from: string, request: Request): void {
    if (request.kind === 'offer') this.onOffer(from, request);
    else if (request.kind === 'timed') this.onTimed(from, request);
    else this.affairs.onRequest(from, request);
  }

  private onTimed(from: string, request: Request): void {
    const { sha256 } = this.ports.crypto;
    const settler = this.config.settlers.find((one) => idOf(one.key, sha256) === from);
    if (settler === undefined) return;
    const time = this.files.clock.take(request, settler.key);
    if (time.ok) this.announce();
    else if (time.code !== 'time-unproven') this.notice(time.code, time.detail);
  }

  private onOffer(from: string, request: RequestOf<'offer'>): void {
    const { id, parts } = request;
    const lease = this.selling.accept(parts[0], from, this.files.clock.nowMs());
    const answer: Request = lease.ok
      ? { kind: 'lease', id, parts: [lease.value] }
      : { kind: 'refusal', id, parts: [CODES[lease.code], lease.detail.slice(0, DETAIL_BYTES_MAX)] };
    this.turns.afterSync(() => this.post.request(inTopic(from, this.id), answer));
  }

  private onProfile(id: string, payload: Uint8Array): void {
    if (payload.length === 0) return;
    const profile = this.buying.onProfile(id, payload);
    if (profile.ok || profile.code === 'profile-stale' || !this.strangers.take(performance.now())) return;
    this.notice(profile.code, `the profile of ${id} does not count: ${profile.detail}`);
  }

  private onStatus(id: string, payload: Uint8Array): void {
    const status = decodeStatus(payload);
    if (status.ok) this.buying.onStatus(id, status.value);
  }

  private onDevice(name: string, device: Device | null, isNews: boolean): void {
    if (isNews)
      this.notice(device === null ? 'device-failed' : 'device', `${name}: ${this.devices.detail(name)}`);
    const sold = this.meters.isOpen(name, device) ? device : null;
    if (this.selling.onDevice(name, sold)) this.publishing.onOfferChanged();
    for (const rule of this.rules) if (rule.config.device === name && device !== null) rule.onDevice();
  }

  private onTimer(): void {
    this.turns.onTimer();
    this.askTime(false);
    const nowMs = this.files.clock.nowMs();
    const monotonicMs = performance.now();
    this.meters.settle();
    this.publishing.onTimer();
    for (const detail of this.selling.absences(monotonicMs)) this.notice('config-invalid', detail);
    for (const lane of this.lanes) {
      if (lane.ended) this.onEnded(lane);
      else this.turns.step(lane, { kind: 'timer' });
    }
    if (nowMs !== null && this.announced) this.affairs.onTimer(this.lanes, nowMs);
    if (nowMs !== null && this.announced && this.turns.open && this.buying.onTimer(nowMs, monotonicMs))
      this.publishing.demand();
    for (const rule of this.rules) rule.onTimer();
  }

  private onBlocked(refusal: Refusal | null): void {
    this.blocked = refusal;
    if (refusal === null) this.notice('journal', 'the journal writes again: selling and buying go on');
    else
      this.notice(
        refusal.code,
        `${refusal.detail}; nothing is sold or bought until then, and nothing is lost`,
      );
  }

  private notice(code: string, detail: string): void {
    this.notices.add({ atMs: this.files.clock.nowMs() ?? Date.now(), code, detail });
  }
}

/** Codes: key-file, locked, storage-*, those of damaged records. */
export const startAgent = async (config: AgentConfig, ports: AgentPorts): Promise<Result<RunningAgent>> => {
  const meters = openMeters(config, ports);
  if (!meters.ok) return meters;
  const files = await openFiles(config, ports.crypto, ({ code, detail }) =>
    ports.onNotice({ atMs: Date.now(), code, detail }),
  );
  if (!files.ok) return files;
  const affairs = await openAffairs(config);
  if (!affairs.ok) {
    await closeFiles(files.value);
    return affairs;
  }
  const agent = new Agent(config, ports, files.value, meters.value, affairs.value);
  const begun = await agent.begin();
  if (begun.ok) return ok({ id: agent.id, status: () => agent.status(), stop: () => agent.stop() });
  await agent.stop();
  return begun;
};
