/** Leaves a stage for the test that asks for it. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { type Modules, openStage, type Stage } from '../stage.ts';

declare const exports: { hash: Sha256; stage: Stage };
declare const MODULES: Modules;

exports.stage = openStage(MODULES, exports.hash);
