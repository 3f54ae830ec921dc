/** Installations and ticks for a metered board, and what is read from its answers. */

import { installationMac } from '../../schemas/meter.ts';
import type { Install, SerialMessage, SerialTick } from '../../schemas/serial.ts';
import { buildChain, linkAt } from '../../schemas/tick.ts';
import { crypto, filled } from '../vectors/parties.ts';
import { buildCoreHost, type CoreHost } from './core-host.ts';
import { HostScript, sealed } from './host-script.ts';

export const KEY = filled(0x4b, 32);
/** hardware/core/storage.h */
export const KEY_AT = 8;

/** At 4 turns a byte: five blocks and 68 bytes of an installation; a record of six. */
export const INSTALL_TURNS = 300;
export const RECORD_TURNS = 30;
/** The sensors of meter-host.c give five readings in 4 turns. */
export const turnsFor = (readings: number): number => Math.ceil((readings * 4) / 5) + 10;

const PARTS = [
  ...['cbor', 'crc32', 'frame', 'hmac', 'link', 'message', 'meter', 'meter-install', 'meter-record'],
  ...['provision', 'sha256', 'storage', 'tick'],
];

export const buildMeterHost = (): CoreHost | undefined =>
  buildCoreHost(
    'meter-host.c',
    PARTS.map((name) => `${name}.c`),
  );

/** A board with a meter key; nothing was ever installed. */
export const metered = (): HostScript => new HostScript().power(KEY_AT, sealed(KEY));

/** An installation and the chain behind it. */
export type Chain = { readonly install: Install; readonly links: Uint8Array };
/** Of an installation; `channel` fills the 32 bytes. */
export type Terms = Pick<Install, 'number' | 'seq' | 'ticks' | 'base' | 'window'> & {
  readonly channel: number;
};

let ids = 0;
export const chainOf = (terms: Terms): Chain => {
  const channel = filled(terms.channel, 32);
  const links = buildChain(crypto.sha256, channel, terms.seq, filled(0x5a, 16), terms.ticks);
  const installation = { ...terms, channel, anchor: linkAt(links, 0) };
  const mac = installationMac(crypto.sha256, KEY, installation);
  ids++;
  return { install: { ...installation, type: 'install', id: ids, mac }, links };
};

export const forgedInstall = ({ install }: Chain): Install => ({ ...install, mac: filled(0, 16) });

/** A tick beyond the chain has no link to show. */
export const tickOf = ({ install, links }: Chain, index: number): SerialTick => ({
  type: 'tick',
  seq16: install.seq % 65536,
  index,
  x: index <= install.ticks ? linkAt(links, index) : filled(1, 16),
});

export const forgedTick = (tick: SerialTick): SerialTick => ({ ...tick, x: filled(2, 16) });

export const ofType = <T extends SerialMessage['type']>(said: readonly SerialMessage[], type: T) =>
  said.filter((one): one is Extract<SerialMessage, { type: T }> => one.type === type);

/** Readings that count. */
export const sold = (said: readonly SerialMessage[]): number =>
  ofType(said, 'reading').filter(({ channel }) => channel < 2).length;

export const codes = (said: readonly SerialMessage[]): number[] =>
  ofType(said, 'ack').map(({ code }) => code);
