/**
 * The demo: a broker with its settler, two emulated boards behind serial ports, a station that sells and a
 * farm that buys, each a process of its own, until so many readings are sold and paid for.
 */

import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import { askStatus } from '../control.ts';
import { textOfNano } from '../money.ts';
import type { AgentStatus, EndedStatus } from '../status.ts';
import { type Cost, Meter } from './meter.ts';
import { Processes, type ProcessName, runTool } from './processes.ts';
import { buyerSide, leasesFor, type Scene, sellerSide } from './scene.ts';
import { CURRENCY, demandOf, type Site } from './site.ts';

export type DemoSettings = {
  /** Readings in between, as hours of the recorded weather; chip time runs `speed` times as fast. */
  readonly speed: number;
  readonly signal: AbortSignal;
  readonly onScene: (scene: Scene) => void;
  /** A line of a process, for whoever has no picture. */
  readonly onLine: (name: ProcessName, line: string) => void;
};

/** What the two agents say when the run is over, and what it cost. */
export type Finished = {
  readonly station: AgentStatus;
  readonly farm: AgentStatus;
  /** Leases of the run as each side has archived them. */
  readonly sales: readonly EndedStatus[];
  readonly purchases: readonly EndedStatus[];
  readonly cost: Cost;
};

/** Hours of the recorded year to leave out: the station begins in the middle of July. */
const SKIPPED_HOURS = '4680';
/** Ten pictures a second look alive. */
const LOOK_MS = 100;
/** Processor time is asked for every so many looks. */
const LOOKS_PER_MEASURE = 10;
const BROKER_READY_MS = 15_000;
/** Who might still want to say something to another ends before it. */
const STOP_ORDER: readonly ProcessName[] = [
  'farm agent',
  'station agent',
  'valve board',
  'station board',
  'broker',
];

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

export class Demo {
  private readonly site: Site;
  private readonly settings: DemoSettings;
  private readonly processes: Processes;
  private readonly meter: Meter;
  private readonly startedMs = performance.now();
  private hopeless: Result<never> | null = null;
  private station: AgentStatus | null = null;
  private farm: AgentStatus | null = null;

  constructor(site: Site, settings: DemoSettings) {
    this.site = site;
    this.settings = settings;
    this.processes = new Processes({
      onLine: settings.onLine,
      onHopeless: (name, lastLine) => {
        this.hopeless ??= refuse('device-failed', `the ${name} does not stay up: ${lastLine}`);
      },
    });
    this.meter = new Meter(this.processes);
  }

  /**
   * Runs until all readings are paid for and settled; null where it was stopped before.
   * Codes: device-failed (a process does not stay up), those of `settler deposit`.
   */
  async run(): Promise<Result<Finished | null>> {
    const { path } = this.site;
    const speed = ['--speed', String(this.settings.speed)];
    this.processes.start({ name: 'broker', argv: ['broker', '--config', path('broker', 'broker.yaml')] });
    for (const board of ['station', 'valve'] as const) {
      const argv = ['emulate', '--board', board, '--link', path(`${board}.tty`), ...speed];
      if (board === 'station') argv.push('--skip', SKIPPED_HOURS);
      this.processes.start({ name: `${board} board`, argv });
    }
    const ready = await this.brokerReady();
    if (!ready.ok || this.over) return ready.ok ? (this.hopeless ?? ok(null)) : ready;
    const deposited = await this.deposit();
    if (!deposited.ok) return deposited;
    for (const party of ['station', 'farm'] as const) {
      const argv = ['agent', '--config', path(party, 'agent.yaml')];
      if (!this.over) this.processes.start({ name: `${party} agent`, argv });
    }
    return this.watch();
  }

  /** Leases stay open: the next start goes on with them. */
  stop(): Promise<void> {
    return this.processes.stop(STOP_ORDER);
  }

  private get over(): boolean {
    return this.hopeless !== null || this.settings.signal.aborted;
  }

  private async brokerReady(): Promise<Result<null>> {
    const untilMs = performance.now() + BROKER_READY_MS;
    while (!this.over) {
      this.settings.onScene(this.scene());
      if (await listens(this.site.port)) return ok(null);
      if (performance.now() > untilMs)
        return refuse('timeout', `no broker listens on port ${this.site.port}: start again`);
      await wait(LOOK_MS / 2);
    }
    return ok(null);
  }

  /** The farm's money: enough for the readings and the last chain. A reference is booked once. */
  private async deposit(): Promise<Result<null>> {
    const { run, farmDid, path } = this.site;
    const amount = textOfNano(run.priceNano * (2 * run.readings + 1024));
    const reference = `demo-run-${run.number}`;
    const argv = ['settler', 'deposit', '--db', path('broker', 'settler.db'), '--account', farmDid];
    const tool = await runTool([
      ...argv,
      '--amount',
      amount,
      '--currency',
      CURRENCY,
      '--reference',
      reference,
    ]);
    return tool.exit === 0 ? ok(null) : refuse('deposit-insufficient', `settler deposit: ${tool.error}`);
  }

  private async watch(): Promise<Result<Finished | null>> {
    for (let looks = 0; !this.over; ) {
      await this.look();
      const scene = this.scene();
      this.settings.onScene(scene);
      if (scene.waiting === '' && looks++ % LOOKS_PER_MEASURE === 0) await this.measure(scene);
      const finished = this.finished();
      if (finished !== null) {
        await this.measure(scene);
        return ok({ ...finished, cost: this.meter.cost() });
      }
      await wait(LOOK_MS);
    }
    return this.hopeless ?? ok(null);
  }

  private async look(): Promise<void> {
    const [station, farm] = await Promise.all(
      ['station', 'farm'].map((party) => askStatus(this.site.path(party))),
    );
    if (station?.ok) this.station = station.value;
    if (farm?.ok) this.farm = farm.value;
  }

  private measure(scene: Scene): Promise<void> {
    return this.meter.measure(scene.buyer.paid, this.station, this.farm);
  }

  /** The demand is met, and the seller has the final receipt of each of its leases. */
  private finished(): Omit<Finished, 'cost'> | null {
    const { station, farm } = this;
    if (station === null || farm === null) return null;
    const name = demandOf(this.site.run);
    if (farm.demands.find((demand) => demand.name === name)?.state !== 'done') return null;
    const purchases = farm.ended.filter((lease) => lease.role === 'purchase' && lease.name === name);
    const leases = purchases.map((lease) => lease.lease);
    const sales = station.ended.filter((lease) => lease.role === 'sale' && leases.includes(lease.lease));
    return sales.length === purchases.length ? { station, farm, sales, purchases } : null;
  }

  private scene(): Scene {
    const { run } = this.site;
    const leases = leasesFor(this.farm, demandOf(run));
    return {
      run: run.number,
      readings: run.readings,
      elapsedMs: performance.now() - this.startedMs,
      currency: CURRENCY,
      priceNano: run.priceNano,
      seller: sellerSide(this.station, leases),
      buyer: buyerSide(this.farm, leases),
      values: this.farm?.demands.find((demand) => demand.name === demandOf(run))?.values ?? [],
      valve: this.farm?.rules[0] ?? null,
      waiting: this.waiting(leases),
      processes: this.processes.states(),
    };
  }

  private waiting(leases: readonly string[]): string {
    const { station, farm } = this;
    if (station === null || farm === null) return 'the agents are starting';
    for (const [name, party] of Object.entries({ station, farm }))
      if (party.blocked !== null) return `the ${name} goes on when its disk does: ${party.blocked}`;
    if (!station.connected || !farm.connected) return 'the agents are connecting to the broker';
    if (!station.devices.every((device) => device.ready)) return 'the station’s board is saying hello';
    if (leases.length > 0) return '';
    if (!station.timeProven || !farm.timeProven) return 'the settler is asked for the time';
    return farm.demands[0]?.detail ?? '';
  }
}
