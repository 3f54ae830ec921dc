/**
 * Maps: each entry consumes members. An occurrence takes all it can (RFC 8610 appendix A: parsing
 * expression grammars), while the alternatives of a `//` are all kept until the map is complete.
 */

import type { CborMap } from '../../schemas/cbor.ts';
import { describeType, describeValue } from './describe.ts';
import type { Matching } from './matching.ts';
import type { Scope } from './names.ts';
import type { Entry, Group, Type } from './syntax.ts';
import { CddlError } from './tokens.ts';

/** The members consumed so far, one bit each. */
type Taken = bigint;

class Members {
  private readonly on: Matching;
  private readonly map: CborMap;

  constructor(on: Matching, map: CborMap) {
    this.on = on;
    this.map = map;
  }

  /** The members taken with the one that `entry` takes next; `cut` where a key of its own has a wrong value. */
  private take(entry: Entry, keyType: Type, scope: Scope, taken: Taken): Taken | 'none' | 'cut' {
    const { trail } = this.on;
    for (const [i, [key, value]] of this.map.pairs.entries()) {
      if ((taken >> BigInt(i)) & 1n) continue;
      if (!trail.silently(() => this.on.matches({ type: keyType, scope }, key))) continue;
      const name = `.${typeof key === 'string' ? key : describeValue(key)}`;
      if (trail.inside(name, () => this.on.matches({ type: entry.type, scope }, value))) {
        return taken | (1n << BigInt(i));
      }
      if (entry.cut) return 'cut';
    }
    return 'none';
  }

  /** Every way to take `entry` once more; undefined where a cut forbids to go on without it. */
  private once(entry: Entry, scope: Scope, taken: Taken): Taken[] | undefined {
    const spliced = this.on.names.groupOf(entry, scope);
    if (spliced !== undefined) return this.group(spliced.group, spliced.scope, [taken]);
    if (entry.key === undefined) {
      throw new CddlError(`an entry of a map needs a key: ${describeType(entry.type)}`);
    }
    const after = this.take(entry, entry.key, scope, taken);
    if (after === 'cut') return undefined;
    return after === 'none' ? [] : [after];
  }

  private repeated(entry: Entry, scope: Scope, from: readonly Taken[]): Taken[] | undefined {
    const satisfied: Taken[] = [];
    let states = from;
    let cut = false;
    for (let times = 0; times < entry.max && states.length > 0; times++) {
      const grown = new Set<Taken>();
      for (const taken of states) {
        const next = this.on.trail.work(() => this.once(entry, scope, taken));
        const more = next?.filter((after) => after !== taken) ?? [];
        for (const after of more) grown.add(after);
        if (next === undefined) cut = true;
        else if (more.length === 0 && (times >= entry.min || next.length > 0)) satisfied.push(taken);
        else if (more.length === 0) this.on.trail.fail(`${describeType(entry.key ?? entry.type)} is missing`);
      }
      states = [...grown];
    }
    const all = [...satisfied, ...states];
    return cut && all.length === 0 ? undefined : all;
  }

  private sequence(entries: readonly Entry[], scope: Scope, from: readonly Taken[]): Taken[] | undefined {
    let states: Taken[] | undefined = [...from];
    for (const entry of entries) {
      states = this.repeated(entry, scope, states);
      if (states === undefined || states.length === 0) return states;
    }
    return states;
  }

  /** What may be taken once the group is through; undefined where every alternative was cut. */
  group(group: Group, scope: Scope, from: readonly Taken[]): Taken[] | undefined {
    const ways = group.choices.map((entries) => this.sequence(entries, scope, from));
    const all = new Set(ways.flatMap((states) => states ?? []));
    return all.size === 0 && ways.includes(undefined) ? undefined : [...all];
  }
}

export const matchesMap = (on: Matching, group: Group, scope: Scope, map: CborMap): boolean => {
  const states = new Members(on, map).group(group, scope, [0n]) ?? [];
  if (states.includes((1n << BigInt(map.pairs.length)) - 1n)) return true;
  for (const taken of states) {
    const extra = map.pairs.find((_, i) => !((taken >> BigInt(i)) & 1n))!;
    on.trail.fail(`no entry takes the member ${describeValue(extra[0])}`);
  }
  return false;
};
