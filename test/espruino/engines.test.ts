/** One scenario and the vectors in every engine there is: Node without what Espruino lacks, Duktape, Espruino itself. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { espruinoBinary, missing, programOf, runBare, runDuktape, runEspruino } from './engines.ts';
import { sha256 } from './sha256.ts';
import { computeVectors } from './vectors.ts';

const scenario = (hasHash = false): Promise<string> => programOf('scenario.ts', hasHash);
const vectors = (hasHash = false): Promise<string> => programOf('vectors.ts', hasHash);

/** A text of Espruino has one byte a letter: a board's names are ASCII. */
const LATIN_1 = /^text beyond the BMP /;

const expected = (): string[] => {
  const lines: string[] = [];
  computeVectors(sha256, (line) => lines.push(line));
  return [...lines, 'end'];
};

const engines = suite('engines');
const skip = (reason: string): void => console.log(`skip: ${reason}`);

engines('Node without what Espruino lacks: the vectors', async () => {
  assert.equal(runBare(await vectors()), expected());
});

const noDuktape = missing('duk', 'no duktape: apt-get install duktape');
if (noDuktape !== undefined) skip(noDuktape);
else {
  engines('Duktape: the vectors', async () => {
    assert.equal(runDuktape(await vectors()), expected());
  });
  engines('Duktape: the modules do what they do in Node, frame by frame', async () => {
    const program = await scenario();
    assert.equal(runDuktape(program), runBare(program));
  });
}

const binary = espruinoBinary;
if (binary === undefined) skip('no interpreter: build Espruino for Linux and set ESPRUINO_BIN');
else {
  engines('Espruino: the vectors', async () => {
    const isComparable = (line: string): boolean => !LATIN_1.test(line);
    const told = runEspruino(binary, await vectors(true)).filter(isComparable);
    assert.equal(told, expected().filter(isComparable));
  });
  engines('Espruino: the modules do what they do in Node, frame by frame', async () => {
    assert.equal(runEspruino(binary, await scenario(true)), runBare(await scenario()));
  });
}

engines.run();
