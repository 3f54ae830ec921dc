/**
 * CommonJS packages in a box of their own: modules, timers and what they throw. johnny-five keeps every board and
 * component that ever was in its modules, starts intervals that nobody can stop, and throws from within them.
 * Here each connection gets fresh modules of the same compiled code, and closing the box ends all of it.
 */

import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { compileFunction } from 'node:vm';

type Module = { exports: unknown };
type Compiled = (...args: unknown[]) => void;
type Timer = NodeJS.Timeout | NodeJS.Immediate;
type Callback = (...args: unknown[]) => void;

const PARAMETERS = [
  ...['exports', 'require', 'module', '__filename', '__dirname', 'process', 'console'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate'],
];

/** By file, for all boxes: code is shared, what it keeps is not. */
const compiled = new Map<string, Compiled>();

const compile = (file: string): Compiled => {
  const known = compiled.get(file);
  if (known !== undefined) return known;
  const code = compileFunction(readFileSync(file, 'utf8'), PARAMETERS, { filename: file }) as Compiled;
  compiled.set(file, code);
  return code;
};

/** They talk to a person at a terminal, whom we do not have. */
const SILENT = { log: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export class Sandbox {
  readonly #modules = new Map<string, Module>();
  readonly #timers = new Set<Timer>();
  readonly #onError: (error: Error) => void;
  readonly #from: string;
  readonly #globals: readonly unknown[];
  #closed = false;

  /** `from`: the file whose packages these are. `onError`: what a timer threw; the box goes on. */
  constructor(from: string, onError: (error: Error) => void) {
    this.#from = from;
    this.#onError = onError;
    this.#globals = this.#makeGlobals();
  }

  /** Throws where the package is missing (code MODULE_NOT_FOUND), or when it does. */
  require(id: string, by = this.#from): unknown {
    const require = createRequire(by);
    if (isBuiltin(id)) return require(id);
    const file = require.resolve(id);
    const known = this.#modules.get(file);
    if (known !== undefined) return known.exports;
    const module: Module = { exports: {} };
    this.#modules.set(file, module);
    if (file.endsWith('.json')) module.exports = JSON.parse(readFileSync(file, 'utf8'));
    else this.#execute(file, module);
    return module.exports;
  }

  /** Runs what uses the packages, and returns what it throws. Nothing once the box is closed. */
  attempt(work: () => void): Error | undefined {
    if (this.#closed) return undefined;
    try {
      work();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The same; what it throws goes to `onError`. */
  run(work: () => void): void {
    const error = this.attempt(work);
    if (error !== undefined) this.#onError(error);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer as NodeJS.Timeout);
    for (const timer of this.#timers) clearImmediate(timer as NodeJS.Immediate);
    this.#timers.clear();
    this.#modules.clear();
  }

  #execute(file: string, module: Module): void {
    const require = (id: string): unknown => this.require(id, file);
    compile(file).apply(module.exports, [
      ...[module.exports, require, module, file, dirname(file)],
      ...this.#globals,
    ]);
  }

  /** In the order of PARAMETERS, from `process` on. */
  #makeGlobals(): unknown[] {
    const process = Object.create(globalThis.process, {
      env: { value: {} }, // whether IS_TEST_MODE or colours are set is not its business
      on: { value: () => process },
      nextTick: { value: (call: Callback, ...args: unknown[]) => this.#soon(call, args) },
    });
    const clear = (timer: Timer | undefined): void => {
      if (timer === undefined || timer === null) return;
      this.#timers.delete(timer);
      clearTimeout(timer as NodeJS.Timeout);
      clearImmediate(timer as NodeJS.Immediate);
    };
    const once =
      (start: (fire: () => void, ms: number) => Timer) =>
      (call: Callback, ms: number, ...args: unknown[]): Timer | undefined => {
        if (this.#closed) return undefined;
        const timer = start(() => {
          this.#timers.delete(timer);
          this.run(() => call(...args));
        }, ms);
        this.#timers.add(timer);
        return timer;
      };
    const setInterval = (call: Callback, ms: number, ...args: unknown[]): Timer | undefined => {
      if (this.#closed) return undefined;
      const timer = globalThis.setInterval(() => this.run(() => call(...args)), ms);
      this.#timers.add(timer);
      return timer;
    };
    const setImmediate = (call: Callback, ...args: unknown[]): Timer | undefined =>
      once((fire) => globalThis.setImmediate(fire))(call, 0, ...args);
    return [process, SILENT, once(globalThis.setTimeout), setInterval, setImmediate, clear, clear, clear];
  }

  #soon(call: Callback, args: unknown[]): void {
    process.nextTick(() => this.run(() => call(...args)));
  }
}
