/** Files that nothing reaches, and exports that nothing uses. */

import ts from 'typescript';
import { importsOf } from './imports.ts';
import { type Check, eachNode, type Finding, findingAt, type Project, treesOf } from './project.ts';

/** Started by a person, npm or the runner. */
const isEntry = (path: string): boolean =>
  /\.(?:test|bench)\.ts$/.test(path) || ['tollbridge.ts', 'test/run.ts', 'test/bench/run.ts'].includes(path);

/** Texts that start programs by their path. */
const STARTERS = ['package.json', '.ci/run'];

/** `./broker/worker.js` of a spawn, as the end of a path of ours. */
const mentionsIn = (tree: ts.SourceFile): string[] => {
  const mentions: string[] = [];
  eachNode(tree, (node) => {
    const isText =
      ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateTail(node);
    if (isText && /\.[jt]s$/.test(node.text)) {
      mentions.push(node.text.replace(/^(?:\.*\/)+/, '').replace(/\.js$/, '.ts'));
    }
    return undefined;
  });
  return mentions;
};

const reachable = (project: Project): ReadonlySet<string> => {
  const trees = new Map(treesOf(project).map((tree) => [tree.fileName, tree]));
  const starters = STARTERS.map((path) => project.sources.get(path)?.text ?? '').join('\n');
  const isStarted = (path: string): boolean =>
    starters.includes(path) || starters.includes(path.replace(/\.ts$/, '.js'));
  const waiting = [...trees.keys()].filter((path) => isEntry(path) || isStarted(path));
  const reached = new Set(waiting);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const tree = trees.get(path);
    if (tree === undefined) continue;
    const imported = importsOf(tree).map((one) => one.to);
    const mentions = mentionsIn(tree);
    const mentioned = [...trees.keys()].filter((other) =>
      mentions.some((end) => `/${other}`.endsWith(`/${end}`)),
    );
    for (const other of [...imported, ...mentioned]) {
      if (reached.has(other)) continue;
      reached.add(other);
      waiting.push(other);
    }
  }
  return reached;
};

export const deadFiles: Check = (project) => {
  const reached = reachable(project);
  return treesOf(project)
    .filter((tree) => !reached.has(tree.fileName))
    .map(({ fileName }) => ({
      path: fileName,
      line: 1,
      rule: 'dead-file',
      remedy: 'no program and no test reaches it: import it or delete it',
    }));
};

type Export = { readonly name: string; readonly node: ts.Node; readonly isType: boolean };

const exportsOf = (tree: ts.SourceFile): Export[] => {
  const found: Export[] = [];
  for (const statement of tree.statements) {
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
    ) {
      for (const one of statement.exportClause.elements)
        found.push({ name: one.name.text, node: one, isType: false });
    }
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword) === true;
    if (!isExported) continue;
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    const declared: readonly ts.NamedDeclaration[] = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations
      : [statement as ts.DeclarationStatement];
    for (const { name } of declared) {
      if (name !== undefined && ts.isIdentifier(name)) found.push({ name: name.text, node: name, isType });
    }
  }
  return found;
};

/** The names that `node`, an import or export, takes from its module; undefined where it may be any. */
const namesTaken = (node: ts.Node): string[] | undefined => {
  if (ts.isImportDeclaration(node)) {
    const bindings = node.importClause?.namedBindings;
    if (bindings === undefined) return [];
    if (ts.isNamedImports(bindings))
      return bindings.elements.map((one) => (one.propertyName ?? one.name).text);
    return membersRead(node.getSourceFile(), bindings.name.text);
  }
  if (
    ts.isExportDeclaration(node) &&
    node.exportClause !== undefined &&
    ts.isNamedExports(node.exportClause)
  ) {
    return node.exportClause.elements.map((one) => (one.propertyName ?? one.name).text);
  }
  return dynamicNames(node);
};

/** `const { a } = await import('./x.ts')` takes a; `(await import('./x.ts')).a` as well. */
const dynamicNames = (node: ts.Node): string[] | undefined => {
  let outer = node.parent;
  while (outer !== undefined && (ts.isAwaitExpression(outer) || ts.isParenthesizedExpression(outer)))
    outer = outer.parent;
  if (outer === undefined) return undefined;
  if (ts.isPropertyAccessExpression(outer)) return [outer.name.text];
  if (!ts.isVariableDeclaration(outer)) return undefined;
  if (ts.isIdentifier(outer.name)) return membersRead(node.getSourceFile(), outer.name.text);
  return outer.name.elements.flatMap((one) => {
    const name = ts.isBindingElement(one) ? (one.propertyName ?? one.name) : undefined;
    return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
  });
};

/** What is read of a namespace: `ns.a`, `ns.A` as a type; undefined where the whole is handed on. */
const membersRead = (tree: ts.SourceFile, namespace: string): string[] | undefined => {
  const names: string[] = [];
  let whole = false;
  eachNode(tree, (node) => {
    if (!ts.isIdentifier(node) || node.text !== namespace) return undefined;
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.expression === node) names.push(parent.name.text);
    else if (ts.isQualifiedName(parent)) names.push(parent.right.text);
    else if (!ts.isNamespaceImport(parent) && !ts.isVariableDeclaration(parent)) whole = true;
    return undefined;
  });
  return whole ? undefined : names;
};

/** Types that another export of the same file is made of: who uses that one may need to name them. */
const typesInExports = (tree: ts.SourceFile): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const statement of tree.statements) {
    const exported =
      ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.[0]?.kind === ts.SyntaxKind.ExportKeyword;
    if (!exported) continue;
    eachNode(statement, (node) => {
      if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName)) names.add(node.typeName.text);
      return undefined;
    });
  }
  return names;
};

export const deadExports: Check = (project) => {
  const used = new Set<string>();
  const wholly = new Set<string>();
  for (const tree of treesOf(project)) {
    for (const { to, isFile, node } of importsOf(tree)) {
      const names = isFile ? namesTaken(node) : [];
      if (names === undefined) wholly.add(to);
      else for (const name of names) used.add(`${to} ${name}`);
    }
  }
  const findings: Finding[] = [];
  for (const tree of treesOf(project)) {
    if (wholly.has(tree.fileName)) continue;
    const inExports = typesInExports(tree);
    for (const { name, node, isType } of exportsOf(tree)) {
      const isBench = name === 'bench' && tree.fileName.endsWith('.bench.ts');
      if (isBench || used.has(`${tree.fileName} ${name}`) || (isType && inExports.has(name))) continue;
      findings.push(
        findingAt(node, 'dead-export', `nothing imports ${name}: drop the word export, or the code`),
      );
    }
  }
  return findings;
};
