import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Affairs, openAffairs } from '../../../agent/owner/affairs.ts';
import type { OwnConfig } from '../../../agent/owner/owning.ts';
import { type Budget, openBudget, signBudget } from '../../../schemas/budget.ts';
import { BACKINGS_USUAL } from '../../../schemas/grant.ts';
import type { Request } from '../../../schemas/request.ts';
import { must } from '../../world/deal.ts';
import { crypto, idOfSeed, START_MS, signerOf } from './bench.ts';

const OWNER = 7;
const DEVICE = 2;
const STRANGER = 9;
const SETTLER = signerOf(200).key;
const ID = new Uint8Array(8);

const OWN: OwnConfig = {
  ...{ device: signerOf(DEVICE).key, settler: SETTLER, currency: 'EUR', totalNano: 100, days: 365 },
  ...{ dayNano: null, sellerNano: null, refill: null },
};

type Sent = { readonly topic: string; readonly request: Request };

/** The affairs of one agent, with what it sent and told. */
class Case {
  readonly folder = mkdtempSync(join(tmpdir(), 'tollbridge-affairs-'));
  readonly sent: Sent[] = [];
  readonly notices: string[] = [];
  affairs!: Affairs;
  nowMs: number | null = START_MS;

  async open(
    seed: number,
    config: { readonly owner?: Uint8Array; readonly owns?: readonly OwnConfig[] },
  ): Promise<this> {
    const opened = must(
      await openAffairs({
        ...{ state: this.folder, trust: [], compression: [], buy: [], sell: [], owns: config.owns ?? [] },
        settlers: [{ key: SETTLER, exposureNano: 1, backings: BACKINGS_USUAL, claimEveryMs: 5000 }],
        owner: config.owner === undefined ? null : { key: config.owner, budgetFile: null },
      }),
    );
    this.affairs = opened({
      ...{
        crypto,
        signer: signerOf(seed),
        nowMs: () => this.nowMs,
        paidToNano: () => 0,
        wantedNano: () => 0,
      },
      request: (topic, request) => this.sent.push({ topic, request }),
      notice: (code, detail) => this.notices.push(`${code}: ${detail}`),
    });
    return this;
  }

  async close(): Promise<void> {
    await this.affairs.close();
    rmSync(this.folder, { recursive: true });
  }
}

const budgetOf = (other: Partial<Budget> = {}): Uint8Array =>
  signBudget(
    {
      ...{ owner: signerOf(OWNER).key, device: signerOf(DEVICE).key, settler: SETTLER, currency: 'EUR' },
      ...{ version: 5, totalNano: 100, dayNano: 100, sellerNano: 100, expiryS: 0, ...other },
    },
    signerOf(OWNER),
  );

const refill: Request = { kind: 'refill', id: ID, parts: [SETTLER, 'EUR', null, 50] };

const affairs = suite('Affairs');

affairs('take a budget that the owner sends unasked, and from nobody else', async () => {
  const one = await new Case().open(DEVICE, { owner: signerOf(OWNER).key });
  const versions = (): number[] => one.affairs.status().budgets.map(({ version }) => version);
  one.affairs.onRequest(idOfSeed(STRANGER), { kind: 'budget', id: ID, parts: [budgetOf()] });
  assert.equal(versions(), []);
  one.affairs.onRequest(idOfSeed(OWNER), { kind: 'budget', id: ID, parts: [budgetOf()] });
  assert.equal(versions(), [5]);
  for (let i = 0; i < 3; i++)
    one.affairs.onRequest(idOfSeed(OWNER), { kind: 'budget', id: ID, parts: [budgetOf({ version: 4 })] });
  assert.equal(versions(), [5]);
  assert.is(one.notices.filter((notice) => notice.startsWith('version-stale')).length, 1, 'told once');
  await one.close();
});

affairs('answer a device that is owned with its budget, another with a reason', async () => {
  const one = await new Case().open(OWNER, { owns: [OWN] });
  for (const seed of [DEVICE, STRANGER]) one.affairs.onRequest(idOfSeed(seed), refill);
  assert.equal(
    one.sent.map(({ topic, request }) => [topic, request.kind]),
    [
      [`tb1/${idOfSeed(DEVICE)}/in/${idOfSeed(OWNER)}`, 'budget'],
      [`tb1/${idOfSeed(STRANGER)}/in/${idOfSeed(OWNER)}`, 'refusal'],
    ],
  );
  await one.close();
});

affairs('of an agent that owns nothing answer no refill', async () => {
  const one = await new Case().open(OWNER, {});
  one.affairs.onRequest(idOfSeed(DEVICE), refill);
  assert.equal(one.sent, []);
  await one.close();
});

affairs('send a budget that was raised to its device after a connect, once', async () => {
  const one = await new Case().open(OWNER, { owns: [OWN] });
  one.affairs.onRequest(idOfSeed(DEVICE), refill);
  await one.affairs.close();
  one.sent.length = 0;
  await one.open(OWNER, { owns: [{ ...OWN, totalNano: 300 }] });
  one.affairs.onConnected();
  for (let i = 0; i < 20; i++) one.affairs.onTimer([], START_MS);
  const [news, ...more] = one.sent;
  assert.equal([news!.topic, more], [`tb1/${idOfSeed(DEVICE)}/in/${idOfSeed(OWNER)}`, []]);
  assert.is(must(openBudget(news!.request.parts[0] as Uint8Array, crypto.verify)).totalNano, 300);
  await one.close();
});

affairs(
  'tell a device at once what a person ordered for it, when there is a time to sign it with',
  async () => {
    const one = await new Case().open(OWNER, { owns: [OWN] });
    const order = { device: OWN.device, settler: null, totalNano: 700, dayNano: null, sellerNano: null };
    one.nowMs = null;
    const early = one.affairs.order(order);
    assert.is(early.ok ? '' : early.code, 'time-unproven');
    one.nowMs = START_MS;
    const budget = must(one.affairs.order(order));
    for (let i = 0; i < 20; i++) one.affairs.onTimer([], START_MS);
    const sent = one.sent.map(({ topic, request }) => [topic, request.parts[0]]);
    assert.equal(sent, [[`tb1/${idOfSeed(DEVICE)}/in/${idOfSeed(OWNER)}`, budget]]);
    await one.close();
    const nobody = await new Case().open(OWNER, {});
    const refused = nobody.affairs.order(order);
    assert.is(refused.ok ? '' : refused.code, 'config-invalid');
    await nobody.close();
  },
);

affairs.run();
