import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PurchaseLane } from '../../../agent/lanes.ts';
import { Owning } from '../../../agent/owner/owning.ts';
import { Purse } from '../../../agent/owner/purse.ts';
import { type Budget, signBudget, signEnrolment } from '../../../schemas/budget.ts';
import { toHex } from '../../../schemas/bytes.ts';
import type { Request, RequestKind } from '../../../schemas/request.ts';
import { CODES, type Result } from '../../../schemas/result.ts';
import { filled } from '../../vectors/parties.ts';
import { Bench, idOfSeed, signerOf } from './bench.ts';
import { FakeSettler } from './fake-settler.ts';

const OWNER = 7;
const DEVICE = 2;
const SELLER = 3;
const OTHER_SELLER = 4;
const EUR = 1_000_000_000;

/** A device on a bench, its settler, and its owner's agent where there is one. */
class Case {
  readonly bench = new Bench(signerOf(DEVICE));
  readonly settler = new FakeSettler(() => this.bench.nowMs);
  readonly ownerBench = new Bench(signerOf(OWNER));
  owning: Owning | null = null;
  /** What the owner was asked. */
  readonly refills: (readonly [reported: boolean, wantedNano: number])[] = [];
  wantedNano = 30 * EUR;
  readonly paidToNano = new Map<string, number>();
  purse!: Purse;

  begin(budget: Uint8Array | null = null, settlers = [this.settler.key], owner = OWNER): void {
    this.purse = new Purse(
      {
        ...this.bench.ports,
        paidToNano: (seller) => this.paidToNano.get(toHex(seller)) ?? 0,
        wantedNano: () => this.wantedNano,
      },
      { owner: signerOf(owner).key, budget, currency: 'EUR' },
      settlers,
    );
    this.purse.onConnected();
  }

  own(totalNano: number, refill: { upToNano: number; stepNano: number } | null = null): void {
    const device = signerOf(DEVICE).key;
    const config = { device, settler: this.settler.key, currency: 'EUR', totalNano, refill };
    this.owning = new Owning(this.ownerBench.ports, [
      { ...config, dayNano: null, sellerNano: null, days: 365 },
    ]);
  }

  run(forMs = 1000): void {
    const owner = (from: string, request: Request): Request | null => {
      if (this.owning === null || request.kind !== 'refill') return null;
      this.refills.push([request.parts[2] !== null, request.parts[3]]);
      const budget = this.owning.answer(from, request, this.bench.nowMs);
      return budget.ok
        ? { kind: 'budget', id: request.id, parts: [budget.value] }
        : { kind: 'refusal', id: request.id, parts: [CODES[budget.code], budget.detail] };
    };
    const settler = (from: string, request: Request): Request | null => this.settler.answer(from, request);
    const peers = { [idOfSeed(OWNER)]: owner, [this.settler.id]: settler };
    this.bench.run(peers, forMs, () => this.purse.onTimer(this.bench.nowMs));
  }

  room(seller = SELLER): number {
    return this.purse.roomNano(this.settler.key, signerOf(seller).key, 'EUR', this.bench.nowMs);
  }

  /** The settler reserves a channel of the device, and has been paid from it. */
  channel(limitNano: number, paidNano = 0, seller = SELLER): void {
    const open = {
      ...{ payer: signerOf(DEVICE).key, payee: signerOf(seller).key, settler: this.settler.key },
      ...{ currency: 'EUR', limitNano, expiryS: 4_000_000_000 },
      nonce: filled(this.settler.channels.size, 16),
      terms: filled(1),
    };
    const name = toHex(open.nonce);
    this.settler.channels.set(name, { open, paidNano, closed: false, bookedIndex: 1 });
  }

  asked(kind: RequestKind): number {
    return this.settler.kindsAsked().filter((one) => one === kind).length;
  }
}

const budgetOf = (settler: Uint8Array, other: Partial<Budget> = {}): Uint8Array =>
  signBudget(
    {
      ...{ owner: signerOf(OWNER).key, device: signerOf(DEVICE).key, settler, currency: 'EUR', version: 5 },
      ...{ totalNano: 100 * EUR, dayNano: 40 * EUR, sellerNano: 30 * EUR, expiryS: 0 },
      ...other,
    },
    signerOf(OWNER),
  );

const laneOf = (
  settler: Uint8Array,
): PurchaseLane & { ended: boolean; state: { grantBytes: Uint8Array | null } } =>
  ({ terms: { settler }, state: { grantBytes: null }, ended: false }) as never;

const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.code);

const withCase = (body: (one: Case) => Promise<void> | void) => async () => {
  const one = new Case();
  try {
    await body(one);
  } finally {
    await one.bench.close();
    await one.ownerBench.close();
  }
};

const purse = suite('Purse');

purse(
  'is empty until an owner has signed and the settler has confirmed it',
  withCase((one) => {
    one.begin();
    one.run(60_000);
    assert.is(one.room(), 0);
    one.settler.deaf.add('enrol');
    one.own(100 * EUR);
    one.run(60_000);
    assert.equal([one.room(), one.purse.status()[0]!.enrolled], [0, false]);
    one.settler.deaf.clear();
    one.run(60_000);
    assert.equal([one.room(), one.purse.status()[0]!.enrolled], [100 * EUR, true]);
  }),
);

purse(
  'takes its first budget from a file, and leaves the file alone once there is a newer one',
  withCase(async (one) => {
    const file = budgetOf(one.settler.key);
    one.begin(file);
    one.run();
    assert.equal([one.room(), one.refills.length], [30 * EUR, 0]);
    assert.is(codeOf(one.purse.take(budgetOf(one.settler.key, { version: 6, sellerNano: 20 * EUR }))), 'ok');
    await one.bench.restart();
    one.begin(file);
    assert.is(one.room(), 0, 'what was spent since is not known yet');
    one.run();
    assert.is(one.room(), 20 * EUR);
    assert.equal(
      one.bench.notices.filter((notice) => !notice.startsWith('budget: ')),
      [],
    );
  }),
);

purse(
  'takes no budget of another owner, for another device, with another settler, or of a lower version',
  withCase((one) => {
    one.begin(budgetOf(one.settler.key));
    const take = (other: Partial<Budget>, settler = one.settler.key): string =>
      codeOf(one.purse.take(budgetOf(settler, other)));
    assert.is(take({ device: signerOf(9).key }), 'not-authorised');
    assert.is(take({ version: 6 }, signerOf(9).key), 'settler-unpinned');
    assert.is(take({ version: 4 }), 'version-stale');
    assert.is(take({ version: 6, owner: signerOf(9).key }), 'signature-invalid');
    const stranger = { owner: signerOf(9).key, device: signerOf(DEVICE).key, settler: one.settler.key };
    const limits = { currency: 'EUR', version: 9, totalNano: 1, dayNano: 1, sellerNano: 1, expiryS: 0 };
    assert.is(codeOf(one.purse.take(signBudget({ ...stranger, ...limits }, signerOf(9)))), 'not-authorised');
    assert.is(one.purse.status()[0]!.version, 5);
    one.run();
    assert.is(take({}), 'ok');
    one.run();
    assert.is(one.asked('enrol'), 1, 'the same again is not news');
  }),
);

purse(
  'leaves what total, day, seller and expiry leave, the least of them',
  withCase((one) => {
    one.begin(budgetOf(one.settler.key));
    one.channel(8 * EUR, 5 * EUR, OTHER_SELLER);
    one.run();
    assert.equal([one.room(SELLER), one.room(OTHER_SELLER)], [30 * EUR, 30 * EUR], 'the seller');
    one.paidToNano.set(toHex(signerOf(SELLER).key), 29 * EUR);
    assert.is(one.room(SELLER), EUR);
    one.channel(25 * EUR, 0, OTHER_SELLER);
    one.purse.onConnected();
    one.run();
    assert.is(one.room(OTHER_SELLER), 7 * EUR, 'the day: 33 of 40');
    one.bench.nowMs += 86_400_000;
    assert.is(one.room(OTHER_SELLER), 30 * EUR, 'the next day');
    one.channel(35 * EUR, 0, OTHER_SELLER);
    one.purse.onConnected();
    one.run();
    assert.is(one.room(OTHER_SELLER), 0, 'the day again');
    one.bench.nowMs += 86_400_000;
    assert.is(one.room(OTHER_SELLER), 30 * EUR);
    assert.is(
      codeOf(
        one.purse.take(budgetOf(one.settler.key, { version: 6, dayNano: 100 * EUR, sellerNano: 100 * EUR })),
      ),
      'ok',
    );
    one.run();
    one.bench.nowMs += 86_400_000;
    assert.is(one.room(OTHER_SELLER), 32 * EUR, 'the total: 68 of 100');
    const expiryS = one.bench.nowMs / 1000 + 60;
    assert.is(
      codeOf(one.purse.take(budgetOf(one.settler.key, { version: 7, dayNano: 100 * EUR, expiryS }))),
      'ok',
    );
    one.run();
    assert.ok(one.room(OTHER_SELLER) > 0);
    one.bench.nowMs += 60_000;
    assert.is(one.room(OTHER_SELLER), 0, 'the end');
  }),
);

purse(
  'knows no other currency and no other settler',
  withCase((one) => {
    one.begin(budgetOf(one.settler.key));
    one.run();
    const seller = signerOf(SELLER).key;
    assert.is(one.purse.roomNano(one.settler.key, seller, 'USD', one.bench.nowMs), 0);
    assert.is(one.purse.roomNano(signerOf(9).key, seller, 'EUR', one.bench.nowMs), 0);
  }),
);

purse(
  'counts what was begun since the report, until a report that was asked for later has it',
  withCase((one) => {
    one.begin(budgetOf(one.settler.key, { sellerNano: 100 * EUR, dayNano: 100 * EUR }));
    one.run();
    const first = laneOf(one.settler.key);
    const second = laneOf(one.settler.key);
    one.purse.begun(first, 10 * EUR);
    one.purse.begun(second, 20 * EUR);
    assert.is(one.room(), 70 * EUR);
    one.run(60_000);
    assert.equal([one.room(), one.asked('enrol')], [70 * EUR, 1], 'the settler knows neither yet');
    one.channel(10 * EUR);
    first.state.grantBytes = filled(1);
    one.run();
    assert.equal([one.room(), one.asked('enrol')], [70 * EUR, 2]);
    second.ended = true;
    one.run();
    assert.equal([one.room(), one.asked('enrol')], [90 * EUR, 3]);
  }),
);

purse(
  'that runs low asks its owner, shows the newest report, and obeys what it gets',
  withCase((one) => {
    one.own(100 * EUR, { upToNano: 200 * EUR, stepNano: 40 * EUR });
    one.begin();
    one.run(60_000);
    assert.equal(
      one.refills,
      [
        [false, 30 * EUR],
        [true, 0],
      ],
      'first for a budget, then with the first report',
    );
    one.channel(85 * EUR, 80 * EUR);
    one.purse.onConnected();
    one.run(400_000);
    assert.equal(one.refills.slice(2), [[true, 20 * EUR]], 'less than a fifth is left');
    assert.equal([one.room(), one.purse.status()[0]!.totalNano], [55 * EUR, 140 * EUR]);
    one.purse.short(one.settler.key, 60 * EUR);
    one.run(400_000);
    assert.equal(one.refills.slice(3), [[true, 60 * EUR]], 'the next lease would reserve more than is left');
    assert.is(one.room(), 95 * EUR);
  }),
);

purse(
  'that wants nothing more asks for nothing more',
  withCase((one) => {
    one.own(100 * EUR, { upToNano: 200 * EUR, stepNano: 40 * EUR });
    one.wantedNano = 0;
    one.begin();
    one.channel(100 * EUR, 99 * EUR);
    one.run(3_600_000);
    assert.equal(
      one.refills.map(([, wantedNano]) => wantedNano),
      [0, 0],
    );
  }),
);

purse(
  'asks an owner that gives no more again and again, but not often',
  withCase((one) => {
    one.own(100 * EUR);
    one.begin();
    one.channel(100 * EUR, 99 * EUR);
    one.run(3_600_000);
    assert.ok(one.refills.length >= 4 && one.refills.length <= 30, `${one.refills.length} times in an hour`);
    assert.is(one.owning!.status()[0]!.wantedNano, 20 * EUR);
  }),
);

purse(
  'asks again within seconds where its owner gave nothing more, as it had not seen what is spent',
  withCase((one) => {
    one.own(100 * EUR, { upToNano: 200 * EUR, stepNano: 40 * EUR });
    one.begin();
    one.run();
    const lane = laneOf(one.settler.key);
    one.purse.begun(lane, 95 * EUR);
    one.run();
    assert.equal(one.refills.at(-1), [true, 20 * EUR]);
    assert.is(one.owning!.status()[0]!.totalNano, 100 * EUR, 'its report has nothing of what was begun');
    one.channel(95 * EUR);
    lane.state.grantBytes = filled(1);
    one.run(5000);
    assert.is(one.owning!.status()[0]!.totalNano, 140 * EUR);
    assert.is(one.room(), 45 * EUR);
  }),
);

purse(
  'reports to its owner at least once a day, with what was spent by then',
  withCase((one) => {
    one.own(100 * EUR);
    one.begin();
    one.run(60_000);
    one.channel(20 * EUR, 12 * EUR);
    one.run(86_400_000);
    assert.is(one.owning!.status()[0]!.spentNano, 12 * EUR);
    const reports = one.refills.length;
    one.run(10 * 86_400_000);
    const daily = one.refills.length - reports;
    assert.ok(daily >= 10 && daily <= 20, `${daily} reports in ten days`);
  }),
);

purse(
  'fetches from its owner what the settler says is newer, which its owner has signed elsewhere',
  withCase((one) => {
    one.own(150 * EUR);
    one.begin();
    one.run(10_000);
    const version = one.purse.status()[0]!.version + 1000;
    const elsewhere = signEnrolment(budgetOf(one.settler.key, { version }), signerOf(DEVICE));
    one.settler.answer('', { kind: 'enrol', id: new Uint8Array(8), parts: [elsewhere] });
    one.purse.onConnected();
    one.run(10_000);
    const [status] = one.purse.status();
    assert.equal([status!.version, status!.totalNano, status!.enrolled], [version + 1, 100 * EUR, true]);
  }),
);

purse(
  'of a device that has another owner now begins anew',
  withCase(async (one) => {
    one.begin(budgetOf(one.settler.key));
    one.run();
    await one.bench.restart();
    one.begin(null, [one.settler.key], 9);
    assert.equal(one.purse.status(), []);
    one.run();
    assert.is(one.room(), 0);
  }),
);

purse(
  'says so where the settler has the device under another owner, and spends nothing',
  withCase((one) => {
    const other = { owner: signerOf(9).key, device: signerOf(DEVICE).key, settler: one.settler.key };
    const limits = { currency: 'EUR', version: 9, totalNano: EUR, dayNano: EUR, sellerNano: EUR, expiryS: 0 };
    const elsewhere = signEnrolment(signBudget({ ...other, ...limits }, signerOf(9)), signerOf(DEVICE));
    one.settler.answer('', { kind: 'enrol', id: new Uint8Array(8), parts: [elsewhere] });
    one.begin(budgetOf(one.settler.key));
    one.run(10_000);
    assert.ok(
      one.bench.notices.some((notice) => notice.startsWith('not-authorised: the settler has this device')),
    );
    assert.is(one.room(), 0);
  }),
);

purse.run();
