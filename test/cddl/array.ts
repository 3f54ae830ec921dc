/**
 * Arrays: a group is a language over the items. The set of places where it may end is followed entry by
 * entry, so every way to divide the items is tried and the work stays polynomial.
 */

import type { Cbor } from '../../schemas/cbor.ts';
import { describeType, describeValue } from './describe.ts';
import type { Matching } from './matching.ts';
import type { Scope } from './names.ts';
import type { Entry, Group } from './syntax.ts';

type Places = ReadonlySet<number>;

export const matchesArray = (on: Matching, group: Group, scope: Scope, items: readonly Cbor[]): boolean => {
  const entryEnds = (entry: Entry, inside: Scope, starts: Places): Set<number> => {
    const spliced = on.names.groupOf(entry, inside);
    if (spliced !== undefined) return groupEnds(spliced.group, spliced.scope, starts);
    const ends = new Set<number>();
    for (const start of starts) {
      const matched = on.trail.inside(start, () =>
        start < items.length
          ? on.matches({ type: entry.type, scope: inside }, items[start]!)
          : on.trail.fail(`the array ends where ${describeType(entry.type)} is expected`),
      );
      if (matched) ends.add(start + 1);
    }
    return ends;
  };

  const repeatedEnds = (entry: Entry, inside: Scope, starts: Places): Set<number> => {
    const all = new Set<number>(entry.min === 0 ? starts : []);
    let ends: Places = starts;
    for (let times = 1; times <= entry.max && ends.size > 0; times++) {
      const from = ends;
      const reached = on.trail.work(() => entryEnds(entry, inside, from));
      // Once there are enough, only a new place leads on: a group may match nothing for ever.
      ends = times > entry.min ? new Set([...reached].filter((end) => !all.has(end))) : reached;
      if (times >= entry.min) for (const end of ends) all.add(end);
    }
    return all;
  };

  const groupEnds = (of: Group, inside: Scope, starts: Places): Set<number> => {
    const all = new Set<number>();
    for (const entries of of.choices) {
      let ends: Places = starts;
      for (const entry of entries) ends = repeatedEnds(entry, inside, ends);
      for (const end of ends) all.add(end);
    }
    return all;
  };

  const ends = groupEnds(group, scope, new Set([0]));
  if (ends.has(items.length)) return true;
  for (const end of ends) {
    const extra = describeValue(items[end]!);
    on.trail.inside(end, () => on.trail.fail(`the array may end here, got ${extra}`, true));
  }
  return false;
};
