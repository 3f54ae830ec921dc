/**
 * The control socket: a Unix-domain socket in the state directory, for its owner alone, who could read the private key
 * there as well. Whoever connects and writes a line reads one CBOR item, unsigned, and the end of the stream.
 *
 * | line                            | answer                                                              |
 * |---------------------------------|---------------------------------------------------------------------|
 * | `status`                        | the status                                                          |
 * | `budget <order in hexadecimal>` | {ok: true, value: budget}, or the refusal (`owner/order.ts`)        |
 */

import { chmodSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join, relative } from 'node:path';
import type { Encoder } from 'cbor-x';
import { fromHex, toHex } from '../schemas/bytes.ts';
import { ok, type Result, refuse } from '../schemas/result.ts';
import { storageRefusal, systemError } from './host/storage.ts';
import { type BudgetOrder, decodeOrder, encodeOrder, ORDER_BYTES_MAX } from './owner/order.ts';
import type { AgentStatus } from './status.ts';

const SOCKET = 'control.sock';
const STATUS = 'status';
const BUDGET = 'budget ';
/** The longer line, with its end. */
const LINE_CHARS_MAX = BUDGET.length + 2 * ORDER_BYTES_MAX + 1;
/** sun_path of Linux has 108 bytes, that of macOS 104, with the terminating zero. */
const PATH_BYTES_MAX = 103;
/** An owner, its dashboards and a monitor. */
const CONNECTIONS_MAX = 16;
const IDLE_MS = 2000;
/** A status of some hundred leases. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** Maps with names as keys, readable by any CBOR reader. Loaded by the first question: most agents get none. */
const loadCbor = async (): Promise<Encoder> => {
  const { Encoder } = await import('cbor-x');
  return new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });
};

/** The shorter way to say the path: a system takes only so much. */
const socketPath = (stateDirectory: string): string => {
  const path = join(stateDirectory, SOCKET);
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
};

export type Control = { readonly close: () => Promise<void> };

export type Answers = {
  readonly status: () => AgentStatus;
  readonly budget: (order: BudgetOrder) => Result<Uint8Array>;
};

/** undefined: no line that is known. */
const answerTo = (line: string, { status, budget }: Answers): unknown => {
  if (line === STATUS) return status();
  if (!line.startsWith(BUDGET)) return undefined;
  const bytes = fromHex(line.slice(BUDGET.length));
  if (bytes === undefined) return undefined;
  const order = decodeOrder(bytes);
  return order.ok ? budget(order.value) : order;
};

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => server.close(() => resolve()));

/**
 * By unlink alone: rmSync looks at the socket first, and after that look Node 20 resolves no symbolic link for
 * the next import(), so that an agent installed through links (pnpm, npm link) could not load serialport.
 */
const removeSocket = (path: string): Result<null> => {
  try {
    unlinkSync(path);
  } catch (raised) {
    if (systemError(raised).code !== 'ENOENT') return storageRefusal(raised, 'remove', path);
  }
  return ok(null);
};

/** The state directory is locked, so a socket that is there belongs to nobody. Code: storage-failed. */
export const openControl = async (stateDirectory: string, answers: Answers): Promise<Result<Control>> => {
  const path = socketPath(stateDirectory);
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    return refuse(
      'storage-failed',
      `${path} is too long for a socket (${PATH_BYTES_MAX} bytes): choose a shorter state directory`,
    );
  }
  const server = createServer((socket) => {
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    let asked = '';
    socket.on('data', (chunk) => {
      if (asked.endsWith('\n')) return; // it has been answered
      asked += chunk.toString('latin1');
      const isLine = asked.indexOf('\n') === asked.length - 1;
      if (!isLine && !asked.includes('\n') && asked.length < LINE_CHARS_MAX) return;
      const answer = isLine ? answerTo(asked.slice(0, -1), answers) : undefined;
      if (answer === undefined) socket.destroy();
      else void loadCbor().then((cbor) => socket.end(cbor.encode(answer)));
    });
  });
  server.maxConnections = CONNECTIONS_MAX;
  const removed = removeSocket(path);
  if (!removed.ok) return removed;
  return new Promise((resolve) => {
    server.once('error', (error) =>
      resolve(refuse('storage-failed', `${path} cannot be listened on: ${error.message}`)),
    );
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(ok({ close: () => closeServer(server) }));
    });
  });
};

/** Codes: timeout (nobody answers), storage-failed (no agent runs there). */
const ask = (stateDirectory: string, line: string): Promise<Result<unknown>> =>
  new Promise((resolve) => {
    const path = socketPath(stateDirectory);
    const socket = connect(path);
    const chunks: Buffer[] = [];
    let length = 0;
    const fail = (detail: string): void => {
      socket.destroy();
      resolve(refuse('timeout', detail));
    };
    socket.setTimeout(IDLE_MS, () => fail(`the agent at ${stateDirectory} does not answer: restart it`));
    socket.on('error', (error) => {
      const { code } = systemError(error);
      const detail =
        code === 'ENOENT' || code === 'ECONNREFUSED'
          ? `no agent runs on ${stateDirectory}: name the state directory of one that does`
          : `${path}: ${error.message}`;
      resolve(refuse('storage-failed', detail));
    });
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > ANSWER_BYTES_MAX) fail(`what listens at ${path} is no agent: it sends without end`);
    });
    socket.on('end', async () => {
      const cbor = await loadCbor();
      try {
        resolve(ok(cbor.decode(Buffer.concat(chunks))));
      } catch {
        fail(`what listens at ${path} is no agent`);
      }
    });
    socket.write(`${line}\n`);
  });

/** Codes: those of `ask`. */
export const askStatus = async (stateDirectory: string): Promise<Result<AgentStatus>> =>
  (await ask(stateDirectory, STATUS)) as Result<AgentStatus>;

/** The budget that was signed. Codes: those of `ask`, and of what was ordered. */
export const orderBudget = async (
  stateDirectory: string,
  order: BudgetOrder,
): Promise<Result<Uint8Array>> => {
  const answer = await ask(stateDirectory, `${BUDGET}${toHex(encodeOrder(order))}`);
  if (!answer.ok) return answer;
  const ordered = answer.value as Result<Uint8Array>;
  return ordered.ok ? ok(new Uint8Array(ordered.value)) : ordered;
};
