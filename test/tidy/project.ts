/** The project as the tidy rules see it: texts by path, TypeScript also as a tree. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export type Source = {
  readonly path: string;
  readonly text: string;
  /** undefined where the file is not TypeScript. */
  readonly tree: ts.SourceFile | undefined;
};

export type Project = {
  readonly sources: ReadonlyMap<string, Source>;
  /** Names at the top level: files and folders. */
  readonly top: ReadonlySet<string>;
};

/** `rule` is one of a closed list, `remedy` a sentence that says what is wrong and what to do. */
export type Finding = {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly remedy: string;
};
export type Check = (project: Project) => Finding[];

const READ = /\.(?:ts|js|mjs|c|h|S|json|md|cddl|sh|yaml|yml|toml)$|^(?:LICENSE|Makefile|run)$/;

const sourceOf = (path: string, text: string): Source => {
  const tree = path.endsWith('.ts')
    ? ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    : undefined;
  return { path, text, tree };
};

/** A project made of texts: how each rule's planted violation is shown to it. */
export const projectOf = (texts: Readonly<Record<string, string>>): Project => {
  const sources = new Map(Object.entries(texts).map(([path, text]) => [path, sourceOf(path, text)]));
  return { sources, top: new Set([...sources.keys()].map((path) => path.split('/')[0]!)) };
};

/** What git ignores by a plain name is not the project's. */
const ignoredNames = (root: string): ReadonlySet<string> => {
  const lines = readFileSync(join(root, '.gitignore'), 'utf8').split('\n');
  return new Set(['.git', ...lines.map((line) => line.replace(/\/$/, ''))]);
};

export const readProject = (root: string): Project => {
  const ignored = ignoredNames(root);
  const texts: Record<string, string> = {};
  const top = new Set<string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (ignored.has(entry.name) || entry.name.endsWith('.log')) continue;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (folder === '') top.add(entry.name);
      if (entry.isDirectory()) walk(path);
      else if (READ.test(entry.name)) texts[path] = readFileSync(join(root, path), 'utf8');
    }
  };
  walk('');
  return { sources: projectOf(texts).sources, top };
};

export const lineOf = (node: ts.Node): number => {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
};

export const findingAt = (node: ts.Node, rule: string, remedy: string): Finding => ({
  path: node.getSourceFile().fileName,
  line: lineOf(node),
  rule,
  remedy,
});

/** Every node of a tree, parents first. `visit` returns false to stay out of a node. */
export const eachNode = (node: ts.Node, visit: (node: ts.Node) => false | undefined): void => {
  if (visit(node) === false) return;
  ts.forEachChild(node, (child) => eachNode(child, visit));
};

export const treesOf = (project: Project): ts.SourceFile[] =>
  [...project.sources.values()].flatMap(({ tree }) => (tree === undefined ? [] : [tree]));

/** The pure core: what must run on Node, in a browser and on Espruino. */
const isPure = (path: string): boolean => path.startsWith('schemas/') || path.startsWith('agent/engine/');

/** What boards with JavaScript load: the pure core, and the sources of their bundles. */
export const runsOnBoards = (path: string): boolean =>
  isPure(path) || (path.startsWith('hardware/espruino/') && path !== 'hardware/espruino/build.ts');
