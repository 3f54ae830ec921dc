/** A small market in one process: a box on a free port, agents with devices in memory, all with real files. */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentPorts, type RunningAgent, startAgent } from '../../agent/agent.ts';
import type { BuyConfig } from '../../agent/buying.ts';
import type { AgentConfig } from '../../agent/config.ts';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { SellConfig } from '../../agent/selling.ts';
import type { AgentStatus, Notice } from '../../agent/status.ts';
import { type RunningBox, startBox } from '../../broker/box.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import type { Lease } from '../../broker/settler/reports/lease.ts';
import { ALL_TIME, reconcile } from '../../broker/settler/reports/reconciliation.ts';
import { openStore } from '../../broker/settler/store/open.ts';
import { newHealth } from '../../firmware-bridge/audience.ts';
import type { Device, DeviceListener } from '../../firmware-bridge/device.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { type Decimal, decimalToText } from '../../schemas/decimal.ts';
import { BACKINGS_USUAL, type Backing, backingBit } from '../../schemas/grant.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import type { Capability } from '../../schemas/serial.ts';
import { boardAt } from './board-at.ts';

export const crypto = nativeCrypto();
export const signerOf = (seed: number): Signer => crypto.signerOf(new Uint8Array(32).fill(seed));

export const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.detail}`);
  return result.value;
};

export const THERMOMETER: Capability = {
  channel: 0,
  name: 'temperature',
  kind: 'temperature',
  unit: 'Cel',
  exponent: -2,
  direction: 'sensor',
  periodMs: 10,
};
const VALVE: Capability = {
  ...THERMOMETER,
  name: 'valve',
  kind: 'valve',
  unit: '/',
  exponent: 0,
  direction: 'actuator',
};

/** A board in memory: readings when told, and a record of its commands. */
export class MemoryDevice implements Device {
  readonly identity = { board: 'memory', firmware: '1', serial: '0000000000000000' };
  readonly health = newHealth();
  readonly meter = null;
  readonly capabilities: readonly Capability[];
  readonly commands: number[] = [];
  online = true;
  private readonly listeners = new Set<DeviceListener>();
  private seq = 0;

  constructor(capability: Capability = THERMOMETER) {
    this.capabilities = [capability];
  }

  measure(mantissa: number): void {
    const reading = { channel: 0, seq: this.seq++, mantissa, exponent: -2 };
    for (const listener of this.listeners) listener.onReading?.(reading);
  }

  listen(listener: DeviceListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async command(_channel: number, value: number): Promise<Result<void>> {
    this.commands.push(value);
    return ok(undefined);
  }

  async setPeriod(): Promise<Result<void>> {
    return ok(undefined);
  }

  async close(): Promise<void> {
    this.listeners.clear();
  }
}

export const memoryValve = (): MemoryDevice => new MemoryDevice(VALVE);

export type Party = {
  readonly agent: RunningAgent;
  readonly notices: Notice[];
  readonly bought: { readonly seq: number; readonly text: string }[];
  readonly status: () => AgentStatus;
};

export type PartyWish = {
  readonly seed: number;
  readonly devices?: Readonly<Record<string, MemoryDevice>>;
  /** Files of meter keys, by the names of devices. */
  readonly meterKeys?: Readonly<Record<string, string>>;
  readonly authorise?: AgentPorts['authorise'];
  /** Opened by a driver of the bridge, under this name. */
  readonly drivers?: Readonly<Record<string, () => Promise<Result<Device>>>>;
  readonly sell?: readonly SellConfig[];
  readonly buy?: readonly BuyConfig[];
  readonly rules?: AgentConfig['rules'];
  readonly owner?: AgentConfig['owner'];
  readonly owns?: AgentConfig['owns'];
  readonly trust?: AgentConfig['trust'];
  readonly compression?: AgentConfig['compression'];
  readonly exposureNano?: number;
  readonly backings?: readonly Backing[];
  /** Trusted instead of the box's own. */
  readonly settler?: Uint8Array;
};

export const PRICE_NANO = 2_000_000;

export const offer = (wish: Partial<SellConfig> = {}): SellConfig => ({
  name: 'outdoor-temperature',
  device: 'board',
  sensor: 'temperature',
  price: [{ from: 1, priceNano: PRICE_NANO }],
  currency: 'EUR',
  window: 8,
  ticks: 64,
  slots: 4,
  periodMs: null,
  ...wish,
});

export const demand = (wish: Partial<BuyConfig> = {}): BuyConfig => ({
  name: 'temperature',
  kind: 'temperature',
  unit: 'Cel',
  currency: 'EUR',
  priceNanoMax: 10 * PRICE_NANO,
  readings: 40,
  budgetNano: 1_000_000_000,
  durationS: 3600,
  repeat: false,
  file: null,
  ...wish,
});

const BOX_SEED = 200;
const settlerKey = signerOf(BOX_SEED).key;

export class Market {
  readonly folder = mkdtempSync(join(tmpdir(), 'tollbridge-market-'));
  private box: RunningBox | null = null;
  private port = 0;
  private readonly running = new Set<RunningAgent>();

  async open(): Promise<this> {
    mkdirSync(join(this.folder, 'box'), { recursive: true });
    const ports = { crypto, signer: signerOf(BOX_SEED), log: () => {}, nowMs: Date.now };
    this.box = taken(
      await startBox(
        {
          broker: {
            listen: [{ transport: 'tcp', host: '127.0.0.1', port: this.port }],
            counterFile: join(this.folder, 'box', 'counters'),
          },
          settler: { database: this.database, currencies: ['EUR'] },
        },
        ports,
      ),
    );
    this.port = this.box.broker.places[0]!.port;
    return this;
  }

  async closeBox(): Promise<void> {
    await this.box?.close();
    this.box = null;
  }

  async close(): Promise<void> {
    for (const agent of this.running) await agent.stop();
    await this.closeBox();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async deposit(seed: number, nano: bigint): Promise<void> {
    const store = taken(await openStore(this.database));
    const owner = signerOf(seed).key;
    const wish = { owner, currency: 'EUR', nano, reference: `deposit-${seed}` };
    taken(await bookDeposit(store, wish, Date.now(), crypto.sha256));
    await store.close();
  }

  async ledger(): Promise<readonly Lease[]> {
    const store = taken(await openStore(this.database));
    const report = taken(await reconcile(store, ALL_TIME, crypto));
    await store.close();
    return report.leases;
  }

  configOf(wish: PartyWish): AgentConfig {
    return {
      state: join(this.folder, `agent-${wish.seed}`),
      broker: {
        url: `mqtt://127.0.0.1:${this.port}`,
        key: settlerKey,
        pin: null,
        caFile: null,
        user: null,
        passwordFile: null,
        certificateFile: null,
        certificateKeyFile: null,
      },
      settlers: [
        {
          key: wish.settler ?? settlerKey,
          exposureNano: wish.exposureNano ?? 100_000_000_000,
          backings: wish.backings?.reduce((set, one) => set | backingBit(one), 0) ?? BACKINGS_USUAL,
          claimEveryMs: 5000,
        },
      ],
      devices: Object.keys({ ...wish.devices, ...wish.drivers }).map((name) =>
        boardAt(name, { meterKey: wish.meterKeys?.[name] ?? null }),
      ),
      sell: wish.sell ?? [],
      buy: wish.buy ?? [],
      rules: wish.rules ?? [],
      owner: wish.owner ?? null,
      owns: wish.owns ?? [],
      trust: wish.trust ?? [],
      compression: wish.compression ?? [],
    };
  }

  async start(wish: PartyWish): Promise<Party> {
    const notices: Notice[] = [];
    const bought: Party['bought'] = [];
    const agent = taken(
      await startAgent(this.configOf(wish), {
        crypto,
        signer: signerOf(wish.seed),
        openDevice: async ({ name }) => {
          const driver = wish.drivers?.[name];
          if (driver !== undefined) return driver();
          const device = wish.devices?.[name];
          return device === undefined ? refuse('device-failed', `no ${name}`) : ok(device);
        },
        ...(wish.authorise && { authorise: wish.authorise }),
        onNotice: (notice) => notices.push(notice),
        onBought: (_, seq, value) => bought.push({ seq, text: decimalToText(value as Decimal) }),
      }),
    );
    this.running.add(agent);
    return { agent, notices, bought, status: agent.status };
  }

  async stop(party: Party): Promise<void> {
    this.running.delete(party.agent);
    await party.agent.stop();
  }

  get database(): string {
    return join(this.folder, 'box', 'settler.db');
  }
}
