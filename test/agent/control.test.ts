import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Answers, askStatus, openControl, orderBudget } from '../../agent/control.ts';
import type { BudgetOrder } from '../../agent/owner/order.ts';
import type { AgentStatus } from '../../agent/status.ts';
import { ok, refuse } from '../../schemas/result.ts';
import { taken } from './market.ts';
import { signerOf } from './owner/bench.ts';

const STATUS: AgentStatus = {
  id: 'a',
  did: 'did:key:z6Mk',
  uptimeMs: 12,
  connected: true,
  timeProven: false,
  blocked: null,
  devices: [],
  leases: [],
  demands: [],
  ended: [
    {
      lease: 'ab',
      role: 'sale',
      name: 'n',
      delivered: 1,
      paid: 1,
      paidNano: Number.MAX_SAFE_INTEGER,
      claimedNano: 2 ** 40,
      unpaidNano: 0,
      currency: 'EUR',
      reason: 'readings',
      statement: new Uint8Array([1, 2, 3]),
    },
  ],
  rules: [],
  owner: { budgets: [], devices: [], lines: [], consents: [], disputes: [] },
  traffic: { messages: 0, payloadBytes: 0, packetBytes: 0 },
  notices: [],
};

const BUDGET = Uint8Array.of(1, 2, 3);
const ORDERS: BudgetOrder[] = [];
const ANSWERS: Answers = {
  status: () => STATUS,
  budget: (order) => {
    ORDERS.push(order);
    return order.totalNano === 0 ? refuse('budget-exhausted', 'nothing') : ok(BUDGET);
  },
};

/** What comes back for these bytes until the other side ends. */
const ask = (path: string, question: string): Promise<number> =>
  new Promise((resolve) => {
    const socket = connect(path);
    let length = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      length += chunk.length;
    });
    socket.on('close', () => resolve(length));
    socket.write(question);
  });

const test = suite('openControl, askStatus and orderBudget');

const withFolder = (body: (folder: string) => Promise<void>) => async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'tollbridge-control-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test(
  'tell a status as it is, every nano and byte of it, to the owner alone',
  withFolder(async (folder) => {
    const control = taken(await openControl(folder, ANSWERS));
    assert.is(statSync(join(folder, 'control.sock')).mode & 0o777, 0o600);
    const status = taken(await askStatus(folder));
    assert.equal({ ...status, ended: [] }, { ...STATUS, ended: [] });
    assert.equal(new Uint8Array(status.ended[0]!.statement!), STATUS.ended[0]!.statement);
    assert.is(status.ended[0]!.paidNano, Number.MAX_SAFE_INTEGER);
    await control.close();
  }),
);

test(
  'answer nothing to another question, and go on',
  withFolder(async (folder) => {
    const control = taken(await openControl(folder, ANSWERS));
    const path = join(folder, 'control.sock');
    assert.is(await ask(path, 'GET / HTTP/1.1\r\n\r\n'), 0);
    assert.is(await ask(path, 'x'.repeat(100_000)), 0);
    assert.ok((await ask(path, 'status\n')) > 0);
    await control.close();
  }),
);

test(
  'hand an order over as it is, and its answer back, be it a refusal',
  withFolder(async (folder) => {
    const control = taken(await openControl(folder, ANSWERS));
    const [device, settler] = [signerOf(2).key, signerOf(200).key];
    const wide = { device, settler, totalNano: Number.MAX_SAFE_INTEGER, dayNano: 0, sellerNano: 2 ** 40 };
    const short = { device, settler: null, totalNano: 7, dayNano: null, sellerNano: null };
    assert.equal(taken(await orderBudget(folder, wide)), BUDGET);
    assert.equal(taken(await orderBudget(folder, short)), BUDGET);
    assert.equal(ORDERS.splice(0), [wide, short]);
    const refused = await orderBudget(folder, { ...short, totalNano: 0 });
    assert.equal(refused, { ok: false, code: 'budget-exhausted', detail: 'nothing' });
    ORDERS.length = 0;
    const path = join(folder, 'control.sock');
    for (const order of ['', 'zz', 'a', '80', 'f'.repeat(500)]) await ask(path, `budget ${order}\n`);
    assert.equal(ORDERS, [], 'what cannot be read is no order');
    await control.close();
  }),
);

test(
  'take the place of a socket that a crash left behind',
  withFolder(async (folder) => {
    const left = createServer().listen(join(folder, 'control.sock'));
    await new Promise((resolve) => left.once('listening', resolve));
    const control = taken(await openControl(folder, ANSWERS));
    assert.ok((await askStatus(folder)).ok);
    await control.close();
    left.close();
  }),
);

test(
  'refuse a directory whose socket would have too long a name',
  withFolder(async (folder) => {
    const control = await openControl(join(folder, 'x'.repeat(120)), ANSWERS);
    assert.ok(!control.ok && control.code === 'storage-failed');
  }),
);

test(
  'say that no agent is there, or that what is there is none',
  withFolder(async (folder) => {
    const none = await askStatus(folder);
    assert.ok(!none.ok && none.code === 'storage-failed');
    const stranger = createServer((socket) => socket.end('hello'));
    stranger.listen(join(folder, 'control.sock'));
    await new Promise((resolve) => stranger.once('listening', resolve));
    const answer = await askStatus(folder);
    assert.ok(!answer.ok && answer.code === 'timeout');
    stranger.close();
  }),
);

test.run();
