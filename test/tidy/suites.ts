/** What uvu lets pass silently. */

import ts from 'typescript';
import { type Check, eachNode, type Finding, findingAt, treesOf } from './project.ts';

const isCallOf = (node: ts.Node | undefined, name: string): node is ts.CallExpression =>
  node !== undefined && ts.isCallExpression(node) && node.expression.getText() === name;

const findingsIn = (tree: ts.SourceFile): Finding[] => {
  const findings: Finding[] = [];
  const started = new Set<string>();
  const suites: ts.VariableDeclaration[] = [];
  eachNode(tree, (node) => {
    if (ts.isVariableDeclaration(node) && isCallOf(node.initializer, 'suite')) suites.push(node);
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return undefined;
    const { expression, name } = node.expression;
    if (name.text === 'run') started.add(expression.getText());
    if (name.text === 'only')
      findings.push(findingAt(node, 'only', '.only silences the other tests: remove it'));
    const subject = node.arguments[0];
    const isAsync =
      subject !== undefined && ts.isArrowFunction(subject) && ts.getModifiers(subject) !== undefined;
    if (node.expression.getText() === 'assert.throws' && isAsync) {
      findings.push(
        findingAt(node, 'async-throws', 'assert.throws does not await: await the call in try/catch'),
      );
    }
    return undefined;
  });
  for (const { name } of suites) {
    if (!started.has(name.getText()))
      findings.push(findingAt(name, 'run', `${name.getText()}.run() is missing: its tests never run`));
  }
  if (tree.fileName.endsWith('.test.ts') && started.size === 0) {
    findings.push({
      path: tree.fileName,
      line: 1,
      rule: 'run',
      remedy: 'the file starts no suite: call .run()',
    });
  }
  return findings;
};

export const suites: Check = (project) =>
  treesOf(project)
    .filter(({ fileName }) => fileName.startsWith('test/'))
    .flatMap(findingsIn);
