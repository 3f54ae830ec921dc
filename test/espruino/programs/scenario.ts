/** Tells every frame of the scenario. */

import type { Sha256 } from '../../../schemas/crypto.ts';
import { playScenario } from '../scenario.ts';
import { type Modules, openStage } from '../stage.ts';

declare const exports: { hash: Sha256 };
declare const MODULES: Modules;
declare const print: (line: string) => void;

playScenario(openStage(MODULES, exports.hash), exports.hash, (line) => print('> ' + line));
print('> end');
