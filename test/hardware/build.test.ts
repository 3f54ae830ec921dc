import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BOARDS, buildFirmware, COMPILER } from '../../hardware/avr/build.ts';

/** Half of the chip each: an owner adds to it, and the other half of the RAM is the stack. */
const FLASH_BYTES_MAX = 16_384;
const RAM_BYTES_MAX = 1024;

const build = suite('committed firmware');
if (COMPILER.missing !== undefined) console.log(`skip: ${COMPILER.missing}`);

for (const board of BOARDS) {
  const committed = fileURLToPath(new URL(`../../hardware/avr/${board}.hex`, import.meta.url));

  build(`${board}.hex ends with its end record`, () =>
    assert.match(readFileSync(committed, 'utf8'), /:00000001FF\r?\n$/),
  );

  if (COMPILER.missing === undefined) {
    build(`${board}.hex is what its sources become, byte for byte, and fits`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'hex-'));
      const rebuilt = join(folder, 'rebuilt.hex');
      const { flash, ram } = buildFirmware(board, rebuilt);
      const same = readFileSync(rebuilt).equals(readFileSync(committed));
      rmSync(folder, { recursive: true });
      assert.ok(same, 'run node --import tsx hardware/avr/build.ts and commit the result');
      assert.ok(flash <= FLASH_BYTES_MAX && ram <= RAM_BYTES_MAX, `${flash} bytes of flash, ${ram} of RAM`);
    });
  }
}

build.run();
