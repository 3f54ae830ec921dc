/** In the pure core nothing that runs while a module loads names what comes later in it. */

import ts from 'typescript';
import { type Check, eachNode, type Finding, findingAt, runsOnBoards, treesOf } from './project.ts';

/** Bodies run later, when everything is there; types never run. */
const isDeferred = (node: ts.Node): boolean =>
  ts.isArrowFunction(node) ||
  ts.isFunctionExpression(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node) ||
  ts.isAccessor(node) ||
  (ts.isPropertyDeclaration(node) &&
    !ts.getModifiers(node)?.some((one) => one.kind === ts.SyntaxKind.StaticKeyword)) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node));

const declarations = (tree: ts.SourceFile): ReadonlyMap<string, number> => {
  const places = new Map<string, number>();
  for (const statement of tree.statements) {
    if (ts.isClassDeclaration(statement) && statement.name !== undefined) {
      places.set(statement.name.text, statement.end);
    }
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, end } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name)) places.set(name.text, end);
    }
  }
  return places;
};

const isName = (node: ts.Identifier): boolean => {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  return (
    (ts.isPropertyAssignment(parent) || ts.isVariableDeclaration(parent) || ts.isClassElement(parent)) &&
    parent.name === node
  );
};

export const order: Check = (project) =>
  treesOf(project)
    .filter((tree) => runsOnBoards(tree.fileName))
    .flatMap((tree) => {
      const places = declarations(tree);
      const findings: Finding[] = [];
      eachNode(tree, (node) => {
        if (isDeferred(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return false;
        if (ts.isClassDeclaration(node) || !ts.isIdentifier(node) || isName(node)) return undefined;
        const declaredAt = places.get(node.text);
        if (declaredAt !== undefined && node.getStart() < declaredAt && !ts.isClassDeclaration(node.parent)) {
          findings.push(
            findingAt(
              node,
              'define-before-use',
              `${node.text} is used while the module loads, before it is there: move it up`,
            ),
          );
        }
        return undefined;
      });
      return findings;
    });
