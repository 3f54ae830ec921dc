import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Effect } from '../../agent/engine/effects.ts';
import {
  ask,
  hasAsked,
  isAsking,
  type Outbox,
  putsOff,
  repeatDue,
  repeatNow,
  takeAnswer,
} from '../../agent/engine/outbox.ts';
import type { Turn } from '../../agent/engine/turn.ts';
import type { Request } from '../../schemas/request.ts';
import { CODES } from '../../schemas/result.ts';
import { dealOf } from '../world/deal.ts';

const { buyer } = dealOf();
const CHANNEL = new Uint8Array(32);
const idOf = (n: number): Uint8Array => new Uint8Array(8).fill(n);
const query = (n: number): Request => ({ kind: 'query', id: idOf(n), parts: [CHANNEL] });
const open = (n: number): Request => ({ kind: 'open', id: idOf(n), parts: [CHANNEL] });
const receipt = (n: number): Request => ({ kind: 'receipt', id: idOf(n), parts: [CHANNEL] });
const refusal = (n: number, code: keyof typeof CODES): Request => ({
  kind: 'refusal',
  id: idOf(n),
  parts: [CODES[code], ''],
});

const turnAt = (nowMs: number): Turn & { readonly effects: Effect[] } => ({
  ports: buyer,
  nowMs,
  effects: [],
});
/** Ids of the requests a turn asked for. */
const askedIn = (turn: Turn): number[] =>
  turn.effects.flatMap((effect) => (effect.kind === 'request' ? [effect.request.id[0]!] : []));

const box = suite('outbox');

box('sends at once, then after 2, 4, 8 seconds and so on, a minute apart at most', () => {
  const outbox: Outbox = [];
  ask(turnAt(0), outbox, 'settler', query(1));
  const sentMs: number[] = [];
  for (let nowMs = 250; nowMs <= 300_000; nowMs += 250) {
    const turn = turnAt(nowMs);
    repeatDue(turn, outbox);
    if (turn.effects.length > 0) sentMs.push(nowMs);
  }
  assert.equal(sentMs, [1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000, 243_000]);
});

box('after a reconnect sends everything at once, and begins anew to wait', () => {
  const outbox: Outbox = [];
  ask(turnAt(0), outbox, 'settler', query(1));
  ask(turnAt(0), outbox, 'seller', open(2));
  for (let nowMs = 0; nowMs < 60_000; nowMs += 250) repeatDue(turnAt(nowMs), outbox);
  const turn = turnAt(60_000);
  repeatNow(turn, outbox);
  assert.equal(askedIn(turn), [1, 2]);
  const next = turnAt(61_000);
  repeatDue(next, outbox);
  assert.equal(askedIn(next), [1, 2]);
});

box('keeps one request of a kind: a newer one takes its place', () => {
  const outbox: Outbox = [];
  ask(turnAt(0), outbox, 'settler', query(1));
  ask(turnAt(0), outbox, 'settler', query(2));
  assert.is(outbox.length, 1);
  assert.not.ok(hasAsked(outbox, idOf(1)));
  assert.ok(hasAsked(outbox, idOf(2)));
  assert.ok(isAsking(outbox, 'query'));
  assert.not.ok(isAsking(outbox, 'open'));
});

box('an answer counts once, and one to another question never', () => {
  const outbox: Outbox = [];
  ask(turnAt(0), outbox, 'settler', query(1));
  assert.is(takeAnswer(outbox, receipt(9)), null);
  assert.equal(takeAnswer(outbox, receipt(1)), query(1));
  assert.is(takeAnswer(outbox, receipt(1)), null);
});

box('an echo of our own question is no answer to it, nor is one of a kind that answers another', () => {
  const outbox: Outbox = [];
  ask(turnAt(0), outbox, 'settler', query(1));
  assert.is(takeAnswer(outbox, query(1)), null);
  assert.is(takeAnswer(outbox, { kind: 'grant', id: idOf(1), parts: [CHANNEL] }), null);
  assert.ok(hasAsked(outbox, idOf(1)));
});

box('a refusal that only puts us off leaves the question open', () => {
  const outbox: Outbox = [];
  ask(turnAt(0), outbox, 'settler', query(1));
  const turn = turnAt(0);
  for (const code of ['busy', 'rate-exceeded', 'claim-rate', 'storage-full'] as const)
    assert.ok(putsOff(turn, outbox, refusal(1, code)));
  assert.is(turn.effects.length, 4, 'a person hears of it');
  assert.ok(putsOff(turn, outbox, refusal(9, 'busy')));
  assert.is(turn.effects.length, 4, 'unless nothing was asked');
  assert.not.ok(putsOff(turn, outbox, refusal(1, 'channel-unknown')));
  assert.not.ok(putsOff(turn, outbox, receipt(1)));
  assert.equal(takeAnswer(outbox, refusal(1, 'channel-unknown')), query(1));
});

box.run();
