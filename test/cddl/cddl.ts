/**
 * A validator of CBOR instances against CDDL (RFC 8610).
 *
 *     const cddl = loadCddl(['voucher = [seq: uint .size 4, cumulative: uint]']);
 *     cddl.validate('voucher', bytes)   // {ok: true}
 *                                       // {ok: false, path: '$[0]', reason: 'expected uint .size 4, got "x"'}
 *
 * Every message that the running system sends is held against `schemas/*.cddl`:
 *
 *     import { schemas } from './cddl/schemas.ts';
 *     const verdict = schemas().validate('tick', payload);
 *     assert.ok(verdict.ok, verdict.ok ? '' : `${verdict.path}: ${verdict.reason}`);
 *
 * Instances are read by our own strict decoder, so what is not deterministic CBOR is refused before any
 * rule is asked. Done: everything of RFC 8610 but `.cborseq` and `.pcre`; sockets, generics, `~`, `&` and
 * cuts included. A mistake in the CDDL (a syntax error, an unknown name, a rule written twice with two
 * meanings) throws a `CddlError` with its place as soon as it is loaded.
 *
 * `$` is the instance, `[2]` its third item, `.name` a member, `(4)` what is in tag 4, `<cbor>` what is
 * inside a byte string under `.cbor`. Of several failures the deepest is told.
 */

import { decodeCbor } from '../../schemas/cbor.ts';
import { CONTROLS } from './control.ts';
import { type Verdict, verdict } from './match.ts';
import { isSocket, Names } from './names.ts';
import { PRELUDE } from './prelude.ts';
import { type Group, parseCddl, type Rule, type Type } from './syntax.ts';

/** One rule for all that `=`, `/=` and `//=` say of a name. Repeating a rule word for word is allowed. */
const merged = (before: Rule | undefined, rule: Rule): Rule => {
  if (rule.extends === undefined) {
    if (before === undefined || before.source === rule.source) return rule;
    throw rule.fail(`rule ${rule.name} is written twice with two meanings`);
  }
  if (before === undefined) return rule;
  if (rule.extends === '/') return { ...rule, type: { kind: 'choice', of: [before.type, rule.type] } };
  return {
    ...rule,
    type: { kind: 'group', group: { choices: [...choicesOf(before.type), ...choicesOf(rule.type)] } },
  };
};

const choicesOf = (type: Type): Group['choices'] =>
  type.kind === 'group' ? type.group.choices : [[{ min: 1, max: 1, key: undefined, cut: false, type }]];

/** Every type inside a type, itself first. */
const eachType = (type: Type, visit: (type: Type) => void): void => {
  visit(type);
  const groups = 'group' in type ? type.group.choices.flat() : [];
  for (const entry of groups) {
    if (entry.key !== undefined) eachType(entry.key, visit);
    eachType(entry.type, visit);
  }
  if (type.kind === 'name') for (const one of type.args) eachType(one, visit);
  if (type.kind === 'choice') for (const one of type.of) eachType(one, visit);
  if (type.kind === 'range') for (const one of [type.low, type.high]) eachType(one, visit);
  if (type.kind === 'control') for (const one of [type.target, type.argument]) eachType(one, visit);
  if ((type.kind === 'tag' || type.kind === 'unwrap') && type.of !== undefined) eachType(type.of, visit);
};

const checkNames = (rule: Rule, rules: ReadonlyMap<string, Rule>): void => {
  eachType(rule.type, (type) => {
    if (type.kind === 'control' && !(type.operator in CONTROLS)) {
      throw rule.fail(`rule ${rule.name} uses ${type.operator}, which is no control operator here`);
    }
    if (type.kind !== 'name' || rule.parameters.includes(type.name)) return;
    const known = rules.get(type.name);
    if (known === undefined && isSocket(type.name)) return;
    if (known === undefined)
      throw rule.fail(`rule ${rule.name} names ${type.name}, which is nowhere defined`);
    if (known.parameters.length !== type.args.length) {
      throw rule.fail(`${type.name} takes ${known.parameters.length} arguments, got ${type.args.length}`);
    }
  });
};

export class Cddl {
  /** The rules of the texts, without the prelude, in their order. */
  readonly ruleNames: readonly string[];
  private readonly names: Names;

  constructor(rules: ReadonlyMap<string, Rule>, ruleNames: readonly string[]) {
    this.names = new Names(rules);
    this.ruleNames = ruleNames;
  }

  /** An unknown or generic rule is a programmer's error and throws. */
  validate(rule: string, bytes: Uint8Array): Verdict {
    const parameters = this.names.rules.get(rule)?.parameters;
    if (parameters === undefined) throw new RangeError(`no rule ${rule} in the CDDL`);
    if (parameters.length > 0)
      throw new RangeError(`rule ${rule} is generic and describes nothing by itself`);
    const decoded = decodeCbor(bytes);
    if (!decoded.ok) return { ok: false, path: '$', reason: `${decoded.code}: ${decoded.detail}` };
    return verdict(this.names, rule, decoded.value);
  }
}

/** `names` are those of the files, for error messages. */
export const loadCddl = (texts: readonly string[], names: readonly string[] = []): Cddl => {
  const rules = new Map<string, Rule>();
  for (const rule of parseCddl('prelude', PRELUDE)) rules.set(rule.name, rule);
  const own = new Set<string>();
  for (const [i, text] of texts.entries()) {
    for (const rule of parseCddl(names[i] ?? `text ${i + 1}`, text)) {
      rules.set(rule.name, merged(rules.get(rule.name), rule));
      own.add(rule.name);
    }
  }
  for (const name of own) checkNames(rules.get(name)!, rules);
  return new Cddl(rules, [...own]);
};
