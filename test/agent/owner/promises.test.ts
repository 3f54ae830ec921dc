import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CompressionConfig, Promises, type TrustConfig } from '../../../agent/owner/promises.ts';
import { openConsent } from '../../../schemas/consent.ts';
import { didKey } from '../../../schemas/identity.ts';
import { type Line, openLine } from '../../../schemas/line.ts';
import { signNoted } from '../../../schemas/noted.ts';
import type { Request } from '../../../schemas/request.ts';
import { must } from '../../world/deal.ts';
import { Bench, crypto, signerOf } from './bench.ts';
import { FakeSettler } from './fake-settler.ts';

const OWNER = 7;
const EUR = 1_000_000_000;

class Case {
  readonly bench = new Bench(signerOf(OWNER));
  readonly settler = new FakeSettler(() => this.bench.nowMs);
  promises!: Promises;

  begin(limits: Readonly<Record<number, number>>, counterpartyNano: number | null = null): void {
    const at = { settler: this.settler.key, currency: 'EUR' };
    const trust: TrustConfig[] = Object.entries(limits).map(([seed, limitNano]) => ({
      ...at,
      debtor: signerOf(Number(seed)).key,
      limitNano,
    }));
    const compression: CompressionConfig[] = counterpartyNano === null ? [] : [{ ...at, counterpartyNano }];
    this.promises = new Promises(this.bench.ports, trust, compression);
    this.promises.onConnected();
  }

  run(forMs = 1000): void {
    const answer = (from: string, request: Request): Request | null => this.settler.answer(from, request);
    this.bench.run({ [this.settler.id]: answer }, forMs, () => this.promises.onTimer(this.bench.nowMs));
  }

  /** What the settler was told, in order. */
  told(): Line[] {
    return this.settler.asked.flatMap(({ request }) =>
      request.kind === 'line' ? must(openLine(request.parts[0], crypto.verify)) : [],
    );
  }
}

const withCase = (body: (one: Case) => Promise<void> | void) => async () => {
  const one = new Case();
  try {
    await body(one);
  } finally {
    await one.bench.close();
  }
};

const promises = suite('Promises');

promises(
  'tell the settler of each line and consent until it has noted them, and then no more',
  withCase(async (one) => {
    one.begin({ 3: 50 * EUR, 4: 20 * EUR }, 5 * EUR);
    one.settler.deaf.add('line');
    one.run();
    assert.equal(
      one.promises.lines().map(({ noted }) => noted),
      [false, false],
    );
    assert.equal(one.promises.consents(), [
      { settler: didKey(one.settler.key), currency: 'EUR', counterpartyNano: 5 * EUR, noted: true },
    ]);
    one.settler.deaf.clear();
    one.run(10_000);
    assert.equal(
      one.promises.lines().map(({ debtor, limitNano, noted }) => [debtor, limitNano, noted]),
      [
        [didKey(signerOf(3).key), 50 * EUR, true],
        [didKey(signerOf(4).key), 20 * EUR, true],
      ],
    );
    const asked = one.settler.asked.length;
    one.run(600_000);
    assert.is(one.settler.asked.length, asked, 'what is noted is not told again');
    await one.bench.restart();
    one.begin({ 3: 50 * EUR, 4: 20 * EUR }, 5 * EUR);
    assert.ok(one.promises.lines().every(({ noted }) => noted));
    one.run(600_000);
    assert.is(
      one.settler.asked.length,
      asked + 3,
      'but once after a connect: the settler may have forgotten',
    );
    const consents = one.settler.asked.flatMap(({ request }) =>
      request.kind === 'consent' ? must(openConsent(request.parts[0], crypto.verify)) : [],
    );
    for (const { owner } of consents) assert.equal(owner, signerOf(OWNER).key);
    assert.is(consents.length, 2);
  }),
);

promises(
  'are signed anew where the configuration says something else',
  withCase(async (one) => {
    one.begin({ 3: 50 * EUR });
    one.run();
    await one.bench.restart();
    one.begin({ 3: 60 * EUR });
    one.run();
    const [first, second] = one.told();
    assert.equal([first!.limitNano, second!.limitNano], [50 * EUR, 60 * EUR]);
    assert.ok(second!.version > first!.version);
  }),
);

promises(
  'are taken back when they leave the configuration',
  withCase(async (one) => {
    one.begin({ 3: 50 * EUR }, 5 * EUR);
    one.run();
    await one.bench.restart();
    one.begin({});
    one.run();
    assert.is(one.told().at(-1)!.limitNano, 0);
    assert.is(one.promises.consents()[0]!.counterpartyNano, 0);
    const versions = one.told().map(({ version }) => version);
    await one.bench.restart();
    one.begin({});
    one.run();
    const again = one.told().map(({ version }) => version);
    assert.equal(again, [...versions, versions.at(-1)], 'once');
  }),
);

promises(
  'go on being told after a restart that came before the answer',
  withCase(async (one) => {
    one.begin({ 3: 50 * EUR });
    one.settler.deaf.add('line');
    one.run();
    await one.bench.restart();
    one.settler.deaf.clear();
    one.begin({ 3: 50 * EUR });
    one.run();
    const told = one.told();
    assert.is(new Set(told.map(({ version }) => version)).size, 1);
    assert.ok(one.promises.lines()[0]!.noted);
  }),
);

promises(
  'are not taken for noted by an answer about something else',
  withCase((one) => {
    one.begin({ 3: 50 * EUR });
    const noted = { issuedS: 1, hash: new Uint8Array(32), journalIndex: 1 };
    const bytes = signNoted(noted, { signer: signerOf(200), certificate: null });
    const answer = (_: string, { id }: Request): Request => ({ kind: 'noted', id, parts: [bytes] });
    one.bench.run({ [one.settler.id]: answer }, 60_000, () => one.promises.onTimer(one.bench.nowMs));
    assert.is(one.promises.lines()[0]!.noted, false);
    one.run(60_000);
    assert.is(one.promises.lines()[0]!.noted, true);
  }),
);

promises.run();
