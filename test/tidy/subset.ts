/**
 * What the pure core may not say, because Espruino would not run it or because it is not pure.
 *
 * Each row of the tables is one rule; `planted.ts` holds a violation of each.
 */

import ts from 'typescript';
import { type Check, eachNode, type Finding, findingAt, runsOnBoards, treesOf } from './project.ts';

const { SyntaxKind } = ts;
type Rule = { readonly rule: string; readonly remedy: string; readonly broken: (node: ts.Node) => boolean };

const isOperator = (node: ts.Node, ...kinds: readonly ts.SyntaxKind[]): boolean =>
  ts.isBinaryExpression(node) && kinds.includes(node.operatorToken.kind);

const isPattern = (node: ts.Node): boolean =>
  ts.isObjectLiteralExpression(node) || ts.isArrayLiteralExpression(node);

const hasAsync = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node) ?? []).some((one) => one.kind === SyntaxKind.AsyncKeyword);

export const SYNTAX: readonly Rule[] = [
  {
    rule: 'function-declaration',
    remedy: 'Espruino does not hoist: write `const f = () => …`',
    broken: (node) => ts.isFunctionDeclaration(node),
  },
  {
    rule: 'destructuring',
    remedy: 'read the fields one by one',
    broken: (node) =>
      ts.isObjectBindingPattern(node) ||
      ts.isArrayBindingPattern(node) ||
      (ts.isBinaryExpression(node) && isOperator(node, SyntaxKind.EqualsToken) && isPattern(node.left)) ||
      (ts.isForOfStatement(node) && isPattern(node.initializer)),
  },
  {
    rule: 'default-parameter',
    remedy: 'pass every argument',
    broken: (node) => ts.isParameter(node) && node.initializer !== undefined,
  },
  {
    rule: 'rest-parameter',
    remedy: 'take an array',
    broken: (node) => ts.isParameter(node) && node.dotDotDotToken !== undefined,
  },
  {
    rule: 'spread',
    remedy: 'concat arrays, and name the fields of objects',
    broken: (node) => ts.isSpreadElement(node) || ts.isSpreadAssignment(node),
  },
  {
    rule: 'optional-chaining',
    remedy: 'compare with undefined',
    broken: (node) => node.kind === SyntaxKind.QuestionDotToken,
  },
  {
    rule: 'logical-assignment',
    remedy: 'write the condition out',
    broken: (node) =>
      isOperator(
        node,
        SyntaxKind.QuestionQuestionEqualsToken,
        SyntaxKind.BarBarEqualsToken,
        SyntaxKind.AmpersandAmpersandEqualsToken,
      ),
  },
  {
    rule: 'exponentiation',
    remedy: 'multiply, or name the constant',
    broken: (node) =>
      isOperator(node, SyntaxKind.AsteriskAsteriskToken, SyntaxKind.AsteriskAsteriskEqualsToken),
  },
  {
    rule: 'async',
    remedy: 'the core is synchronous: return effects as data, and let the shell wait',
    broken: (node) => hasAsync(node) || ts.isAwaitExpression(node) || node.kind === SyntaxKind.AwaitKeyword,
  },
  {
    rule: 'generator',
    remedy: 'return an array, or take a callback',
    broken: (node) => 'asteriskToken' in node && node.asteriskToken !== undefined,
  },
  {
    rule: 'computed-key',
    remedy: 'assign the field after the object is made',
    broken: (node) => ts.isComputedPropertyName(node),
  },
  {
    rule: 'private-name',
    remedy: 'write `private`, which is erased',
    broken: (node) => ts.isPrivateIdentifier(node),
  },
  {
    rule: 'bigint',
    remedy: 'amounts of a channel are numbers below 2^53; bigint lives in the ledger',
    broken: (node) => ts.isBigIntLiteral(node),
  },
  {
    rule: 'error-subclass',
    remedy: 'return a Result, or throw a class of your own that extends nothing',
    broken: (node) =>
      ts.isHeritageClause(node) &&
      node.token === SyntaxKind.ExtendsKeyword &&
      node.types.some((type) => /Error$/.test(type.expression.getText())),
  },
  {
    rule: 'tagged-template',
    remedy: 'call a function',
    broken: (node) => ts.isTaggedTemplateExpression(node),
  },
  {
    rule: 'import-meta',
    remedy: 'what the module needs comes as an argument',
    broken: (node) =>
      ts.isMetaProperty(node) ||
      (ts.isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword),
  },
  {
    rule: 'regexp-flags',
    remedy: 'only g, i and m are everywhere',
    broken: (node) =>
      ts.isRegularExpressionLiteral(node) && /[^gim]/.test(node.text.slice(node.text.lastIndexOf('/') + 1)),
  },
];

const NOT_PURE = 'the core has no clock, randomness, console or machine: take it as an argument';
const NOT_THERE = 'Espruino lacks it: use arrays, objects and the helpers of schemas/bytes.ts';

/** Globals by name. */
export const GLOBALS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'Date performance setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate queueMicrotask console process Buffer globalThis crypto fetch require'
      .split(' ')
      .map((name) => [name, NOT_PURE]),
  ),
  ...Object.fromEntries(
    'Map Set WeakMap WeakSet WeakRef Symbol BigInt BigInt64Array BigUint64Array TextEncoder TextDecoder Proxy Reflect Intl URL structuredClone atob btoa'
      .split(' ')
      .map((name) => [name, NOT_THERE]),
  ),
};

/** Members of globals, `Object.name`. */
export const STATICS: Readonly<Record<string, string>> = {
  'Math.random': NOT_PURE,
  ...Object.fromEntries(
    [
      'Math.trunc Math.imul Math.sign Math.log2 Math.log10 Math.clz32 Math.hypot Math.cbrt Math.fround',
      'Number.isSafeInteger Number.isInteger Number.isFinite Number.isNaN Number.parseInt Number.parseFloat',
      'Object.freeze Object.entries Object.values Object.fromEntries Object.is Object.hasOwn',
      'Array.from Array.of Uint8Array.from Uint8Array.of String.fromCodePoint String.raw',
    ]
      .join(' ')
      .split(' ')
      .map((name) => [name, NOT_THERE]),
  ),
};

/** Methods newer than ES5, whatever they are called on. */
export const METHODS: ReadonlySet<string> = new Set(
  [
    'padStart padEnd includes startsWith endsWith repeat codePointAt normalize trimStart trimEnd replaceAll matchAll at',
    'find findIndex findLast findLastIndex flat flatMap entries values copyWithin',
    'toSorted toReversed toSpliced with isWellFormed toWellFormed',
  ]
    .join(' ')
    .split(' '),
);

/** Names that the file itself declares hide the globals of that name. */
const declaredNames = (tree: ts.SourceFile): ReadonlySet<string> => {
  const names = new Set<string>();
  eachNode(tree, (node) => {
    const { name } = node as ts.NamedDeclaration;
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isImportSpecifier(node) ||
      ts.isClassDeclaration(node);
    if (declares && name !== undefined && ts.isIdentifier(name)) names.add(name.text);
  });
  return names;
};

/** An identifier that is read as a value: no field's name, no type. */
const isRead = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return !ts.isPartOfTypeNode(node) && !ts.isTypeElement(parent) && !ts.isClassElement(parent);
};

const staticName = (node: ts.Node): string | undefined =>
  ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)
    ? `${node.expression.text}.${node.name.text}`
    : undefined;

/** The method's name where `node` calls one on something else than `this` or a class of the language. */
const calledMethod = (node: ts.Node): string | undefined => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
  const { expression, name } = node.expression;
  const member = staticName(node.expression);
  const isStatic = member !== undefined && Object.hasOwn(STATICS, member);
  return isStatic || expression.kind === SyntaxKind.ThisKeyword ? undefined : name.text;
};

const findingsIn = (tree: ts.SourceFile): Finding[] => {
  const declared = declaredNames(tree);
  const findings: Finding[] = [];
  eachNode(tree, (node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return false;
    for (const one of SYNTAX) if (one.broken(node)) findings.push(findingAt(node, one.rule, one.remedy));
    if (
      ts.isIdentifier(node) &&
      Object.hasOwn(GLOBALS, node.text) &&
      !declared.has(node.text) &&
      isRead(node)
    ) {
      findings.push(findingAt(node, 'global', `${node.text}: ${GLOBALS[node.text]}`));
    }
    const member = staticName(node);
    if (member !== undefined && Object.hasOwn(STATICS, member)) {
      findings.push(findingAt(node, 'global', `${member}: ${STATICS[member]}`));
    }
    const method = calledMethod(node);
    if (method !== undefined && METHODS.has(method)) {
      findings.push(findingAt(node, 'method', `.${method}(): ${NOT_THERE}`));
    }
    return undefined;
  });
  return findings;
};

/** Espruino's subset of JavaScript, and purity. */
export const subset: Check = (project) =>
  treesOf(project)
    .filter((tree) => runsOnBoards(tree.fileName))
    .flatMap(findingsIn);
