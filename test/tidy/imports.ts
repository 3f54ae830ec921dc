/** Which file imports which, and the one direction of imports. */

import { posix } from 'node:path';
import ts from 'typescript';
import {
  type Check,
  eachNode,
  type Finding,
  findingAt,
  lineOf,
  type Project,
  runsOnBoards,
  treesOf,
} from './project.ts';

export type Import = {
  readonly from: string;
  /** The imported file's path, or the package's specifier. */
  readonly to: string;
  readonly isFile: boolean;
  /** Erased when it runs. */
  readonly typeOnly: boolean;
  readonly node: ts.Node;
};

const isTypeOnly = (node: ts.Node): boolean =>
  (ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
  (ts.isExportDeclaration(node) && node.isTypeOnly);

const specifierOf = (node: ts.Node): ts.Expression | undefined => {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? node.arguments[0] : undefined;
};

export const importsOf = (tree: ts.SourceFile): Import[] => {
  const imports: Import[] = [];
  eachNode(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const isFile = specifier.text.startsWith('.');
    const to = isFile ? posix.join(posix.dirname(tree.fileName), specifier.text) : specifier.text;
    imports.push({ from: tree.fileName, to, isFile, typeOnly: isTypeOnly(node), node });
  });
  return imports;
};

/** Areas, the more special first, and the areas each may import. */
const AREAS: readonly { readonly area: string; readonly may: readonly string[] }[] = [
  { area: 'schemas/', may: ['schemas/'] },
  { area: 'agent/engine/', may: ['schemas/', 'agent/engine/'] },
  { area: 'agent/', may: ['schemas/', 'firmware-bridge/', 'agent/'] },
  { area: 'firmware-bridge/', may: ['schemas/', 'firmware-bridge/'] },
  { area: 'broker/', may: ['schemas/', 'broker/'] },
  { area: 'hardware/bench/', may: ['schemas/', 'agent/engine/', 'firmware-bridge/', 'hardware/'] },
  { area: 'hardware/', may: ['schemas/', 'agent/engine/', 'hardware/'] },
  { area: 'test/', may: [''] },
  { area: 'tollbridge.ts', may: ['schemas/', 'firmware-bridge/', 'agent/', 'broker/', 'hardware/'] },
];

export const direction: Check = (project) =>
  treesOf(project).flatMap((tree) => {
    const area = AREAS.find((one) => tree.fileName.startsWith(one.area));
    if (area === undefined) return [];
    return importsOf(tree)
      .filter((one) => one.isFile && !area.may.some((prefix) => one.to.startsWith(prefix)))
      .map((one) =>
        findingAt(
          one.node,
          'import-direction',
          `${area.area} may not import ${one.to}, only ${area.may.join(', ')}: move what both need to schemas/, or pass it in as an argument`,
        ),
      );
  });

export const purity: Check = (project) =>
  treesOf(project)
    .filter((tree) => runsOnBoards(tree.fileName))
    .flatMap(importsOf)
    .filter((one) => !one.isFile)
    .map((one) =>
      findingAt(
        one.node,
        'pure-import',
        `the pure core imports no package, got ${one.to}: take it as an argument (schemas/crypto.ts)`,
      ),
    );

/** Files that import each other in a circle when they run; what is only a type is erased and may. */
export const cycles: Check = (project: Project) => {
  const next = new Map(
    treesOf(project).map((tree) => [
      tree.fileName,
      importsOf(tree).filter((one) => one.isFile && !one.typeOnly),
    ]),
  );
  const findings: Finding[] = [];
  const finished = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (finished.has(path)) return;
    for (const one of next.get(path) ?? []) {
      const start = trail.indexOf(one.to);
      if (start < 0) walk(one.to, [...trail, one.to]);
      else {
        const circle = [...trail.slice(start), one.to].join(' -> ');
        findings.push({
          path,
          line: lineOf(one.node),
          rule: 'import-cycle',
          remedy: `${circle}: move what both need to a file of its own`,
        });
      }
    }
    finished.add(path);
  };
  for (const path of next.keys()) walk(path, [path]);
  return findings;
};
