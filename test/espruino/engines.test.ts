/** One scenario and the vectors in every engine there is: Node without what Espruino lacks, Duktape, Espruino itself. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { espruinoBinary, missing, programOf, runBare, runDuktape, runEspruino } from './engines.ts';
import { sha256 } from './sha256.ts';
import { computeVectors } from './vectors.ts';

const OWN_SHA256 = "import { sha256 } from './sha256.ts';";
const NATIVE_SHA256 =
  "const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(require('crypto').SHA256(bytes));";

const scenario = (hash: string): Promise<string> =>
  programOf(`
    import { playScenario } from './scenario.ts';
    import { openStage } from './stage.ts';
    ${hash}
    playScenario(openStage(MODULES, sha256), sha256, (line) => print('> ' + line));
    print('> end');
  `);

const vectors = (hash: string): Promise<string> =>
  programOf(`
    import { computeVectors } from './vectors.ts';
    ${hash}
    computeVectors(sha256, (line) => print('> ' + line));
    print('> end');
  `);

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
  assert.equal(runBare(await vectors(OWN_SHA256)), expected());
});

const noDuktape = missing('duk', 'no duktape: apt-get install duktape');
if (noDuktape !== undefined) skip(noDuktape);
else {
  engines('Duktape: the vectors', async () => {
    assert.equal(runDuktape(await vectors(OWN_SHA256)), expected());
  });
  engines('Duktape: the modules do what they do in Node, frame by frame', async () => {
    const program = await scenario(OWN_SHA256);
    assert.equal(runDuktape(program), runBare(program));
  });
}

const binary = espruinoBinary;
if (binary === undefined) skip('no interpreter: build Espruino for Linux and set ESPRUINO_BIN');
else {
  engines('Espruino: the vectors', async () => {
    const isComparable = (line: string): boolean => !LATIN_1.test(line);
    const told = runEspruino(binary, await vectors(NATIVE_SHA256)).filter(isComparable);
    assert.equal(told, expected().filter(isComparable));
  });
  engines('Espruino: the modules do what they do in Node, frame by frame', async () => {
    assert.equal(runEspruino(binary, await scenario(NATIVE_SHA256)), runBare(await scenario(OWN_SHA256)));
  });
}

engines.run();
