import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Questions } from '../../../agent/owner/questions.ts';
import type { Request } from '../../../schemas/request.ts';
import { CODES, type Code } from '../../../schemas/result.ts';
import { filled } from '../../vectors/parties.ts';
import { crypto } from './bench.ts';

class Line {
  nowMs = 0;
  sent: Request[] = [];
  heard: string[] = [];
  readonly questions = new Questions({
    random: crypto.random,
    monotonicMs: () => this.nowMs,
    request: (_, request) => this.sent.push(request),
  });

  ask(name: string, settles = true): void {
    this.questions.ask(name, {
      topic: 't',
      from: 'settler',
      asking: { kind: 'query', parts: [filled(1)] },
      take: () => {
        this.heard.push(`${name} answered`);
        return settles;
      },
      refused: (code) => this.heard.push(`${name} ${code}`),
    });
  }

  /** How often something was sent while that long passes. */
  wait(ms: number): number {
    const before = this.sent.length;
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; this.nowMs += 250) this.questions.onTimer();
    return this.sent.length - before;
  }

  answer(from: string, code?: Code): void {
    const { id } = this.sent.at(-1)!;
    const refusal: Request = { kind: 'refusal', id, parts: [code === undefined ? 0 : CODES[code], ''] };
    this.questions.onAnswer(from, code === undefined ? { kind: 'receipt', id, parts: [filled(2)] } : refusal);
  }
}

const questions = suite('Questions');

questions('are repeated less and less often, with the same id, until they are answered', () => {
  const line = new Line();
  line.ask('a');
  assert.is(line.wait(250), 1);
  assert.equal([line.wait(10_000), line.wait(3_600_000)], [2, 62]);
  assert.is(new Set(line.sent.map(({ id }) => id)).size, 1);
  line.answer('settler');
  assert.equal([line.heard, line.wait(600_000)], [['a answered'], 0]);
});

questions('are answered once, and by nobody but whoever was asked', () => {
  const line = new Line();
  line.ask('a');
  line.wait(250);
  line.answer('stranger');
  assert.ok(line.questions.has('a'));
  line.answer('settler');
  line.answer('settler');
  assert.equal([line.heard, line.questions.has('a')], [['a answered'], false]);
});

questions('go on after an answer that settles nothing', () => {
  const line = new Line();
  line.ask('a', false);
  line.wait(250);
  line.answer('settler');
  assert.ok(line.wait(10_000) > 0);
});

questions('that are refused wait five minutes for a person, those that are put off do not', () => {
  const line = new Line();
  line.ask('a');
  line.wait(250);
  line.answer('settler', 'busy');
  assert.equal([line.heard, line.wait(10_000)], [[], 2]);
  line.answer('settler', 'currency-unknown');
  assert.equal([line.heard, line.wait(299_000)], [['a currency-unknown'], 0]);
  assert.is(line.wait(2000), 1);
});

questions('of one name wait one at a time, and the answer to the older counts no more', () => {
  const line = new Line();
  line.ask('a');
  line.wait(250);
  const [older] = line.sent;
  line.ask('a');
  line.questions.onAnswer('settler', { kind: 'receipt', id: older!.id, parts: [filled(2)] });
  assert.equal(line.heard, []);
  line.wait(250);
  line.answer('settler');
  assert.equal(line.heard, ['a answered']);
});

questions('are due at once after a connect, some at a time', () => {
  const line = new Line();
  for (let i = 0; i < 20; i++) line.ask(String(i));
  assert.is(line.wait(250), 8);
  assert.is(line.wait(500), 12);
  line.wait(600_000);
  line.questions.onConnected();
  assert.is(line.wait(750), 20);
});

questions.run();
