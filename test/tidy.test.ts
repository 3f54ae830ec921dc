/** The rules of the house, held against the whole project. `test/tidy/planted.test.ts` proves that each one fires. */

import { resolve } from 'node:path';
import { suite } from 'uvu';
import { codes } from './tidy/codes.ts';
import { deadExports, deadFiles } from './tidy/dead.ts';
import { cycles, direction, purity } from './tidy/imports.ts';
import { order } from './tidy/order.ts';
import { type Check, type Finding, readProject } from './tidy/project.ts';
import { fileLengths, floats, functionLengths, readmes, topLevel, unfinished } from './tidy/shape.ts';
import { subset } from './tidy/subset.ts';
import { suites } from './tidy/suites.ts';

const CLAIMS: readonly (readonly [claim: string, check: Check])[] = [
  ['imports go one way', direction],
  ['no files import each other in a circle', cycles],
  ['the pure core imports no package', purity],
  ['the pure core stays inside what Espruino runs', subset],
  ['the pure core defines before it uses', order],
  ['every file is reached by a program or a test', deadFiles],
  ['every export is used', deadExports],
  ['every suite runs', suites],
  ['the top level holds only what belongs there', topLevel],
  ['every top folder says what it promises', readmes],
  ['a file can be read in a sitting', fileLengths],
  ['a function fits a screen', functionLengths],
  ['nothing is left unfinished', unfinished],
  ['money code never sees a float', floats],
  ['every failure code is used and explained', codes],
];

const tell = ({ path, line, rule, remedy }: Finding): string => `${path}:${line}: ${rule}: ${remedy}`;

/** Without a stack, which would only repeat the message. */
const told = (message: string): Error => Object.assign(new Error(message), { stack: '' });

const tidy = suite('the project');
const project = readProject(resolve(import.meta.dirname, '..'));

for (const [claim, check] of CLAIMS) {
  tidy(claim, () => {
    const findings = check(project);
    if (findings.length > 0) throw told(`${findings.length} found\n${findings.map(tell).join('\n')}`);
  });
}

tidy.run();
