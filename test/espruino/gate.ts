/**
 * What may ship to a board: a program that Espruino parses, that names nothing before it is there, and that calls
 * nothing the interpreter lacks or does otherwise. Looks at the bundle itself, whatever made it.
 */

import { type Node, parse } from 'acorn';
import { METHODS, STATICS } from '../tidy/subset.ts';

/** `rule` is one of a closed list; `what` names the culprit. */
export type Finding = { readonly rule: string; readonly what: string };

/** The only globals a module may name: what every Espruino has, and the modules that are built into it. */
const PRESENT = new Set(
  'Uint8Array Uint16Array String Number Math RangeError TypeError E exports require getSerial getTime setTimeout clearTimeout undefined NaN'.split(
    ' ',
  ),
);
const MODULES = new Set(['crypto', 'Storage']);
/** There, but otherwise than the language says: a plain array of bytes; a needle's beginning at a text's end. */
const DIFFERENT = new Set(['slice', 'indexOf']);

/** Syntax of ES2015 that Espruino does not run, by acorn's type of node. */
const ABSENT: Readonly<Record<string, string>> = {
  FunctionDeclaration: 'hoisting',
  ObjectPattern: 'destructuring',
  ArrayPattern: 'destructuring',
  AssignmentPattern: 'default-parameter',
  RestElement: 'rest-parameter',
  SpreadElement: 'spread',
  YieldExpression: 'generator',
  TaggedTemplateExpression: 'tagged-template',
  MetaProperty: 'new-target',
};

type Tree = Node & { readonly [field: string]: unknown };
/** Where each name of a block is there; `body` is the function, or the program, that the block runs in. */
type Scope = {
  readonly names: Map<string, number>;
  readonly outer: Scope | undefined;
  readonly body: Tree;
};

const isNode = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && typeof (value as Tree).type === 'string';

const childrenOf = (node: Tree): Tree[] =>
  Object.values(node).flatMap((value) => (Array.isArray(value) ? value : [value]).filter(isNode));

const isFunction = (node: Tree): boolean => /Function(?:Expression|Declaration)$/.test(node.type);
const isBlock = (node: Tree): boolean =>
  isFunction(node) ||
  /^(?:Program|BlockStatement|CatchClause|SwitchStatement|For\w*Statement)$/.test(node.type);

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === 'Identifier' ? (node.name as string) : undefined;

/** The declarations of `node` that reach as far as `block`: `var` crosses the blocks between. */
const declare = (node: Tree, block: Tree, scope: Scope, isInside: boolean): void => {
  const reaches = !isInside || node.kind === 'var';
  if (node.type === 'VariableDeclaration' && reaches) {
    for (const one of node.declarations as Tree[]) scope.names.set(nameOf(one.id) ?? '', one.end);
  }
  if (node.type === 'ClassDeclaration' && reaches) scope.names.set(nameOf(node.id) ?? '', node.end);
  if (node !== block && isFunction(node)) return;
  for (const child of childrenOf(node)) {
    const crosses = isInside || (node !== block && isBlock(node));
    if (!crosses || block === scope.body) declare(child, block, scope, crosses);
  }
};

const scopeOf = (block: Tree, outer: Scope | undefined): Scope => {
  const body = outer === undefined || isFunction(block) ? block : outer.body;
  const scope: Scope = { names: new Map(), outer, body };
  for (const parameter of (block.params as Tree[] | undefined) ?? [block.param as Tree])
    scope.names.set(nameOf(parameter) ?? '', 0);
  declare(block, block, scope, false);
  return scope;
};

const isField = (node: Tree, parent: Tree): boolean =>
  (parent.type === 'MemberExpression' && parent.property === node && parent.computed !== true) ||
  (['Property', 'MethodDefinition'].includes(parent.type) &&
    parent.key === node &&
    parent.computed !== true &&
    parent.value !== node);

const checkName = (node: Tree, parent: Tree, scope: Scope, found: Finding[]): void => {
  const name = node.name as string;
  if (isField(node, parent)) return;
  for (let at: Scope | undefined = scope; at !== undefined; at = at.outer) {
    const from = at.names.get(name);
    if (from === undefined) continue;
    const isDeclaration = parent.type === 'VariableDeclarator' && parent.id === node;
    // Another function's name is used when this function runs, and that may be later than it stands.
    if (at.body === scope.body && node.start < from && !isDeclaration && parent.type !== 'ClassDeclaration')
      found.push({ rule: 'define-before-use', what: name });
    return;
  }
  if (!PRESENT.has(name)) found.push({ rule: 'global', what: name });
};

const checkMember = (node: Tree, parent: Tree, found: Finding[]): void => {
  const method = nameOf(node.property);
  if (node.computed === true || method === undefined) return;
  const member = `${nameOf(node.object) ?? ''}.${method}`;
  if (Object.hasOwn(STATICS, member)) found.push({ rule: 'global', what: member });
  const isCalled = parent.type === 'CallExpression' && parent.callee === node;
  if (isCalled && (METHODS.has(method) || DIFFERENT.has(method)))
    found.push({ rule: 'method', what: method });
};

const checkRequire = (node: Tree, found: Finding[]): void => {
  if (nameOf(node.callee) !== 'require') return;
  const name = (node.arguments as Tree[])[0]?.value;
  if (!MODULES.has(String(name))) found.push({ rule: 'module', what: String(name) });
};

const check = (node: Tree, parent: Tree, scope: Scope, found: Finding[]): void => {
  const absent = ABSENT[node.type];
  if (absent !== undefined) found.push({ rule: absent, what: node.type });
  if (node.type === 'Property' && node.computed === true)
    found.push({ rule: 'computed-key', what: node.type });
  if (node.generator === true) found.push({ rule: 'generator', what: node.type });
  if (node.type === 'ClassDeclaration' && /Error$/.test(nameOf(node.superClass) ?? ''))
    found.push({ rule: 'error-subclass', what: nameOf(node.superClass) ?? '' });
  if (node.type === 'Identifier') checkName(node, parent, scope, found);
  if (node.type === 'MemberExpression') checkMember(node, parent, found);
  if (node.type === 'CallExpression') checkRequire(node, found);
  const inner = isBlock(node) && node !== parent ? scopeOf(node, scope) : scope;
  for (const child of childrenOf(node)) check(child, node, inner, found);
};

/** Nothing found: it may ship. */
export const gate = (code: string): Finding[] => {
  try {
    const tree = parse(code, { ecmaVersion: 6, sourceType: 'script' }) as unknown as Tree;
    const found: Finding[] = [];
    check(tree, tree, scopeOf(tree, undefined), found);
    return found;
  } catch (error) {
    return [{ rule: 'syntax', what: (error as Error).message }];
  }
};
