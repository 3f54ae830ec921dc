/** Random scripts of vouchers and ticks, honest and hostile, against a model that knows who made what. */

import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import type { Crypto } from '../../schemas/crypto.ts';
import {
  acceptTick,
  acceptVoucher,
  bestOf,
  type Evidence,
  evidenceOf,
  type Held,
  newHeld,
  type Position,
  parseEvidence,
  totalNanoOf,
  verifyEvidence,
} from '../../schemas/evidence.ts';
import type { Result } from '../../schemas/result.ts';
import { buildChain, encodeTick, linkAt, type Tick } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { filled, keyOf, signer } from '../vectors/parties.ts';

const native = nativeCrypto();
let hashes = 0;
const crypto: Crypto = {
  ...native,
  sha256: (bytes) => {
    hashes++;
    return native.sha256(bytes);
  },
};

const CHANNEL = filled(0xc1);
const PAYER = keyOf('buyer');
const TICKS = 6;

/** A voucher as its maker knows it. */
type Made = {
  readonly seq: number;
  readonly cumulativeNano: number;
  /** 0: no chain. */
  readonly tickNano: number;
  readonly forged: boolean;
  readonly links: Uint8Array;
  readonly bytes: Uint8Array;
};
type MadeTick = { readonly of: Made; readonly index: number; readonly honest: boolean; readonly tick: Tick };

const make = (seq: number, cumulativeNano: number, tickNano: number, forged: boolean, fill: number): Made => {
  const links = buildChain(native.sha256, CHANNEL, seq, filled(fill, 16), TICKS);
  const anchor = tickNano === 0 ? null : linkAt(links, 0);
  const said = { seq, cumulativeNano, readings: 0, head: filled(fill), anchor, tickNano };
  const bytes = signVoucher(forged ? filled(0xc2) : CHANNEL, said, signer('buyer'));
  return { seq, cumulativeNano, tickNano, forged, links, bytes };
};

/** The rules of evidence.md, said once more by one who need not check a signature or a hash. */
class Model {
  best = 0;
  private current: { made: Made; index: number } | null = null;
  private previous: { made: Made; index: number } | null = null;
  private readonly limitNano: number;

  constructor(limitNano: number) {
    this.limitNano = limitNano;
  }

  voucher(made: Made): string {
    const reach = BigInt(made.cumulativeNano) + BigInt(TICKS) * BigInt(made.tickNano);
    if (this.current !== null && this.current.made.bytes === made.bytes) return 'ok';
    if (this.current !== null && made.seq <= this.current.made.seq) return 'voucher-stale';
    if (made.cumulativeNano < this.best) return 'voucher-goes-back';
    if (reach > BigInt(this.limitNano)) return 'voucher-over-limit';
    if (made.forged) return 'signature-invalid';
    this.previous = this.current;
    this.current = { made, index: 0 };
    this.best = Math.max(this.best, made.cumulativeNano);
    return 'ok';
  }

  tick(at: MadeTick): string {
    const fits = (place: { made: Made } | null): boolean =>
      place !== null && place.made.seq % 65536 === at.tick.seq16;
    const place = fits(this.current) ? this.current : fits(this.previous) ? this.previous : null;
    if (place === null || place.made.tickNano === 0) return 'tick-unknown-voucher';
    if (at.index <= place.index) return 'tick-stale';
    if (at.index > TICKS) return 'tick-beyond-chain';
    if (!at.honest || place.made !== at.of) return 'tick-does-not-chain';
    place.index = at.index;
    this.best = Math.max(this.best, place.made.cumulativeNano + at.index * place.made.tickNano);
    return 'ok';
  }
}

type Move =
  | { readonly does: 'voucher'; seq: number; above: number; tickNano: number; forged: boolean }
  | { readonly does: 'tick'; back: number; index: number; spoiled: boolean }
  | { readonly does: 'again'; which: number };

const oneIn = (n: number): fc.Arbitrary<boolean> => fc.integer({ min: 1, max: n }).map((die) => die === n);

const moves: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    does: fc.constant('voucher' as const),
    seq: fc.oneof(fc.integer({ min: -1, max: 2 }), fc.constant(65536)),
    above: fc.oneof(
      { weight: 4, arbitrary: fc.nat(20) },
      { weight: 1, arbitrary: fc.integer({ min: -20, max: -1 }) },
      { weight: 1, arbitrary: fc.nat(400) },
    ),
    tickNano: fc.oneof(fc.integer({ min: 0, max: 10 }), fc.constant(4294967295)),
    forged: oneIn(6),
  }),
  fc.record({
    does: fc.constant('tick' as const),
    back: fc.nat(2),
    index: fc.integer({ min: 1, max: TICKS + 1 }),
    spoiled: oneIn(6),
  }),
  fc.record({ does: fc.constant('again' as const), which: fc.nat(40) }),
);

type Sent = { readonly voucher: Made } | { readonly tick: MadeTick };

/** What the payer sends for a move; `made` are its vouchers so far, the newest last. */
const sentFor = (move: Move, made: Made[], sent: readonly Sent[], best: number): Sent | undefined => {
  if (move.does === 'again') return sent[move.which % Math.max(1, sent.length)];
  if (move.does === 'voucher') {
    const seq = Math.min(4294967295, Math.max(1, (made.at(-1)?.seq ?? 0) + move.seq));
    const cumulative = Math.max(0, best + move.above);
    made.push(make(seq, cumulative, move.tickNano, move.forged, made.length + 1));
    return { voucher: made.at(-1)! };
  }
  const of = made.at(-1 - move.back);
  if (of === undefined) return undefined;
  const x = linkAt(of.links, Math.min(move.index, TICKS));
  if (move.spoiled) x[3]! ^= 1;
  const honest = !move.spoiled && move.index <= TICKS;
  return { tick: { of, index: move.index, honest, tick: { seq16: of.seq % 65536, index: move.index, x } } };
};

const said = (result: Result<number>): string => (result.ok ? 'ok' : result.code);

const ANSWERS = [
  'ok',
  'voucher-stale',
  'voucher-goes-back',
  'voucher-over-limit',
  'signature-invalid',
  'tick-unknown-voucher',
  'tick-stale',
  'tick-beyond-chain',
  'tick-does-not-chain',
];

const scripts = suite('acceptVoucher and acceptTick');
const answered = new Map<string, number>();

type Visit = (held: Held, sent: Sent, code: string) => void;

const play = (script: readonly Move[], limitNano: number, visit?: Visit): void => {
  const held = newHeld(CHANNEL, PAYER, limitNano, TICKS);
  const model = new Model(limitNano);
  const made: Made[] = [];
  const sent: Sent[] = [];
  for (const move of script) {
    const next = sentFor(move, made, sent, model.best);
    if (next === undefined) continue;
    sent.push(next);
    const before = totalNanoOf(bestOf(held));
    hashes = 0;
    const result =
      'voucher' in next
        ? acceptVoucher(held, next.voucher.bytes.slice(), crypto)
        : acceptTick(held, next.tick.tick, crypto);
    assert.ok(hashes <= TICKS, `${hashes} hashes`);
    assert.is(said(result), 'voucher' in next ? model.voucher(next.voucher) : model.tick(next.tick));
    answered.set(said(result), (answered.get(said(result)) ?? 0) + 1);
    const after = totalNanoOf(bestOf(held));
    assert.is(after, model.best);
    assert.ok(after >= before && after <= limitNano);
    if (result.ok) assert.is(result.value, after);
    else assert.is(after, before);
    visit?.(held, next, said(result));
  }
};

const limits = fc.oneof(fc.integer({ min: 50, max: 2000 }), fc.constant(Number.MAX_SAFE_INTEGER));
const anyScript = fc.array(moves, { maxLength: 40, size: 'max' });

scripts('agree with a model that knows who made what, and never lose, add or exceed', () => {
  fc.assert(fc.property(anyScript, limits, (script, limitNano) => play(script, limitNano)));
});

scripts('were asked everything: each answer was given', () => {
  for (const code of ANSWERS) assert.ok((answered.get(code) ?? 0) > 0, code);
});

/** What the payee answered about, as a settler would see it. */
const evidenceAbout = (held: Held, sent: Sent): Evidence => {
  if ('voucher' in sent) return { voucher: sent.voucher.bytes, tick: null };
  const tick = sent.tick.tick;
  const isOf = (position: Position | null): boolean =>
    position !== null && position.voucher.seq % 65536 === tick.seq16;
  const position = isOf(held.current) ? held.current! : held.previous!;
  return { voucher: position.voucherBytes, tick: encodeTick(tick.seq16, tick.index, tick.x) };
};

scripts('accept only what a settler verifies, and call a forgery what a settler calls it', () => {
  const visit: Visit = (held, sent, code) => {
    if (code !== 'ok' && code !== 'signature-invalid' && code !== 'tick-does-not-chain') return;
    const verdict = verifyEvidence(null, evidenceAbout(held, sent), CHANNEL, PAYER, held.limitNano, crypto);
    assert.is(verdict.ok ? 'ok' : verdict.code, code);
  };
  fc.assert(fc.property(anyScript, limits, (script, limitNano) => play(script, limitNano, visit)));
});

scripts.run();

const verify = suite('verifyEvidence');

verify('finds the total that the payee holds, at every step, in any order and from any step before', () => {
  fc.assert(
    fc.property(anyScript, limits, (script, limitNano) => {
      let last: Position | null = null;
      play(script, limitNano, (held) => {
        const best = bestOf(held);
        if (best === null || totalNanoOf(best) === totalNanoOf(last)) return;
        const evidence = evidenceOf(best);
        const stated = parseEvidence(evidence);
        assert.is(stated.ok && stated.value.totalNano, totalNanoOf(best));
        const fresh = verifyEvidence(null, evidence, CHANNEL, PAYER, limitNano, crypto);
        assert.ok(fresh.ok);
        const frozen = last === null ? null : { ...last };
        hashes = 0;
        const onwards = verifyEvidence(last, evidence, CHANNEL, PAYER, limitNano, crypto);
        const from = last !== null && last.voucherBytes === best.voucherBytes ? last.index : 0;
        assert.is(hashes, best.index - from);
        assert.ok(onwards.ok);
        for (const position of [fresh.value, onwards.value]) {
          assert.equal(evidenceOf(position), evidence);
          assert.is(totalNanoOf(position), totalNanoOf(best));
        }
        assert.equal(last, frozen);
        last = onwards.value;
      });
    }),
  );
});

verify('walks not one step for what is over the limit or no tick of the voucher', () => {
  const made = make(7, 100, 10, false, 1);
  const at = (index: number, seq: number): Evidence => ({
    voucher: made.bytes,
    tick: encodeTick(seq, index, linkAt(made.links, index)),
  });
  const cases: readonly (readonly [Evidence, number, string])[] = [
    [at(5, 7), 149, 'voucher-over-limit'],
    [at(5, 8), 1000, 'tick-unknown-voucher'],
  ];
  for (const [evidence, limitNano, code] of cases) {
    hashes = 0;
    const verdict = verifyEvidence(null, evidence, CHANNEL, PAYER, limitNano, crypto);
    assert.is(verdict.ok ? 'ok' : verdict.code, code);
    assert.is(hashes, 0);
  }
});

verify('takes a tick at or before the last verified one for stale', () => {
  const made = make(7, 100, 10, false, 1);
  const at = (index: number): Evidence => ({
    voucher: made.bytes,
    tick: encodeTick(7, index, linkAt(made.links, index)),
  });
  const last = verifyEvidence(null, at(4), CHANNEL, PAYER, 1000, crypto);
  assert.ok(last.ok);
  for (const index of [1, 4]) {
    const verdict = verifyEvidence(last.ok ? last.value : null, at(index), CHANNEL, PAYER, 1000, crypto);
    assert.is(verdict.ok ? 'ok' : verdict.code, 'tick-stale');
  }
});

verify.run();

const held = suite('Held');

held('lets a grant of a higher version raise what a chain may reach', () => {
  const state = newHeld(CHANNEL, PAYER, 100, TICKS);
  const made = make(1, 90, 5, false, 1);
  assert.is(said(acceptVoucher(state, made.bytes, crypto)), 'voucher-over-limit');
  state.limitNano = 120;
  assert.is(said(acceptVoucher(state, made.bytes, crypto)), 'ok');
  assert.is(said(acceptTick(state, { seq16: 1, index: 6, x: linkAt(made.links, 6) }, crypto)), 'ok');
  assert.is(totalNanoOf(bestOf(state)), 120);
});

held.run();
