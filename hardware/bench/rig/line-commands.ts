/** `tollbridge rig record`, `replay` and `relay`: a serial line written down, said again, and spoiled. */

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { openPort } from '../../../firmware-bridge/port.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { type Fault, readFault } from '../faults.ts';
import { openPty } from '../pty.ts';
import { Relay } from '../relay.ts';
import { Replay } from '../replay.ts';
import { TraceReader, TraceWriter } from '../trace.ts';
import { wholeNumber } from './run-command.ts';

const BAUD_MIN = 300;
const BAUD_MAX = 4_000_000;
const SPEED_MAX = 1_000_000;
const LINGER_MS = 500;
const SEED_MAX = 2 ** 32 - 1;

const print = (line: object): void => console.log(JSON.stringify(line));

/** A promise that ends with a signal, or when told how; and the signal for what listens. */
class Ending {
  readonly #abort = new AbortController();
  #settle: (outcome: Result<number>) => void = () => {};
  readonly outcome = new Promise<Result<number>>((resolve) => {
    this.#settle = resolve;
  });

  constructor() {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.end(ok(0)));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  readonly end = (outcome: Result<number>): void => {
    this.#abort.abort();
    this.#settle(outcome);
  };
}

/** Codes: config-invalid. */
const readBaud = (text: string): Result<number> => {
  const baud = wholeNumber(text, BAUD_MIN, BAUD_MAX);
  return baud === undefined
    ? refuse('config-invalid', `--baud ${text}: a whole number from ${BAUD_MIN} to ${BAUD_MAX}`)
    : ok(baud);
};

export const recordCommand = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      path: { type: 'string' },
      out: { type: 'string' },
      link: { type: 'string' },
      baud: { type: 'string', default: '115200' },
    },
  });
  const { path, out, link } = values;
  if (path === undefined || out === undefined)
    return refuse('config-invalid', 'record needs --path, the port of the board, and --out, a file');
  if (link !== undefined) return relayCommand([...argv]);
  const baud = readBaud(values.baud);
  if (!baud.ok) return baud;
  const trace = TraceWriter.create(out, path, baud.value);
  if (!trace.ok) return trace;
  const ending = new Ending();
  const port = await openPort(
    { path, baudRate: baud.value },
    {
      onData: (bytes) => {
        trace.value.write('board', bytes);
        if (trace.value.failure !== undefined) ending.end(trace.value.failure);
      },
      onClose: () =>
        ending.end(refuse('device-failed', `${path} was disconnected; ${out} is whole until then`)),
    },
  );
  if (!port.ok) {
    trace.value.discard();
    return port;
  }
  print({ ready: true, path, out });
  const outcome = await ending.outcome;
  await port.value.close();
  trace.value.close();
  print({ out, bytes: trace.value.bytes });
  return outcome;
};

export const replayCommand = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      link: { type: 'string' },
      speed: { type: 'string', default: '1' },
      wait: { type: 'boolean', default: false },
      answer: { type: 'boolean', default: false },
    },
  });
  const [file] = positionals;
  if (file === undefined || values.link === undefined)
    return refuse('config-invalid', 'replay needs a trace and --link, a path for the port');
  const speed = /^\d{1,7}(\.\d{1,3})?$/.test(values.speed) ? Number(values.speed) : -1;
  if (speed < 0 || speed > SPEED_MAX)
    return refuse('config-invalid', `--speed ${values.speed}: 0 (without waiting) to ${SPEED_MAX}`);
  const trace = new TraceReader(file);
  const ending = new Ending();
  const pty = await openPty({
    link: values.link,
    onData: (bytes) => replay.hear(bytes),
    onClose: () => ending.end(refuse('device-failed', 'the pseudo-terminal ended: start the replay again')),
  });
  if (!pty.ok) return pty;
  const send = (bytes: Uint8Array): boolean => pty.value.write(bytes);
  const replay = new Replay(trace, { speed, answer: values.answer, send, signal: ending.signal });
  print({ ready: true, link: values.link, tty: pty.value.path });
  if (values.wait) await replay.firstWord();
  void replay.run().then((said) => {
    if (!said.ok) {
      ending.end(said);
      return;
    }
    print({ bytes: said.value, truncated: trace.truncated });
    setTimeout(() => ending.end(ok(0)), LINGER_MS); // a terminal that ends takes with it what nobody has read yet
  });
  const outcome = await ending.outcome;
  pty.value.close();
  return outcome;
};

export const relayCommand = async (argv: readonly string[]): Promise<Result<number>> => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      path: { type: 'string' },
      link: { type: 'string' },
      out: { type: 'string' },
      fault: { type: 'string' },
      baud: { type: 'string', default: '115200' },
      seed: { type: 'string', default: '1' },
    },
  });
  const { path, link, out } = values;
  if (path === undefined || link === undefined)
    return refuse(
      'config-invalid',
      'relay needs --path, the port of the board, and --link, a path for another',
    );
  const baud = readBaud(values.baud);
  if (!baud.ok) return baud;
  const seed = wholeNumber(values.seed, 0, SEED_MAX);
  if (seed === undefined)
    return refuse('config-invalid', `--seed ${values.seed}: a whole number from 0 to ${SEED_MAX}`);
  const fault = values.fault === undefined ? undefined : readFault(values.fault);
  if (fault?.ok === false) return fault;
  const trace = out === undefined ? undefined : TraceWriter.create(out, path, baud.value);
  if (trace?.ok === false) return trace;
  const ending = new Ending();
  const relay = await Relay.open({
    path,
    link,
    baudRate: baud.value,
    seed,
    tap: (from, bytes) => {
      trace?.value.write(from, bytes);
      if (trace?.value.failure !== undefined) ending.end(trace.value.failure);
    },
    onLost: ending.end,
  });
  if (!relay.ok) {
    trace?.value.discard();
    return relay;
  }
  print({ ready: true, path, link });
  if (fault !== undefined) begin(relay.value, fault.value);
  const typed = createInterface(process.stdin).on('line', (line) => void obey(relay.value, line.trim()));
  const outcome = await ending.outcome;
  typed.close();
  await relay.value.close();
  trace?.value.close();
  if (trace !== undefined) print({ out, bytes: trace.value.bytes });
  return outcome;
};

const begin = (relay: Relay, fault: Fault): void => {
  relay.begin(fault);
  print({ fault: fault.kind, ...(fault.amount > 0 && { amount: fault.amount }) });
};

/** A line that somebody types while the relay runs. */
const obey = async (relay: Relay, line: string): Promise<void> => {
  if (line === '' || line === 'none') {
    await relay.end();
    print({ fault: 'none' });
    return;
  }
  const fault = readFault(line);
  if (!fault.ok) {
    print({ refused: fault.detail });
    return;
  }
  await relay.end();
  begin(relay, fault.value);
};
