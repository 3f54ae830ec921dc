/** Runs the vectors of ticks and evidence: chains built again, claims verified, and payees played through. */

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  acceptTick,
  acceptVoucher,
  bestOf,
  decodeTick,
  evidenceOf,
  newHeld,
  parseEvidence,
  totalNanoOf,
  verifyEvidence,
} from '../../schemas/evidence.ts';
import { buildChain, chainBlock, encodeTick, linkAt, walkBack } from '../../schemas/tick.ts';
import { schemas } from '../cddl/schemas.ts';
import { hex, type Json, toJson, unhex } from '../vectors/notation.ts';
import { crypto } from '../vectors/parties.ts';
import { vectorsOf } from './vectors.ts';
import { accepted, type Bad, describes, mirrors, refuses, sha256 } from './verdicts.ts';

type TickFile = {
  readonly good: readonly { name: string; seq: number; value: Json; bytes: string }[];
  readonly bad: readonly Bad[];
  readonly chains: readonly {
    name: string;
    channel: string;
    seq: number;
    ticks: number;
    last: string;
    links: readonly { index: number; x: string }[];
  }[];
};

const ticks = suite('vectors of tick.json');
const tickVectors = vectorsOf<TickFile>('tick');

for (const vector of tickVectors.good) {
  ticks(`encodes, decodes and mirrors ${vector.name}`, () => {
    const tick = accepted(decodeTick(unhex(vector.bytes)));
    assert.equal(toJson(tick), vector.value);
    assert.is(hex(encodeTick(vector.seq, tick.index, tick.x)), vector.bytes);
    mirrors(unhex(vector.bytes));
    describes('tick', unhex(vector.bytes));
  });
}

for (const vector of tickVectors.bad) {
  ticks(`refuses ${vector.name}: ${vector.code}`, () => {
    refuses(decodeTick(unhex(vector.bytes)), vector.code);
    assert.not.ok(schemas().validate('tick', unhex(vector.bytes)).ok);
  });
}

/** The formula of the spec, written again with node:crypto. */
const linkBeforeElsewhere = (channel: string, seq: number, index: number, x: string): string => {
  const numbers = Buffer.alloc(6);
  numbers.writeUInt32BE(seq, 0);
  numbers.writeUInt16BE(index, 4);
  const block = Buffer.concat([Buffer.from(`54${channel}`, 'hex'), numbers, Buffer.from(x, 'hex')]);
  assert.is(block.length, 55);
  return sha256(block).slice(0, 32);
};

for (const vector of tickVectors.chains) {
  ticks(`builds and walks ${vector.name}`, () => {
    const channel = unhex(vector.channel);
    const links = buildChain(crypto.sha256, channel, vector.seq, unhex(vector.last), vector.ticks);
    assert.is(links.length, 16 * (vector.ticks + 1));
    let x = vector.last;
    for (let index = vector.ticks; index > 0; index--) {
      assert.is(hex(linkAt(links, index)), x);
      x = linkBeforeElsewhere(vector.channel, vector.seq, index, x);
    }
    assert.is(hex(linkAt(links, 0)), x);
    for (const link of vector.links) {
      assert.is(hex(linkAt(links, link.index)), link.x);
      const block = chainBlock(channel, vector.seq);
      assert.is(hex(walkBack(crypto.sha256, block, link.index, 0, unhex(link.x))), x);
    }
  });
}

ticks.run();

type Claim = {
  readonly name: string;
  readonly channel: string;
  readonly payer: string;
  readonly limitNano: number;
  readonly voucher: string;
  readonly tick: string | null;
  readonly totalNano?: number;
  readonly code?: string;
};
type Script = {
  readonly name: string;
  readonly channel: string;
  readonly payer: string;
  readonly limitNano: number;
  readonly ticks: number;
  readonly steps: readonly {
    does: string;
    voucher?: string;
    tick?: string;
    totalNano?: number;
    code?: string;
  }[];
};
type EvidenceFile = {
  readonly good: readonly Claim[];
  readonly bad: readonly Claim[];
  readonly scripts: readonly Script[];
};

const evidence = suite('vectors of evidence.json');
const evidenceVectors = vectorsOf<EvidenceFile>('evidence');

const verified = (claim: Claim): ReturnType<typeof verifyEvidence> => {
  const bytes = { voucher: unhex(claim.voucher), tick: claim.tick === null ? null : unhex(claim.tick) };
  return verifyEvidence(null, bytes, unhex(claim.channel), unhex(claim.payer), claim.limitNano, crypto);
};

for (const claim of evidenceVectors.good) {
  evidence(`verifies ${claim.name}`, () => {
    const position = accepted(verified(claim));
    assert.is(totalNanoOf(position), claim.totalNano);
    const mirrored = evidenceOf(position);
    assert.is(hex(mirrored.voucher), claim.voucher);
    assert.is(mirrored.tick === null ? null : hex(mirrored.tick), claim.tick);
    assert.is(accepted(parseEvidence(mirrored)).totalNano, claim.totalNano);
  });
}

for (const claim of evidenceVectors.bad) {
  evidence(`refuses ${claim.name}: ${claim.code}`, () => refuses(verified(claim), claim.code!));
}

for (const script of evidenceVectors.scripts) {
  evidence(`plays ${script.name}`, () => {
    const held = newHeld(unhex(script.channel), unhex(script.payer), script.limitNano, script.ticks);
    for (const step of script.steps) {
      const before = totalNanoOf(bestOf(held));
      const tick = step.tick === undefined ? undefined : decodeTick(unhex(step.tick));
      const result =
        tick === undefined
          ? acceptVoucher(held, unhex(step.voucher!), crypto)
          : tick.ok
            ? acceptTick(held, tick.value, crypto)
            : tick;
      assert.is(result.ok ? result.value : result.code, step.totalNano ?? step.code, step.does);
      assert.is(totalNanoOf(bestOf(held)), result.ok ? result.value : before, step.does);
    }
  });
}

evidence('has a step for every code of a payee', () => {
  const codes = evidenceVectors.scripts.flatMap((script) => script.steps.map((step) => step.code));
  for (const code of [
    'voucher-stale',
    'voucher-goes-back',
    'voucher-over-limit',
    'signature-invalid',
    'tick-unknown-voucher',
    'tick-stale',
    'tick-beyond-chain',
    'tick-does-not-chain',
  ]) {
    assert.ok(codes.includes(code), code);
  }
});

evidence.run();
