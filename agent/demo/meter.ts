/**
 * What a reading costs: bytes on the wire and processor time, measured in the processes that did the work,
 * from the first reading of a process to the last. A process that was restarted counts from its restart.
 */

import type { AgentStatus, Traffic } from '../status.ts';
import type { Processes, ProcessName } from './processes.ts';

type Sample = {
  readonly pid: number;
  readonly atMs: number;
  readonly us: number;
  readonly readings: number;
  readonly traffic: Traffic;
};

export type Cost = {
  /** Microseconds of one processor for each reading, by process; null where it cannot be told. */
  readonly us: ReadonlyMap<ProcessName, number | null>;
  /** How fast readings came while that was measured. */
  readonly perSecond: number | null;
  /** Reading and payment together: payloads, and whole packets. */
  readonly payloadBytes: number | null;
  readonly packetBytes: number | null;
};

const MEASURED: readonly ProcessName[] = ['station agent', 'farm agent', 'broker'];
const NO_TRAFFIC: Traffic = { messages: 0, payloadBytes: 0, packetBytes: 0 };

export class Meter {
  private readonly processes: Processes;
  private readonly first = new Map<ProcessName, Sample>();
  private readonly last = new Map<ProcessName, Sample>();

  constructor(processes: Processes) {
    this.processes = processes;
  }

  /** To be called now and then, with how many readings have been paid for and what the agents say. */
  async measure(readings: number, station: AgentStatus | null, farm: AgentStatus | null): Promise<void> {
    const traffic = new Map<ProcessName, Traffic>();
    if (station !== null) traffic.set('station agent', station.traffic);
    if (farm !== null) traffic.set('farm agent', farm.traffic);
    for (const name of MEASURED) {
      const usage = await this.processes.usageUs(name);
      if (usage === null) continue;
      const sample = {
        ...usage,
        atMs: performance.now(),
        readings,
        traffic: traffic.get(name) ?? NO_TRAFFIC,
      };
      if (this.first.get(name)?.pid !== usage.pid) this.first.set(name, sample);
      this.last.set(name, sample);
    }
  }

  cost(): Cost {
    const per = (name: ProcessName, figure: (sample: Sample) => number): number | null => {
      const first = this.first.get(name);
      const last = this.last.get(name);
      if (first === undefined || last === undefined || last.readings <= first.readings) return null;
      return (figure(last) - figure(first)) / (last.readings - first.readings);
    };
    const both = (figure: (traffic: Traffic) => number): number | null => {
      const sold = per('station agent', (sample) => figure(sample.traffic));
      const bought = per('farm agent', (sample) => figure(sample.traffic));
      return sold === null || bought === null ? null : sold + bought;
    };
    const msPerReading = per('farm agent', (sample) => sample.atMs);
    return {
      perSecond: msPerReading === null ? null : 1000 / msPerReading,
      us: new Map(MEASURED.map((name) => [name, per(name, (sample) => sample.us)])),
      payloadBytes: both((traffic) => traffic.payloadBytes),
      packetBytes: both((traffic) => traffic.packetBytes),
    };
  }
}

const figure = (value: number | null, unit: string): string =>
  value === null ? `- ${unit}` : `${Math.round(value)} ${unit}`;

export const costLines = (cost: Cost): string[] => {
  const times = MEASURED.map((name) => `${name} ${figure(cost.us.get(name) ?? null, 'µs')}`);
  return [
    `${figure(cost.payloadBytes, 'bytes')} for a reading and its payment, ` +
      `${figure(cost.packetBytes, 'bytes')} with MQTT around them`,
    `${times.join(', ')}: all that they did,`,
    `at ${figure(cost.perSecond, 'readings')} a second`,
  ];
};
