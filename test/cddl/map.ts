/**
 * Maps: each entry consumes members. An occurrence takes all it can (RFC 8610 appendix A: parsing
 * expression grammars), while the alternatives of a `//` are all kept until the map is complete.
 */

import type { CborMap } from '../../schemas/cbor.ts';
import { describeType, describeValue } from './describe.ts';
import type { Matching } from './matching.ts';
import type { Scope } from './names.ts';
import type { Entry, Group } from './syntax.ts';
import { CddlError } from './tokens.ts';

/** The members consumed so far, one bit each. */
type Taken = bigint;

export const matchesMap = (on: Matching, group: Group, scope: Scope, map: CborMap): boolean => {
  /** The member that `entry` takes next, `none`, or `cut` where a key that is its own has a wrong value. */
  const take = (entry: Entry, inside: Scope, taken: Taken): Taken | 'none' | 'cut' => {
    for (const [i, [key, value]] of map.pairs.entries()) {
      if ((taken >> BigInt(i)) & 1n) continue;
      const isKey = on.trail.silently(() => on.matches({ type: entry.key!, scope: inside }, key));
      if (!isKey) continue;
      const name = `.${typeof key === 'string' ? key : describeValue(key)}`;
      if (on.trail.inside(name, () => on.matches({ type: entry.type, scope: inside }, value))) {
        return taken | (1n << BigInt(i));
      }
      if (entry.cut) return 'cut';
    }
    return 'none';
  };

  /** Every way to take `entry` once more; undefined where a cut forbids to go on without it. */
  const once = (entry: Entry, inside: Scope, taken: Taken): Taken[] | undefined => {
    const spliced = on.names.groupOf(entry, inside);
    if (spliced !== undefined) return groupStates(spliced.group, spliced.scope, [taken]);
    if (entry.key === undefined) {
      throw new CddlError(`an entry of a map needs a key: ${describeType(entry.type)}`);
    }
    const after = take(entry, inside, taken);
    if (after === 'cut') return undefined;
    return after === 'none' ? [] : [after];
  };

  const repeated = (entry: Entry, inside: Scope, from: readonly Taken[]): Taken[] | undefined => {
    const satisfied: Taken[] = [];
    let states = [...from];
    let cut = false;
    for (let times = 0; times < entry.max && states.length > 0; times++) {
      const grown = new Set<Taken>();
      for (const taken of states) {
        const next = on.trail.work(() => once(entry, inside, taken));
        const more = next?.filter((after) => after !== taken) ?? [];
        for (const after of more) grown.add(after);
        if (next === undefined) cut = true;
        else if (more.length === 0 && (times >= entry.min || next.length > 0)) satisfied.push(taken);
        else if (more.length === 0) on.trail.fail(`${describeType(entry.key ?? entry.type)} is missing`);
      }
      states = [...grown];
    }
    const all = [...satisfied, ...states];
    return cut && all.length === 0 ? undefined : all;
  };

  const sequence = (
    entries: readonly Entry[],
    inside: Scope,
    from: readonly Taken[],
  ): Taken[] | undefined => {
    let states: Taken[] | undefined = [...from];
    for (const entry of entries) {
      states = repeated(entry, inside, states);
      if (states === undefined || states.length === 0) return states;
    }
    return states;
  };

  const groupStates = (of: Group, inside: Scope, from: readonly Taken[]): Taken[] | undefined => {
    const ways = of.choices.map((entries) => sequence(entries, inside, from));
    const all = new Set(ways.flatMap((states) => states ?? []));
    return all.size === 0 && ways.includes(undefined) ? undefined : [...all];
  };

  const complete = (1n << BigInt(map.pairs.length)) - 1n;
  const states = groupStates(group, scope, [0n]) ?? [];
  if (states.includes(complete)) return true;
  for (const taken of states) {
    const extra = map.pairs.find((_, i) => !((taken >> BigInt(i)) & 1n))!;
    on.trail.fail(`no entry takes the member ${describeValue(extra[0])}`);
  }
  return false;
};
