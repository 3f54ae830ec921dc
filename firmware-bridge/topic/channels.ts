/** The channels of a device whose capabilities are found out while it speaks: a name keeps its channel. */

import { CAPABILITIES_MAX } from '../../schemas/profile.ts';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import type { Capability } from '../../schemas/serial.ts';
import { primaryUnit } from '../units.ts';
import type { Output, Sensor } from './source.ts';

type Channel = { capability: Capability; output: Output | undefined; seq: number };

export class Channels {
  readonly #channels: Channel[] = [];
  readonly #byName = new Map<string, Channel>();
  /** Whether the capabilities have changed since it was last set. */
  changed = false;

  get capabilities(): readonly Capability[] {
    return this.#channels.map((channel) => channel.capability);
  }

  capability(channel: number): Capability | undefined {
    return this.#channels[channel]?.capability;
  }

  output(channel: number): Output | undefined {
    return this.#channels[channel]?.output;
  }

  /** The next number of a reading. */
  nextSeq(channel: number): number {
    return this.#channels[channel]!.seq++;
  }

  setPeriod(channel: number, periodMs: number): void {
    const one = this.#channels[channel]!;
    one.capability = { ...one.capability, periodMs };
  }

  /** Its channel. Code: value-out-of-range (no unit that can be sold, or another than before), busy (too many). */
  learnSensor({ name, kind, measure }: Sensor): Result<number> {
    const unit = primaryUnit(measure.unit);
    if (!unit.ok) return refuse(unit.code, `${name} is not sold: ${unit.detail}`);
    return this.#learn(name, kind, unit.value, measure.exponent ?? 0, undefined);
  }

  /** As `learnSensor`. */
  learnOutput(output: Output): Result<number> {
    return this.#learn(output.name, output.kind, output.unit, output.exponent, output);
  }

  #learn(
    name: string,
    kind: string,
    unit: string,
    exponent: number,
    output: Output | undefined,
  ): Result<number> {
    const direction = output === undefined ? 'sensor' : 'actuator';
    const known = this.#byName.get(name);
    if (known === undefined) {
      if (this.#channels.length >= CAPABILITIES_MAX)
        return refuse(
          'busy',
          `${name} is one more than ${CAPABILITIES_MAX} capabilities: declare those to be sold`,
        );
      const channel = this.#channels.length;
      const capability: Capability = { channel, name, kind, unit, exponent, direction, periodMs: 0 };
      const added = { capability, output, seq: 0 };
      this.#channels.push(added);
      this.#byName.set(name, added);
      this.changed = true;
      return ok(channel);
    }
    const { capability } = known;
    if (capability.unit !== unit || capability.direction !== direction)
      return refuse(
        'value-out-of-range',
        `${name} was ${capability.direction} in ${capability.unit} and is ${direction} in ${unit}: restart to sell it so`,
      );
    if (capability.kind !== kind) {
      known.capability = { ...capability, kind };
      this.changed = true;
    }
    known.output = output;
    return ok(capability.channel);
  }
}
