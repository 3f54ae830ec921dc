/** The vectors of the meter and the payer on a chip: what is under their keys. */

import { installationMac, lastLink } from '../../schemas/meter.ts';
import type { Code } from '../../schemas/result.ts';
import type { Installation } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { hex, type Json } from './notation.ts';
import { crypto, filled } from './parties.ts';

const U32_MAX = 4294967295;
const KEY = filled(0x4b);
const SECRET = filled(0x5c);
const CHANNEL = filled(0xc1);

const CREDIT: Installation = {
  number: 1795168800,
  channel: CHANNEL,
  seq: 2,
  anchor: filled(0xa0, 16),
  ticks: 64,
  base: 100,
  window: 8,
};

const installation = (name: string, credit: Installation): Json => ({
  name,
  number: credit.number,
  channel: hex(credit.channel),
  seq: credit.seq,
  anchor: hex(credit.anchor),
  ticks: credit.ticks,
  base: credit.base,
  window: credit.window,
  mac: hex(installationMac(crypto.sha256, KEY, credit)),
});

const refused = (name: string, code: Code, last: number, credit: Installation, spoiled = {}): Json => ({
  ...(installation(name, credit) as object),
  ...spoiled,
  last,
  code,
});

const payer = (
  name: string,
  seq: number,
  counter: number,
  ticks: number,
  indices: readonly number[],
): Json => {
  const last = lastLink(crypto.sha256, SECRET, CHANNEL, seq, counter);
  const links = buildChain(crypto.sha256, CHANNEL, seq, last, ticks);
  return {
    name,
    seq,
    counter,
    ticks,
    last: hex(last),
    anchor: hex(linkAt(links, 0)),
    links: indices.map((index) => ({ index, x: hex(linkAt(links, index)) })),
  };
};

export const meterFile = (): Json => ({
  spec: 'schemas/spec/meter.md',
  key: hex(KEY),
  secret: hex(SECRET),
  channel: hex(CHANNEL),
  good: [
    installation('an installation', CREDIT),
    installation('the smallest', { ...CREDIT, number: 1, seq: 1, ticks: 1, base: 0, window: 1 }),
    installation('the largest', {
      number: U32_MAX,
      channel: filled(0xff),
      seq: U32_MAX,
      anchor: filled(0xff, 16),
      ticks: 1024,
      base: 4294900736,
      window: 65535,
    }),
  ],
  bad: [
    refused('another key', 'signature-invalid', 0, CREDIT, {
      mac: hex(installationMac(crypto.sha256, filled(0x4c), CREDIT)),
    }),
    ...(['number', 'seq', 'ticks', 'base', 'window'] as const).map((field) =>
      refused(`another ${field} than the one under the key`, 'signature-invalid', 0, CREDIT, {
        [field]: CREDIT[field] + 1,
      }),
    ),
    refused('another channel than the one under the key', 'signature-invalid', 0, CREDIT, {
      channel: hex(filled(0xc2)),
    }),
    refused('another anchor than the one under the key', 'signature-invalid', 0, CREDIT, {
      anchor: hex(filled(0xa1, 16)),
    }),
    refused('a number that was installed before', 'voucher-stale', CREDIT.number, CREDIT),
    refused('a number below one that was installed', 'voucher-stale', CREDIT.number + 1, CREDIT),
  ],
  payer: [
    payer('the first chain', 1, 1, 4, [1, 2, 3, 4]),
    payer('the same voucher, made again', 1, 2, 4, [4]),
    payer('the longest chain', U32_MAX, U32_MAX, 1024, [1, 16, 17, 512, 1023, 1024]),
  ],
});
