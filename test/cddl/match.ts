/** Does a value have a type? (RFC 8610 section 2) */

import { equalBytes } from '../../schemas/bytes.ts';
import { type Cbor, CborMap, CborTag } from '../../schemas/cbor.ts';
import { matchesArray } from './array.ts';
import { CONTROLS } from './control.ts';
import { describeType, describeValue } from './describe.ts';
import { matchesMap } from './map.ts';
import type { Matching } from './matching.ts';
import type { Names, Scope, Scoped } from './names.ts';
import type { Group, Literal, Type } from './syntax.ts';
import { CddlError } from './tokens.ts';
import { Trail } from './trail.ts';

const isLiteral = (literal: Literal, value: Cbor): boolean =>
  literal instanceof Uint8Array && value instanceof Uint8Array
    ? equalBytes(literal, value)
    : literal === value;

/** `#7.20` to `#7.22`; the others (undefined, floats) are never decoded. */
const SIMPLE: Readonly<Record<number, Cbor>> = { 20: false, 21: true, 22: null };

const majorOf = (value: Cbor): number => {
  if (typeof value === 'number') return value < 0 ? 1 : 0;
  if (value instanceof Uint8Array) return 2;
  if (typeof value === 'string') return 3;
  if (Array.isArray(value)) return 4;
  if (value instanceof CborMap) return 5;
  return value instanceof CborTag ? 6 : 7;
};

/** An array held against an array, or a map against a map. */
const isOpened = (type: Type, value: Cbor): boolean =>
  (type.kind === 'array' && Array.isArray(value)) || (type.kind === 'map' && value instanceof CborMap);

class Matcher implements Matching {
  readonly names: Names;
  readonly trail = new Trail();

  constructor(names: Names) {
    this.names = names;
  }

  matches(at: Scoped, value: Cbor): boolean {
    return this.trail.work(() => {
      const { type, scope } = this.names.resolve(at);
      if (this.hasType(type, scope, value)) return true;
      if (isOpened(type, value)) return false; // what is wrong inside has been told
      return this.trail.fail(`expected ${describeType(at.type)}, got ${describeValue(value)}`);
    });
  }

  private hasType(type: Type, scope: Scope, value: Cbor): boolean {
    switch (type.kind) {
      case 'literal':
        return isLiteral(type.value, value);
      case 'choice':
        return type.of.some((one) => this.matches({ type: one, scope }, value));
      case 'major':
        if (type.info !== undefined) return type.major === 7 && SIMPLE[type.info] === value;
        return type.major === undefined || type.major === majorOf(value);
      case 'range':
        return this.isInRange(type, scope, value);
      case 'control':
        return this.isControlled(type, scope, value);
      case 'tag':
        if (!(value instanceof CborTag) || (type.tag ?? value.tag) !== value.tag) return false;
        return this.isTagged(type.of, scope, value);
      case 'unwrap':
        return this.matches(this.names.unwrap({ type: type.of, scope }), value);
      case 'enumeration':
        return this.enumerates(type.group, scope, value);
      case 'array':
        return Array.isArray(value) && matchesArray(this, type.group, scope, value);
      case 'map':
        return value instanceof CborMap && matchesMap(this, type.group, scope, value);
      default:
        throw new CddlError(`a group stands where a type is expected: ${describeType(type)}`);
    }
  }

  private isInRange(range: Type & { kind: 'range' }, scope: Scope, value: Cbor): boolean {
    const low = this.names.number({ type: range.low, scope });
    const high = this.names.number({ type: range.high, scope });
    return typeof value === 'number' && value >= low && (range.open ? value < high : value <= high);
  }

  private isControlled(type: Type & { kind: 'control' }, scope: Scope, value: Cbor): boolean {
    const control = CONTROLS[type.operator]!;
    const argument = { type: type.argument, scope };
    return this.matches({ type: type.target, scope }, value) && control(this, argument, value);
  }

  private isTagged(of: Type | undefined, scope: Scope, value: CborTag): boolean {
    if (of === undefined) return true;
    return this.trail.inside(`(${value.tag})`, () => this.matches({ type: of, scope }, value.value));
  }

  private enumerates(group: Group, scope: Scope, value: Cbor): boolean {
    return group.choices.flat().some((entry) => {
      const spliced = this.names.groupOf(entry, scope);
      if (spliced !== undefined) return this.enumerates(spliced.group, spliced.scope, value);
      return this.matches({ type: entry.type, scope }, value);
    });
  }
}

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly path: string; readonly reason: string };

export const verdict = (names: Names, rule: string, value: Cbor): Verdict => {
  const matcher = new Matcher(names);
  const matched = matcher.trail.attempt(() =>
    matcher.matches({ type: { kind: 'name', name: rule, args: [] }, scope: new Map() }, value),
  );
  return matched ? { ok: true } : { ok: false, ...matcher.trail.failure() };
};
