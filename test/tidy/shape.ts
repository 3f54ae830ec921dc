/** What lies where, how long it is, and what is left unfinished. */

import ts from 'typescript';
import { type Check, eachNode, type Finding, findingAt, lineOf, treesOf } from './project.ts';

const FOLDERS = ['agent', 'broker', 'firmware-bridge', 'schemas', 'test', 'hardware'];
const TOP = new Set([
  ...FOLDERS,
  ...['package.json', 'package-lock.json', 'tsconfig.json', 'biome.json', 'tollbridge.ts'],
  ...['README.md', 'LICENSE', 'CHANGELOG.md'],
]);

/** A file that one can read in a sitting, a function that fits a screen. */
const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;

const isCode = (path: string): boolean => /\.(?:ts|js|mjs|c|h|S|sh)$|^\.ci\/run$/.test(path);

export const topLevel: Check = ({ top }) =>
  [...top]
    .filter((name) => !TOP.has(name) && !name.startsWith('.'))
    .map((name) => ({
      path: name,
      line: 1,
      rule: 'top-level',
      remedy: `${name} does not belong here: move it into ${FOLDERS.join(', ')}`,
    }));

export const readmes: Check = ({ sources, top }) =>
  ['', ...FOLDERS.filter((folder) => top.has(folder)).map((folder) => `${folder}/`)]
    .map((folder) => `${folder}README.md`)
    .filter((path) => !sources.has(path))
    .map((path) => ({ path, line: 1, rule: 'readme', remedy: 'write one screen: what the folder promises' }));

export const fileLengths: Check = ({ sources }) =>
  [...sources.values()]
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ path, lines }) => isCode(path) && lines > FILE_LINES_MAX)
    .map(({ path, lines }) => ({
      path,
      line: lines,
      rule: 'file-length',
      remedy: `${lines} lines, at most ${FILE_LINES_MAX}: one concept per file`,
    }));

const tooLong = (path: string, line: number, lines: number): Finding => ({
  path,
  line,
  rule: 'function-length',
  remedy: `${lines} lines, at most ${FUNCTION_LINES_MAX}: name its parts`,
});

const linesOf = (node: ts.Node): number =>
  node.getSourceFile().getLineAndCharacterOfPosition(node.end).line + 2 - lineOf(node);

/**
 * Where a function is judged without the functions right inside it: a suite that a function makes, test by test; and
 * what boards load, where closures stand for the methods of classes, whose every `this` would cost flash.
 */
const isJudgedByParts = (path: string): boolean =>
  path.startsWith('test/') || path.startsWith('hardware/espruino/');

/** Lines of the functions right inside `node`. */
const nestedLines = (node: ts.Node): number => {
  let lines = 0;
  ts.forEachChild(node, (child) =>
    eachNode(child, (inner) => {
      if (!ts.isFunctionLike(inner) || !('body' in inner)) return undefined;
      lines += linesOf(inner) - 1;
      return false;
    }),
  );
  return lines;
};

const longFunctions = (tree: ts.SourceFile): Finding[] => {
  const findings: Finding[] = [];
  const byParts = isJudgedByParts(tree.fileName);
  eachNode(tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node)) return undefined;
    const lines = linesOf(node) - (byParts ? nestedLines(node) : 0);
    if (lines > FUNCTION_LINES_MAX) findings.push(tooLong(tree.fileName, lineOf(node), lines));
    return undefined;
  });
  return findings;
};

/** C as we format it: a function's head starts in the first column, its last brace stands there. */
const longCFunctions = (path: string, text: string): Finding[] => {
  const findings: Finding[] = [];
  let head: number | undefined;
  for (const [i, line] of text.split('\n').entries()) {
    if (/^[A-Za-z_][^;={]*\(/.test(line)) head = i + 1;
    if (!line.startsWith('}') || head === undefined) continue;
    const lines = i + 2 - head;
    if (lines > FUNCTION_LINES_MAX) findings.push(tooLong(path, head, lines));
    head = undefined;
  }
  return findings;
};

export const functionLengths: Check = (project) => [
  ...treesOf(project).flatMap(longFunctions),
  ...[...project.sources.values()].flatMap(({ path, text }) =>
    /\.[ch]$/.test(path) ? longCFunctions(path, text) : [],
  ),
];

// Written apart, so that this file does not break its own rule.
const UNFINISHED = new RegExp(`\\b(?:${'TO' + 'DO'}|${'FIX' + 'ME'})\\b`);

export const unfinished: Check = ({ sources }) =>
  [...sources.values()].flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) => {
      const mark = path === 'package-lock.json' ? null : UNFINISHED.exec(line);
      return mark === null
        ? []
        : [{ path, line: i + 1, rule: 'unfinished', remedy: `${mark[0]}: finish it, or open an issue` }];
    }),
  );

/** Money code never sees a float: the contract and the settler. */
export const floats: Check = (project) =>
  treesOf(project)
    .filter(({ fileName }) => fileName.startsWith('schemas/') || fileName.startsWith('broker/settler/'))
    .flatMap((tree) => {
      const findings: Finding[] = [];
      eachNode(tree, (node) => {
        const isFloat = ts.isNumericLiteral(node) && !Number.isInteger(Number(node.text));
        const isFloating = ts.isIdentifier(node) && (node.text === 'parseFloat' || node.text === 'toFixed');
        if (isFloat || isFloating) {
          findings.push(
            findingAt(
              node,
              'float',
              `${node.getText()}: amounts are integers of nanos, decimals are schemas/decimal.ts`,
            ),
          );
        }
        return undefined;
      });
      return findings;
    });
