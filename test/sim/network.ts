/** The network: a broker between all, with the faults that are under way on it. */

import type { Device } from './device.ts';
import type { FaultOf } from './schedule.ts';
import type { Timeline } from './timeline.ts';

/** The settler sits beside the broker. */
const SETTLER_MS = 5;

type Armed = FaultOf & { readonly kind: 'loss' | 'repetition' | 'delay' };

/** From a device, or (null) from the settler; `deliver` is called for every copy that arrives. */
export type Parcel = {
  readonly from: Device | null;
  readonly to: Device | null;
  readonly deliver: (isRepeated: boolean) => void;
};

export type NetworkHost = {
  readonly time: Timeline;
  readonly injected: (kind: Armed['kind']) => void;
};

export class Network {
  private readonly host: NetworkHost;
  private readonly armed = new Map<Device, { readonly fault: Armed; left: number }[]>();

  constructor(host: NetworkHost) {
    this.host = host;
  }

  arm(device: Device, fault: Armed): void {
    const armed = this.armed.get(device) ?? [];
    armed.push({ fault, left: fault.count });
    this.armed.set(device, armed);
  }

  /** Faults end. */
  calm(): void {
    this.armed.clear();
  }

  /** The oldest of its kind that has something left to do. */
  private strike(from: Device | null, kind: Armed['kind']): Armed | null {
    const armed = from === null ? undefined : this.armed.get(from);
    const striking = armed?.find(({ fault, left }) => fault.kind === kind && left > 0);
    if (striking === undefined) return null;
    striking.left--;
    this.host.injected(kind);
    return striking.fault;
  }

  send({ from, to, deliver }: Parcel): void {
    if (from?.isCut || to?.isCut) return;
    if (this.strike(from, 'loss') !== null) return;
    const delay = this.strike(from, 'delay');
    const latencyMs = (from?.plan.latencyMs ?? SETTLER_MS) + (to?.plan.latencyMs ?? SETTLER_MS);
    const arriveMs = latencyMs + (delay?.kind === 'delay' ? delay.forMs : 0);
    const arrive = (isRepeated: boolean) => (): void => {
      if (!to?.isCut) deliver(isRepeated);
    };
    this.host.time.after(arriveMs, arrive(false));
    const again = this.strike(from, 'repetition');
    if (again?.kind === 'repetition') this.host.time.after(arriveMs + again.forMs, arrive(true));
  }
}
