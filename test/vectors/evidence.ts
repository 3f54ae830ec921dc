/** The vectors of ticks and evidence: chains, ticks, what a settler verifies and what a payee accepts in turn. */

import { type Cbor, encodeCbor } from '../../schemas/cbor.ts';
import type { Code } from '../../schemas/result.ts';
import { buildChain, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { hex, type Json } from './notation.ts';
import { crypto, filled, keyOf, signer } from './parties.ts';

const U32_MAX = 4294967295;
const CHANNEL = filled(0xc1);
const SPEC = 'schemas/spec/evidence.md';

type Chain = { readonly seq: number; readonly links: Uint8Array; readonly ticks: number };

const chain = (seq: number, ticks: number, fill: number, channel = CHANNEL): Chain => ({
  seq,
  ticks,
  links: buildChain(crypto.sha256, channel, seq, filled(fill, 16), ticks),
});

const tick = (of: Chain, index: number): Uint8Array => encodeTick(of.seq, index, linkAt(of.links, index));

const voucher = (
  of: Chain,
  cumulativeNano: number,
  tickNano: number,
  channel = CHANNEL,
  by: 'buyer' | 'stranger' = 'buyer',
): Uint8Array => {
  const anchor = tickNano === 0 ? null : linkAt(of.links, 0);
  const said = { seq: of.seq, cumulativeNano, readings: 0, head: filled(0x77), anchor, tickNano };
  return signVoucher(channel, said, signer(by));
};

const chainJson = (name: string, of: Chain, indices: readonly number[]): Json => ({
  name,
  channel: hex(CHANNEL),
  seq: of.seq,
  ticks: of.ticks,
  last: hex(linkAt(of.links, of.ticks)),
  links: indices.map((index) => ({ index, x: hex(linkAt(of.links, index)) })),
});

export const tickFile = (): Json => {
  const link = filled(0xa5, 16);
  const good = (name: string, seq: number, index: number): Json => ({
    name,
    seq,
    value: { seq16: seq % 65536, index, x: { bytes: hex(link) } },
    bytes: hex(encodeTick(seq, index, link)),
  });
  const bad = (name: string, code: Code, item: Cbor | Uint8Array): Json => ({
    name,
    code,
    bytes: hex(item instanceof Uint8Array ? item : encodeCbor(item)),
  });
  const first = encodeTick(1, 1, link);
  return {
    spec: SPEC,
    good: [
      good('the first of a channel', 1, 1),
      good('the largest, 24 bytes', 65535, 1024),
      good('of voucher 65536', 65536, 7),
      good('of voucher 2^32 - 1', U32_MAX, 300),
    ],
    bad: [
      bad('the last byte missing', 'cbor-truncated', first.subarray(0, first.length - 1)),
      bad('a byte too many', 'cbor-trailing', new Uint8Array([...first, 0])),
      bad(
        'an index in two bytes',
        'cbor-not-deterministic',
        new Uint8Array([0x83, 1, 0x18, 1, 0x50, ...link]),
      ),
      bad('an index of half', 'cbor-unsupported', new Uint8Array([0x83, 1, 0xf9, 0x38, 0, 0x50, ...link])),
      bad('two items', 'object-malformed', [1, 1]),
      bad('four items', 'object-malformed', [1, 1, link, link]),
      bad('a text', 'object-malformed', 'tick'),
      bad('seq 65536', 'value-out-of-range', [65536, 1, link]),
      bad('a negative seq', 'value-out-of-range', [-1, 1, link]),
      bad('index 0, which is the voucher', 'value-out-of-range', [1, 0, link]),
      bad('index 1,025', 'value-out-of-range', [1, 1025, link]),
      bad('a link of 15 bytes', 'value-out-of-range', [1, 1, filled(0xa5, 15)]),
      bad('a whole hash', 'value-out-of-range', [1, 1, filled(0xa5)]),
    ],
    chains: [
      chainJson('a short chain', chain(1, 4, 0x5a), [0, 1, 2, 3, 4]),
      chainJson('one tick', chain(65536, 1, 0x00), [0, 1]),
      chainJson('the longest of the last voucher', chain(U32_MAX, 1024, 0xff), [0, 1, 255, 256, 1023, 1024]),
    ],
  };
};

const ONE = chain(1, 8, 0x11);
const TWO = chain(2, 8, 0x22);
const THREE = chain(3, 8, 0x33);
const LONG = chain(4, 1024, 0x44);
/** The same seq mod 2^16 as ONE. */
const FAR = chain(65537, 8, 0x55);

type Step = { readonly does: string; readonly bytes: Uint8Array; readonly gives: number | Code };

const stepJson = (step: Step): Json => ({
  does: step.does,
  voucher: step.bytes.length > 24 ? hex(step.bytes) : undefined,
  tick: step.bytes.length > 24 ? undefined : hex(step.bytes),
  totalNano: typeof step.gives === 'number' ? step.gives : undefined,
  code: typeof step.gives === 'string' ? step.gives : undefined,
});

const script = (name: string, limitNano: number, steps: readonly Step[]): Json => ({
  name,
  channel: hex(CHANNEL),
  payer: hex(keyOf('buyer')),
  limitNano,
  ticks: 8,
  steps: steps.map(stepJson),
});

const step = (does: string, bytes: Uint8Array, gives: number | Code): Step => ({ does, bytes, gives });

const scripts = (): readonly Json[] => [
  script('a stream paid as it should be', 1000, [
    step('opens a chain', voucher(ONE, 0, 10), 0),
    step('ticks', tick(ONE, 1), 10),
    step('ticks three at once', tick(ONE, 4), 40),
    step('repeats the tick', tick(ONE, 4), 'tick-stale'),
    step('repeats the voucher', voucher(ONE, 0, 10), 40),
    step('rolls over with the total so far', voucher(TWO, 40, 10), 40),
    step('ticks on the new chain', tick(TWO, 8), 120),
    step('ends without a chain', voucher(THREE, 125, 0), 125),
  ]),
  script('late ticks of the chain before', 1000, [
    step('opens a chain', voucher(ONE, 0, 10), 0),
    step('rolls over early, at 20', voucher(TWO, 20, 10), 20),
    step('a late tick that is worth less changes nothing', tick(ONE, 1), 20),
    step('a late tick that is worth more counts alone', tick(ONE, 7), 70),
    step('a tick of the new chain is not added to it', tick(TWO, 3), 70),
    step('the next voucher is at least the best total', voucher(THREE, 69, 0), 'voucher-goes-back'),
    step('and may be just that', voucher(THREE, 70, 0), 70),
    step('two vouchers back is forgotten', tick(ONE, 8), 'tick-unknown-voucher'),
  ]),
  script('a payer who robs', 100, [
    step('a tick before any voucher', tick(ONE, 1), 'tick-unknown-voucher'),
    step('a voucher that a stranger signed', voucher(ONE, 0, 10, CHANNEL, 'stranger'), 'signature-invalid'),
    step('a voucher of another channel', voucher(ONE, 0, 10, filled(0xc2)), 'signature-invalid'),
    step('a cumulative over the limit', voucher(ONE, 101, 0), 'voucher-over-limit'),
    step('a chain that reaches over the limit', voucher(ONE, 21, 10), 'voucher-over-limit'),
    step('a chain that reaches the limit', voucher(ONE, 20, 10), 20),
    step('a tick of another chain', encodeTick(1, 2, linkAt(TWO.links, 2)), 'tick-does-not-chain'),
    step('the right link at the wrong index', encodeTick(1, 3, linkAt(ONE.links, 2)), 'tick-does-not-chain'),
    step('a tick beyond the chain', encodeTick(1, 9, filled(0x11, 16)), 'tick-beyond-chain'),
    step('half of the chain', tick(ONE, 4), 60),
    step('the same seq for less', voucher(ONE, 10, 10), 'voucher-stale'),
    step('a total that goes back', voucher(TWO, 59, 0), 'voucher-goes-back'),
    step('another voucher of the same seq mod 2^16', voucher(FAR, 60, 5), 60),
    step('whose ticks are its own', encodeTick(1, 5, linkAt(ONE.links, 5)), 'tick-does-not-chain'),
    step('a chain of 1,024 ticks', voucher({ ...LONG, seq: U32_MAX }, 60, 5), 60),
    step('no voucher after the last seq', voucher(LONG, 61, 0), 'voucher-stale'),
  ]),
  script('a voucher without a chain', 9007199254740991, [
    step('all there is', voucher(ONE, 9007199254740991, 0), 9007199254740991),
    step('has no ticks', tick(ONE, 1), 'tick-unknown-voucher'),
    step('and no chain on top', voucher(TWO, 9007199254740991, 1), 'voucher-over-limit'),
  ]),
  script('bytes that are no evidence', 1000, [
    step('an envelope of three', encodeCbor([filled(1), filled(2), 3]), 'cose-malformed'),
    step('half a voucher', voucher(ONE, 0, 10).subarray(0, 75), 'cbor-truncated'),
    step('half a tick', tick(ONE, 1).subarray(0, 10), 'cbor-truncated'),
    step('a tick of four', encodeCbor([1, 1, 1, 1]), 'object-malformed'),
    step('a tick with index 0', encodeTick(1, 0, linkAt(ONE.links, 0)), 'value-out-of-range'),
  ]),
];

const claim = (
  name: string,
  limitNano: number,
  of: Uint8Array,
  at: Uint8Array | null,
  gives: number | Code,
): Json => ({
  name,
  channel: hex(CHANNEL),
  payer: hex(keyOf('buyer')),
  limitNano,
  voucher: hex(of),
  tick: at === null ? null : hex(at),
  totalNano: typeof gives === 'number' ? gives : undefined,
  code: typeof gives === 'string' ? gives : undefined,
});

export const evidenceFile = (): Json => {
  const longest = voucher(LONG, 1000, 5);
  const plain = voucher(THREE, 125, 0);
  return {
    spec: SPEC,
    good: [
      claim('a voucher without a chain', 1000, plain, null, 125),
      claim('a voucher before its first tick', 1000, voucher(ONE, 40, 10), null, 40),
      claim('a tick in a chain', 1000, voucher(ONE, 40, 10), tick(ONE, 3), 70),
      claim('a tick at the limit', 70, voucher(ONE, 40, 10), tick(ONE, 3), 70),
      claim('the end of the longest chain', 10000, longest, tick(LONG, 1024), 6120),
      claim('a tick of voucher 65537', 1000, voucher(FAR, 0, 1), tick(FAR, 8), 8),
    ],
    bad: [
      claim('half a voucher', 1000, plain.subarray(0, 60), null, 'cbor-truncated'),
      claim('a tick as a voucher', 1000, tick(ONE, 3), null, 'cose-malformed'),
      claim('a voucher as a tick', 1000, plain, plain, 'object-malformed'),
      claim(
        'a tick with index 1,025',
        10000,
        longest,
        encodeTick(4, 1025, filled(0x44, 16)),
        'value-out-of-range',
      ),
      claim(
        'a total over 2^53',
        9007199254740991,
        voucher(ONE, 9007199254740991, 1),
        tick(ONE, 1),
        'value-out-of-range',
      ),
      claim('a tick of a voucher without a chain', 1000, plain, tick(THREE, 1), 'tick-unknown-voucher'),
      claim('a tick of another voucher', 1000, voucher(ONE, 40, 10), tick(TWO, 1), 'tick-unknown-voucher'),
      claim('a cumulative over the limit', 124, plain, null, 'voucher-over-limit'),
      claim('a tick over the limit', 69, voucher(ONE, 40, 10), tick(ONE, 3), 'voucher-over-limit'),
      claim(
        'a voucher of another channel',
        1000,
        voucher(ONE, 40, 10, filled(0xc2)),
        null,
        'signature-invalid',
      ),
      claim(
        'a voucher that a stranger signed',
        1000,
        voucher(ONE, 40, 10, CHANNEL, 'stranger'),
        null,
        'signature-invalid',
      ),
      claim(
        'a link at a higher index',
        1000,
        voucher(ONE, 40, 10),
        encodeTick(1, 4, linkAt(ONE.links, 3)),
        'tick-does-not-chain',
      ),
    ],
    scripts: scripts(),
  };
};
