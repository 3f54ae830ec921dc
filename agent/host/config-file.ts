/** Configuration files: YAML by a shape, where every mistake is told with line and column, not one by one. */

import { dirname, resolve } from 'node:path';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ok, type Result, refuse } from '../../schemas/result.ts';
import type { Entry, Part, Place, Reading, Shape } from './shape-part.ts';

/** What people write by hand. */
const FILE_LENGTH_MAX = 1_000_000;
/** More is one mistake with many consequences. */
const PROBLEMS_MAX = 10;
/** Deeper than any shape. */
const DEPTH_MAX = 16;

/** `key:` with nothing behind it leaves the key out. */
const isEmpty = (node: Node): boolean => isScalar(node) && node.type === 'PLAIN' && node.source === '';

class Reader implements Reading {
  readonly directory: string;
  readonly problems: { readonly offset: number; readonly text: string }[] = [];

  constructor(path: string) {
    this.directory = dirname(resolve(path));
  }

  problem(offset: number, text: string): void {
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ offset, text });
  }

  place(node: unknown, name: string, parentOffset: number, depth: number): Place {
    const found = node as Node | null | undefined;
    const offset = found?.range?.[0] ?? parentOffset;
    if (isAlias(node)) this.problem(offset, `${name} is an alias (*${node.source}): write the value itself`);
    if (isAlias(node) || found === null || found === undefined || isEmpty(found) || depth > DEPTH_MAX)
      return { name, offset: parentOffset, part: { kind: 'absent' } };
    return { name, offset, part: this.part(found, name, offset, depth + 1) };
  }

  private part(node: Node, name: string, offset: number, depth: number): Part {
    if (isScalar(node)) return { kind: 'scalar', text: String(node.value) };
    if (isSeq(node)) {
      const items = node.items.map((item, i) => this.place(item, `${name}[${i + 1}]`, offset, depth));
      return { kind: 'list', items };
    }
    const entries: Entry[] = [];
    for (const pair of isMap(node) ? node.items : []) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const key = String(pair.key.value);
      const keyOffset = pair.key.range?.[0] ?? offset;
      const value = this.place(pair.value, name === '' ? key : `${name}.${key}`, keyOffset, depth);
      entries.push({ key, keyOffset, value });
    }
    return { kind: 'map', entries };
  }
}

/** What the file says, checked; `text` is its content. Code: config-invalid, a line for each mistake. */
export const readConfig = <T>(path: string, text: string, shape: Shape<T>): Result<T> => {
  if (text.length > FILE_LENGTH_MAX)
    return refuse(
      'config-invalid',
      `${path} has ${text.length} characters, at most ${FILE_LENGTH_MAX} are read`,
    );
  const lines = new LineCounter();
  // 'failsafe' leaves every scalar as it was written: no amount passes through a float, no "no" becomes false.
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false });
  const reader = new Reader(path);
  for (const error of document.errors) reader.problem(error.pos[0], `not YAML: ${error.message}`);
  const value =
    reader.problems.length === 0
      ? shape.read(reader.place(document.contents, '', 0, 0), reader)
      : (undefined as never);
  if (reader.problems.length === 0) return ok(value);
  const told = reader.problems.map((problem) => {
    const { line, col } = lines.linePos(problem.offset);
    return `${path}:${line}:${col}: ${problem.text}`;
  });
  return refuse('config-invalid', told.join('\n'));
};

/** A file that the shape accepts, with a comment on every key. */
export const printExample = (shape: Shape<unknown>): string => {
  const example = shape.example();
  const lines = typeof example === 'string' ? [example] : example;
  return [`# ${shape.about}`, ...lines, ''].join('\n');
};
