import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, openClock } from '../../agent/clock.ts';
import type { Request, RequestOf } from '../../schemas/request.ts';
import { signTime } from '../../schemas/time.ts';
import { crypto, signerOf } from './market.ts';

const settler = signerOf(50);
const NOW_S = 1_795_000_000;

const answer = (asked: Request, issuedS: number, signer = settler): Request => {
  const nonce = (asked as RequestOf<'time'>).parts[0];
  return { kind: 'timed', id: asked.id, parts: [signTime(nonce, issuedS, { signer, certificate: null })] };
};

const folders: string[] = [];
const newPath = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tollbridge-clock-'));
  folders.push(folder);
  return join(folder, 'time');
};

const open = (path: string, monotonic: { ms: number }): Clock => {
  const clock = openClock(crypto, path, () => monotonic.ms);
  if (!clock.ok) throw new Error(clock.detail);
  return clock.value;
};

const codeOf = (result: ReturnType<Clock['take']>): string => (result.ok ? 'ok' : result.code);

const test = suite('Clock');

test.after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

test('knows no time before a settler has signed it', () => {
  assert.is(open(newPath(), { ms: 0 }).nowMs(), null);
});

test('runs on from the signed time by the monotonic clock', () => {
  const monotonic = { ms: 5000 };
  const clock = open(newPath(), monotonic);
  const asked = clock.ask(true)!;
  monotonic.ms += 40;
  assert.is(codeOf(clock.take(answer(asked, NOW_S), settler.key)), 'ok');
  assert.is(clock.nowMs(), NOW_S * 1000);
  monotonic.ms += 1234;
  assert.is(clock.nowMs(), NOW_S * 1000 + 1234);
});

test('refuses an answer to an older question, of another settler, or repeated', () => {
  const monotonic = { ms: 0 };
  const clock = open(newPath(), monotonic);
  const first = clock.ask(true)!;
  monotonic.ms += 3000;
  const second = clock.ask(false)!;
  assert.is(codeOf(clock.take(answer(first, NOW_S), settler.key)), 'time-unproven');
  assert.is(codeOf(clock.take(answer(second, NOW_S, signerOf(51)), settler.key)), 'signature-invalid');
  const good = answer(second, NOW_S);
  assert.is(codeOf(clock.take(good, settler.key)), 'ok');
  assert.is(codeOf(clock.take(good, settler.key)), 'time-unproven');
});

test('refuses an answer that took too long', () => {
  const monotonic = { ms: 0 };
  const clock = open(newPath(), monotonic);
  const asked = clock.ask(true)!;
  monotonic.ms = 10_001;
  assert.is(codeOf(clock.take(answer(asked, NOW_S), settler.key)), 'time-unproven');
  assert.is(clock.nowMs(), null);
});

test('never falls behind the highest time seen, not even in the next start', () => {
  const path = newPath();
  const first = open(path, { ms: 0 });
  assert.is(codeOf(first.take(answer(first.ask(true)!, NOW_S), settler.key)), 'ok');
  const next = open(path, { ms: 0 });
  assert.is(codeOf(next.take(answer(next.ask(true)!, NOW_S - 1_000_000), settler.key)), 'ok');
  assert.is(next.nowMs(), NOW_S * 1000);
});

test('does not go back within a start either', () => {
  const monotonic = { ms: 0 };
  const clock = open(newPath(), monotonic);
  clock.take(answer(clock.ask(true)!, NOW_S), settler.key);
  monotonic.ms = 7_200_000;
  assert.is(codeOf(clock.take(answer(clock.ask(false)!, NOW_S + 60), settler.key)), 'ok');
  assert.is(clock.nowMs(), NOW_S * 1000 + 7_200_000);
});

test('asks again every two seconds until it knows, and then once an hour', () => {
  const monotonic = { ms: 0 };
  const clock = open(newPath(), monotonic);
  assert.ok(clock.ask(false));
  monotonic.ms = 1999;
  assert.is(clock.ask(false), null);
  monotonic.ms = 2000;
  clock.take(answer(clock.ask(false)!, NOW_S), settler.key);
  monotonic.ms = 3_000_000;
  assert.is(clock.ask(true), null);
  monotonic.ms = 3_602_000;
  assert.ok(clock.ask(false));
});

test('refuses a file that holds something else', () => {
  const path = newPath();
  writeFileSync(path, 'noon');
  const clock = openClock(crypto, path);
  assert.ok(!clock.ok && clock.code === 'storage-failed');
});

test.run();
