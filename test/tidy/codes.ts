/** Every failure code is used by code and explained in the specs, and its number is its own. */

import ts from 'typescript';
import { type Check, eachNode, type Finding, findingAt, type Project, treesOf } from './project.ts';

const TABLE = 'schemas/result.ts';

const codesOf = (project: Project): ts.PropertyAssignment[] => {
  const rows: ts.PropertyAssignment[] = [];
  const tree = project.sources.get(TABLE)?.tree;
  if (tree === undefined) return rows;
  eachNode(tree, (node) => {
    if (!ts.isVariableDeclaration(node) || node.name.getText() !== 'CODES') return undefined;
    eachNode(node, (row) => {
      if (ts.isPropertyAssignment(row)) rows.push(row);
      return undefined;
    });
    return false;
  });
  return rows;
};

const textsUsed = (project: Project): ReadonlySet<string> => {
  const texts = new Set<string>();
  for (const tree of treesOf(project)) {
    if (tree.fileName === TABLE || tree.fileName.startsWith('test/')) continue;
    eachNode(tree, (node) => {
      if (ts.isStringLiteral(node)) texts.add(node.text);
      return undefined;
    });
  }
  return texts;
};

export const codes: Check = (project) => {
  const used = textsUsed(project);
  const specs = [...project.sources.values()].filter(({ path }) => path.startsWith('schemas/spec/'));
  const numbers = new Set<string>();
  const findings: Finding[] = [];
  for (const row of codesOf(project)) {
    const code = ts.isStringLiteral(row.name) ? row.name.text : row.name.getText();
    const number = row.initializer.getText();
    const explained = new RegExp(`(?<![\\w-])${code}(?![\\w-])`);
    if (!used.has(code))
      findings.push(findingAt(row, 'code-unused', `nothing refuses with ${code}: use it or drop it`));
    if (!specs.some(({ text }) => explained.test(text))) {
      findings.push(
        findingAt(
          row,
          'code-unexplained',
          `no file of schemas/spec/ names ${code}: say when it comes and what to do`,
        ),
      );
    }
    if (numbers.has(number))
      findings.push(findingAt(row, 'code-number', `${number} is given twice: ${code} needs a fresh one`));
    numbers.add(number);
  }
  return findings;
};
