/** The parser of CDDL (RFC 8610 appendix B): tokens to rules. */

import { type CddlError, errorAt, type Token, tokenize } from './tokens.ts';

export type Literal = number | string | Uint8Array;

export type Type =
  | { readonly kind: 'literal'; readonly value: Literal }
  | { readonly kind: 'name'; readonly name: string; readonly args: readonly Type[] }
  | { readonly kind: 'choice'; readonly of: readonly Type[] }
  | { readonly kind: 'range'; readonly low: Type; readonly high: Type; readonly open: boolean }
  | { readonly kind: 'control'; readonly target: Type; readonly operator: string; readonly argument: Type }
  | { readonly kind: 'array' | 'map' | 'group' | 'enumeration'; readonly group: Group }
  | { readonly kind: 'unwrap'; readonly of: Type }
  | { readonly kind: 'tag'; readonly tag: number | undefined; readonly of: Type | undefined }
  /** `#0` to `#7`, with the additional information after the dot; `#` alone has neither. */
  | { readonly kind: 'major'; readonly major: number | undefined; readonly info: number | undefined };

/** Alternatives (`//`), each a sequence of entries. */
export type Group = { readonly choices: readonly (readonly Entry[])[] };

export type Entry = {
  readonly min: number;
  readonly max: number;
  readonly key: Type | undefined;
  /** `:` and `^ =>`: a member with this key belongs to this entry, whatever its value (section 3.5.4). */
  readonly cut: boolean;
  readonly type: Type;
};

export type Rule = {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly type: Type;
  readonly extends: '/' | '//' | undefined;
  readonly source: string;
  readonly fail: (message: string) => CddlError;
};

/** `#7.25` to `#7.27`: a float, which nothing decoded deterministically is. */
const FLOAT: Type = { kind: 'major', major: 7, info: 27 };

/** A parenthesised group that holds one plain type is that type. */
const ungroup = (type: Type): Type => {
  const only = type.kind === 'group' && type.group.choices.length === 1 ? type.group.choices[0]! : [];
  const entry = only.length === 1 ? only[0]! : undefined;
  return entry !== undefined && entry.key === undefined && entry.min === 1 && entry.max === 1
    ? entry.type
    : type;
};

class Parser {
  readonly name: string;
  readonly text: string;
  readonly tokens: readonly Token[];
  at = 0;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    this.tokens = tokenize(name, text);
  }

  get next(): Token {
    return this.tokens[this.at]!;
  }

  isNext(mark: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token?.kind === 'mark' && token.source === mark;
  }

  accept(mark: string): boolean {
    const found = this.isNext(mark);
    if (found) this.at++;
    return found;
  }

  expect(mark: string): void {
    if (!this.accept(mark)) throw this.fail(`expected ${mark}, got ${this.next.source}`);
  }

  take(kind: Token['kind']): Token {
    const token = this.next;
    if (token.kind !== kind) throw this.fail(`expected a ${kind}, got ${token.source}`);
    this.at++;
    return token;
  }

  fail(message: string, at = this.next.start): CddlError {
    return errorAt(this.name, this.text, at, message);
  }

  rules(): Rule[] {
    const rules: Rule[] = [];
    while (this.next.kind !== 'end') rules.push(this.rule());
    return rules;
  }

  rule(): Rule {
    const { start } = this.next;
    const name = this.take('name').source;
    const parameters = this.isNext('<') ? this.list(() => this.take('name').source) : [];
    const extending = this.accept('/=') ? '/' : this.accept('//=') ? '//' : undefined;
    if (extending === undefined) this.expect('=');
    const entry = this.entry();
    const plain = entry.key === undefined && entry.min === 1 && entry.max === 1;
    const type: Type = plain ? entry.type : { kind: 'group', group: { choices: [[entry]] } };
    const tokens = this.tokens.filter((token) => token.start >= start && token.start < this.next.start);
    const source = tokens.map((token) => token.source).join(' ');
    return {
      name,
      parameters,
      type,
      extends: extending,
      source,
      fail: (message) => this.fail(message, start),
    };
  }

  /** `<a, b>` of a generic rule, as parameters or as arguments. */
  list<T>(item: () => T): T[] {
    this.expect('<');
    const items = [item()];
    while (this.accept(',')) items.push(item());
    this.expect('>');
    return items;
  }

  group(end: string): Group {
    const choices: Entry[][] = [[]];
    while (!this.accept(end)) {
      if (this.accept('//')) choices.push([]);
      else {
        choices.at(-1)!.push(this.entry());
        this.accept(',');
      }
    }
    return { choices };
  }

  entry(): Entry {
    const [min, max] = this.occurrence();
    if (this.isNext(':', 1)) {
      const token = this.next;
      if (
        token.kind === 'name' ||
        token.kind === 'text' ||
        token.kind === 'number' ||
        token.kind === 'bytes'
      ) {
        this.at += 2;
        const key: Type = { kind: 'literal', value: token.value };
        return { min, max, key, cut: true, type: this.type() };
      }
    }
    const first = this.operated();
    const cut = this.accept('^');
    if (cut || this.isNext('=>')) {
      this.expect('=>');
      return { min, max, key: ungroup(first), cut, type: this.type() };
    }
    return { min, max, key: undefined, cut: false, type: this.choice(first) };
  }

  /** `?`, `+`, `*`, `n*`, `*m`, `n*m`: the numbers touch the star. */
  occurrence(): readonly [min: number, max: number] {
    if (this.accept('?')) return [0, 1];
    if (this.accept('+')) return [1, Number.POSITIVE_INFINITY];
    const first = this.next;
    const counted =
      first.kind === 'number' && this.isNext('*', 1) && this.tokens[this.at + 1]!.start === first.end;
    if (!counted && !this.isNext('*')) return [1, 1];
    const min = counted ? (this.take('number').value as number) : 0;
    const star = this.next;
    this.expect('*');
    const last = this.next;
    if (last.kind !== 'number' || last.start !== star.end) return [min, Number.POSITIVE_INFINITY];
    return [min, this.take('number').value as number];
  }

  type(): Type {
    return this.choice(this.operated());
  }

  choice(first: Type): Type {
    if (!this.isNext('/')) return first;
    const of = [ungroup(first)];
    while (this.accept('/')) of.push(ungroup(this.operated()));
    return { kind: 'choice', of };
  }

  /** type1: a type with at most one range or control operator. */
  operated(): Type {
    const target = this.simple();
    const token = this.next;
    if (token.kind !== 'mark' || !token.source.startsWith('.')) return target;
    this.at++;
    const argument = ungroup(this.simple());
    if (token.source === '..' || token.source === '...') {
      return { kind: 'range', low: ungroup(target), high: argument, open: token.source === '...' };
    }
    return { kind: 'control', target: ungroup(target), operator: token.source, argument };
  }

  /** type2. */
  simple(): Type {
    const token = this.next;
    if (token.kind === 'name') return this.named();
    if (token.kind === 'float') {
      this.at++;
      return FLOAT;
    }
    if (token.kind === 'number' || token.kind === 'text' || token.kind === 'bytes') {
      this.at++;
      return { kind: 'literal', value: token.value };
    }
    if (this.accept('(')) return ungroup({ kind: 'group', group: this.group(')') });
    if (this.accept('[')) return { kind: 'array', group: this.group(']') };
    if (this.accept('{')) return { kind: 'map', group: this.group('}') };
    if (this.accept('~')) return { kind: 'unwrap', of: this.named() };
    if (this.accept('&')) return this.enumeration();
    if (this.accept('#')) return this.numbered(token.end);
    throw this.fail(`expected a type, got ${token.source}`);
  }

  named(): Type {
    const name = this.take('name').source;
    return { kind: 'name', name, args: this.isNext('<') ? this.list(() => ungroup(this.operated())) : [] };
  }

  enumeration(): Type {
    if (this.accept('(')) return { kind: 'enumeration', group: this.group(')') };
    const entry: Entry = { min: 1, max: 1, key: undefined, cut: false, type: this.named() };
    return { kind: 'enumeration', group: { choices: [[entry]] } };
  }

  /** What follows `#`: `#6.32(tstr)`, `#7.20`, `#2`, or nothing. `6.32` was read as a float. */
  numbered(end: number): Type {
    const token = this.next;
    if (token.start !== end || (token.kind !== 'number' && token.kind !== 'float')) {
      return { kind: 'major', major: undefined, info: undefined };
    }
    this.at++;
    const [major, info] = token.source.split('.').map(Number) as [number, number | undefined];
    if (!(major >= 0 && major <= 7)) throw this.fail(`no major type ${major}`, token.start);
    if (major !== 6) return { kind: 'major', major, info };
    if (!this.accept('(')) return { kind: 'tag', tag: info, of: undefined };
    const of = this.type();
    this.expect(')');
    return { kind: 'tag', tag: info, of };
  }
}

/** Throws a `CddlError` that names the place. */
export const parseCddl = (name: string, text: string): Rule[] => new Parser(name, text).rules();
