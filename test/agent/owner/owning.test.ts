import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BudgetOrder } from '../../../agent/owner/order.ts';
import { type OwnConfig, Owning } from '../../../agent/owner/owning.ts';
import { type Budget, openBudget } from '../../../schemas/budget.ts';
import type { RequestOf } from '../../../schemas/request.ts';
import type { Result } from '../../../schemas/result.ts';
import { type Spending, signSpending } from '../../../schemas/spending.ts';
import { must } from '../../world/deal.ts';
import { Bench, crypto, idOfSeed, START_MS, signerOf } from './bench.ts';

const OWNER = 7;
const DEVICE = 2;
const SETTLER = 200;
const EUR = 1_000_000_000;
const DAY_MS = 86_400_000;

const CONFIG: OwnConfig = {
  device: signerOf(DEVICE).key,
  settler: signerOf(SETTLER).key,
  currency: 'EUR',
  totalNano: 200 * EUR,
  dayNano: 10 * EUR,
  sellerNano: null,
  days: 365,
  refill: { upToNano: 300 * EUR, stepNano: 40 * EUR },
};

const ORDER: BudgetOrder = {
  ...{ device: CONFIG.device, settler: null, totalNano: 100 * EUR, dayNano: null, sellerNano: null },
};

/** What the settler says was spent. */
const report = (budget: Pick<Budget, 'version' | 'totalNano'>, other: Partial<Spending> = {}): Uint8Array =>
  signSpending(
    CONFIG.device,
    {
      ...{ issuedS: START_MS / 1000, owner: signerOf(OWNER).key, currency: 'EUR' },
      ...{ budgetVersion: budget.version, totalNano: budget.totalNano },
      ...{ spentNano: 0, reservedNano: 0, todayNano: 0, depositNano: 0, journalIndex: 1, ...other },
    },
    { signer: signerOf(SETTLER), certificate: null },
  );

class Case {
  readonly bench = new Bench(signerOf(OWNER));
  owning: Owning;
  config: OwnConfig;

  constructor(config: Partial<OwnConfig> = {}) {
    this.config = { ...CONFIG, ...config };
    this.owning = new Owning(this.bench.ports, [this.config]);
  }

  async restart(config: Partial<OwnConfig> = {}): Promise<void> {
    await this.bench.restart();
    this.config = { ...this.config, ...config };
    this.owning = new Owning(this.bench.ports, [this.config]);
  }

  answer(spending: Uint8Array | null, wantedNano: number, from = DEVICE): Result<Uint8Array> {
    const parts: RequestOf<'refill'>['parts'] = [CONFIG.settler, 'EUR', spending, wantedNano];
    const request = { kind: 'refill', id: new Uint8Array(8), parts } as const;
    return this.owning.answer(idOfSeed(from), request, this.bench.nowMs);
  }

  budget(spending: Uint8Array | null, wantedNano: number): Budget {
    return must(openBudget(must(this.answer(spending, wantedNano)), crypto.verify));
  }

  order(other: Partial<BudgetOrder>): Budget {
    const ordered = this.owning.order({ ...ORDER, ...other }, this.bench.nowMs);
    return must(openBudget(must(ordered), crypto.verify));
  }

  news(): Budget[] {
    return this.owning.news(this.bench.nowMs).map(({ budget }) => must(openBudget(budget, crypto.verify)));
  }

  refused(spending: Uint8Array | null, wantedNano: number, from = DEVICE): string {
    const answer = this.answer(spending, wantedNano, from);
    return answer.ok ? 'granted' : answer.code;
  }
}

const withCase = (config: Partial<OwnConfig>, body: (one: Case) => Promise<void> | void) => async () => {
  const one = new Case(config);
  try {
    await body(one);
  } finally {
    await one.bench.close();
  }
};

const owning = suite('Owning');

owning(
  'signs a first budget as the configuration says, and the same again',
  withCase({}, (one) => {
    const budget = one.budget(null, 30 * EUR);
    assert.equal(budget, {
      owner: signerOf(OWNER).key,
      device: CONFIG.device,
      settler: CONFIG.settler,
      currency: 'EUR',
      version: START_MS / 1000,
      totalNano: 200 * EUR,
      dayNano: 10 * EUR,
      sellerNano: 200 * EUR,
      expiryS: START_MS / 1000 + 365 * 86_400,
    });
    one.bench.nowMs += 3_600_000;
    assert.equal(one.budget(null, 300 * EUR), budget, 'nothing shows that more is needed');
  }),
);

owning(
  'refills a device that runs low by a step, once for each report, up to the end and no further',
  withCase({}, (one) => {
    const first = one.budget(null, 0);
    const low = report(first, { spentNano: 150 * EUR, reservedNano: 20 * EUR, journalIndex: 2 });
    const second = one.budget(low, 35 * EUR);
    assert.is(second.totalNano, 240 * EUR);
    assert.ok(second.version > first.version);
    assert.equal(one.budget(low, 35 * EUR), second, 'the same question again, its answer was lost');
    const third = one.budget(report(second, { spentNano: 239 * EUR, journalIndex: 3 }), 35 * EUR);
    const fourth = one.budget(report(third, { spentNano: 279 * EUR, journalIndex: 4 }), 35 * EUR);
    assert.equal([third.totalNano, fourth.totalNano], [280 * EUR, 300 * EUR]);
    assert.is(
      one.refused(report(fourth, { spentNano: 299 * EUR, journalIndex: 5 }), 35 * EUR),
      'budget-exhausted',
    );
    assert.is(one.owning.status()[0]!.wantedNano, 35 * EUR);
    assert.is(one.owning.status()[0]!.spentNano, 299 * EUR);
  }),
);

owning(
  'grants one step for a report, however much is wanted, and one where less than a step is left',
  withCase({}, (one) => {
    const first = one.budget(null, 0);
    const low = report(first, { spentNano: 165 * EUR });
    const second = one.budget(low, 10 * EUR);
    assert.is(second.totalNano, 240 * EUR, '35 are left, a step is 40');
    assert.equal(one.budget(low, 100 * EUR), second);
    assert.is(
      one.budget(report(second, { spentNano: 165 * EUR, journalIndex: 2 }), 100 * EUR).totalNano,
      280 * EUR,
    );
  }),
);

owning(
  'signs above a budget that somebody else signed for it',
  withCase({}, (one) => {
    const first = one.budget(null, 0);
    const version = first.version + 5000;
    const budget = one.budget(report({ version, totalNano: 200 * EUR }), 0);
    assert.equal([budget.version, budget.totalNano], [version + 1, 200 * EUR]);
  }),
);

owning(
  'gives no more to a device that has enough',
  withCase({}, (one) => {
    const first = one.budget(null, 0);
    assert.equal(one.budget(report(first, { spentNano: 100 * EUR }), 40 * EUR), first);
    assert.equal(
      one.budget(report(first, { spentNano: 199 * EUR, journalIndex: 2 }), 0),
      first,
      'only a report',
    );
  }),
);

owning(
  'leaves it to a person where no refill is configured, until the total is raised',
  withCase({ refill: null }, async (one) => {
    const first = one.budget(null, 0);
    const low = report(first, { spentNano: 199 * EUR });
    assert.is(one.refused(low, 35 * EUR), 'budget-exhausted');
    assert.is(one.refused(low, 35 * EUR), 'budget-exhausted');
    assert.is(one.bench.notices.filter((notice) => notice.startsWith('budget-exhausted')).length, 1);
    assert.is(one.owning.status()[0]!.wantedNano, 35 * EUR);
    await one.restart({ totalNano: 500 * EUR });
    assert.is(one.owning.status()[0]!.spentNano, 199 * EUR, 'the last report is kept');
    const [news] = one.owning.news(one.bench.nowMs);
    assert.equal(
      [news!.deviceId, must(openBudget(news!.budget, crypto.verify)).totalNano],
      [idOfSeed(DEVICE), 500 * EUR],
    );
    assert.is(one.budget(low, 35 * EUR).totalNano, 500 * EUR);
    assert.is(one.owning.status()[0]!.wantedNano, 0);
  }),
);

owning(
  'keeps what was refilled through a restart, and takes it back only where the configuration ends below',
  withCase({}, async (one) => {
    const first = one.budget(null, 0);
    const second = one.budget(report(first, { spentNano: 199 * EUR }), 35 * EUR);
    await one.restart();
    assert.equal(one.budget(null, 0), second);
    await one.restart({ totalNano: 100 * EUR, refill: { upToNano: 120 * EUR, stepNano: EUR } });
    const third = one.budget(null, 0);
    assert.is(third.totalNano, 120 * EUR);
    assert.ok(third.version > second.version);
  }),
);

owning(
  'that lost its directory goes on from what the settler signed',
  withCase({}, (one) => {
    const version = 4_000_000_000;
    const budget = one.budget(report({ version, totalNano: 260 * EUR }, { spentNano: 250 * EUR }), 0);
    assert.equal([budget.version, budget.totalNano], [version + 1, 260 * EUR]);
  }),
);

owning(
  'renews a budget before it ends, and one that never ends not at all',
  withCase({ days: 8 }, async (one) => {
    const first = one.budget(null, 0);
    one.bench.nowMs += 5 * DAY_MS;
    assert.equal(one.budget(null, 0), first);
    one.bench.nowMs += 1.5 * DAY_MS;
    const second = one.budget(null, 0);
    assert.is(second.expiryS, one.bench.nowMs / 1000 + 8 * 86_400);
    await one.restart({ days: 4 });
    assert.is(
      one.budget(null, 0).expiryS,
      one.bench.nowMs / 1000 + 4 * 86_400,
      'the owner wants it to end sooner',
    );
    await one.restart({ days: 0 });
    const third = one.budget(null, 0);
    assert.is(third.expiryS, 0);
    one.bench.nowMs += 4000 * DAY_MS;
    assert.equal(one.budget(null, 0), third);
  }),
);

owning(
  'believes the report with the highest journal index, and none that is not the settler’s about its device',
  withCase({}, (one) => {
    const first = one.budget(null, 0);
    one.budget(report(first, { spentNano: 50 * EUR, journalIndex: 9 }), 0);
    one.budget(report(first, { spentNano: 10 * EUR, journalIndex: 8 }), 0);
    one.budget(report(first, { spentNano: 99 * EUR, journalIndex: 10, owner: signerOf(9).key }), 0);
    assert.is(one.owning.status()[0]!.spentNano, 50 * EUR);
    const forged = report(first).slice();
    forged[forged.length - 1]! ^= 1;
    assert.is(one.refused(forged, EUR), 'signature-invalid');
  }),
);

owning(
  'signs what a person orders, which holds over restarts until its line is changed',
  withCase({ refill: null }, async (one) => {
    const first = one.budget(null, 0);
    assert.is(one.refused(report(first, { spentNano: 199 * EUR }), 35 * EUR), 'budget-exhausted');
    const raised = one.order({ totalNano: 500 * EUR });
    assert.equal(
      { ...raised, version: 0 },
      { ...first, version: 0, totalNano: 500 * EUR, sellerNano: 500 * EUR },
      'its day stays as it is, and to one seller it may spend all of it, as before',
    );
    assert.ok(raised.version > first.version);
    const [status] = one.owning.status();
    assert.equal([status!.totalNano, status!.wantedNano], [500 * EUR, 0]);
    assert.equal(one.news(), [raised]);
    await one.restart();
    assert.equal([one.budget(null, 0), one.news()], [raised, [raised]]);
    one.bench.nowMs += 300 * DAY_MS;
    const renewed = one.budget(null, 0);
    assert.equal([renewed.totalNano, renewed.dayNano], [500 * EUR, 10 * EUR], 'also when it is renewed');
    await one.restart({ totalNano: 250 * EUR });
    assert.is(one.budget(null, 0).totalNano, 250 * EUR, 'the line is the newer word');
    const lowered = one.order({ totalNano: 100 * EUR, dayNano: 100 * EUR, sellerNano: 40 * EUR });
    await one.restart();
    assert.equal(one.budget(null, 0), lowered);
    const { totalNano, dayNano, sellerNano } = lowered;
    assert.equal([totalNano, dayNano, sellerNano], [100 * EUR, 100 * EUR, 40 * EUR]);
  }),
);

owning(
  'refills from what a person ordered, up to where its line ends, and no further',
  withCase({}, (one) => {
    const lowered = one.order({ totalNano: 50 * EUR });
    const low = report(lowered, { spentNano: 49 * EUR });
    assert.equal([one.budget(low, EUR).totalNano, one.budget(low, EUR).dayNano], [90 * EUR, 10 * EUR]);
    const raised = one.order({ totalNano: 800 * EUR });
    const spent = report(raised, { spentNano: 799 * EUR, journalIndex: 2 });
    assert.is(one.refused(spent, 35 * EUR), 'budget-exhausted');
  }),
);

owning(
  'that was put back to before an order finds it out from what the settler signed',
  withCase({ refill: null }, async (one) => {
    const first = one.budget(null, 0);
    const { key, objects } = one.bench.papers.all('budget')[0]!;
    const raised = one.order({ totalNano: 500 * EUR });
    must(one.bench.papers.put({ kind: 'budget', key, objects }));
    await one.restart();
    assert.equal(one.budget(null, 0), first);
    const known = one.budget(report(raised), 0);
    assert.equal([known.totalNano, known.dayNano, known.version], [500 * EUR, 10 * EUR, raised.version + 1]);
  }),
);

owning(
  'reads papers of before orders: its line is the word',
  withCase({ refill: null }, async (one) => {
    one.order({ totalNano: 500 * EUR });
    const { key, objects } = one.bench.papers.all('budget')[0]!;
    must(one.bench.papers.put({ kind: 'budget', key, objects: objects.slice(0, 2) }));
    await one.restart();
    assert.is(one.budget(null, 0).totalNano, 200 * EUR);
    const raised = one.order({ totalNano: 500 * EUR });
    await one.restart();
    assert.equal(one.budget(null, 0), raised);
  }),
);

owning(
  'signs no order for a device that it does not own, or with limits above the total',
  withCase({}, (one) => {
    const refused = (other: Partial<BudgetOrder>): string => {
      const ordered = one.owning.order({ ...ORDER, ...other }, one.bench.nowMs);
      return ordered.ok ? 'signed' : ordered.code;
    };
    assert.is(refused({ device: signerOf(3).key }), 'config-invalid');
    assert.is(refused({ settler: signerOf(3).key }), 'config-invalid');
    assert.is(refused({ dayNano: ORDER.totalNano + 1 }), 'config-invalid');
    assert.is(refused({ sellerNano: ORDER.totalNano + 1 }), 'config-invalid');
    assert.equal([one.bench.papers.all('budget'), one.owning.status()[0]!.version], [[], 0]);
    const twice = new Owning(one.bench.ports, [one.config, { ...one.config, settler: signerOf(201).key }]);
    const ordered = twice.order(ORDER, one.bench.nowMs);
    assert.match(ordered.ok ? '' : ordered.detail, /several settlers: say --settler did:key:/);
    assert.ok(twice.order({ ...ORDER, settler: signerOf(201).key }, one.bench.nowMs).ok);
  }),
);

owning(
  'answers nobody but its devices',
  withCase({}, (one) => {
    assert.is(one.refused(null, EUR, 3), 'not-authorised');
  }),
);

owning.run();
