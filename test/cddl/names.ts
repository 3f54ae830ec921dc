/** What names stand for: rules, parameters of generic rules, sockets; and the groups that entries splice in. */

import { describeType } from './describe.ts';
import type { Entry, Group, Literal, Rule, Type } from './syntax.ts';
import { CddlError } from './tokens.ts';

/** The arguments of a generic rule: what its parameters stand for, and where that is to be read. */
export type Scope = ReadonlyMap<string, Scoped>;
export type Scoped = { readonly type: Type; readonly scope: Scope };
export type ScopedGroup = { readonly group: Group; readonly scope: Scope };

/** More hops than rules that anyone writes: a rule that stands for itself. */
const HOPS_MAX = 256;

const NOTHING: Type = { kind: 'choice', of: [] };
const EMPTY: Type = { kind: 'group', group: { choices: [[]] } };

/** `$name` and `$$name` may be extended by other texts, or by none. */
export const isSocket = (name: string): boolean => name.startsWith('$');

export class Names {
  readonly rules: ReadonlyMap<string, Rule>;

  constructor(rules: ReadonlyMap<string, Rule>) {
    this.rules = rules;
  }

  /** Follows names to a type that is none. */
  resolve({ type, scope }: Scoped): Scoped {
    for (let hops = 0; type.kind === 'name'; hops++) {
      if (hops > HOPS_MAX) throw new CddlError(`rule ${type.name} stands for itself`);
      const { name, args } = type;
      const bound = scope.get(name);
      const rule = this.rules.get(name);
      if (bound !== undefined) ({ type, scope } = bound);
      else if (rule === undefined) return { type: name.startsWith('$$') ? EMPTY : NOTHING, scope };
      else {
        const outer = scope;
        scope = new Map(rule.parameters.map((parameter, i) => [parameter, { type: args[i]!, scope: outer }]));
        ({ type } = rule);
      }
    }
    return { type, scope };
  }

  literal(at: Scoped): Literal {
    const { type } = this.resolve(at);
    if (type.kind !== 'literal') throw new CddlError(`${describeType(at.type)} must be a literal`);
    return type.value;
  }

  number(at: Scoped): number {
    const literal = this.literal(at);
    if (typeof literal !== 'number') throw new CddlError(`${describeType(at.type)} must be an integer`);
    return literal;
  }

  /** `~name`: what is inside the tag, or the group inside the brackets. */
  unwrap(at: Scoped): Scoped {
    const { type, scope } = this.resolve(at);
    if (type.kind === 'tag' && type.of !== undefined) return { type: type.of, scope };
    if (type.kind === 'array' || type.kind === 'map')
      return { type: { kind: 'group', group: type.group }, scope };
    throw new CddlError(`~ needs a tag, an array or a map, got ${describeType(at.type)}`);
  }

  /** The group that an entry without a key splices in, if it stands for one. */
  groupOf(entry: Entry, scope: Scope): ScopedGroup | undefined {
    if (entry.key !== undefined) return undefined;
    let at = this.resolve({ type: entry.type, scope });
    if (at.type.kind === 'unwrap') at = this.resolve(this.unwrap({ type: at.type.of, scope: at.scope }));
    return at.type.kind === 'group' ? { group: at.type.group, scope: at.scope } : undefined;
  }
}
