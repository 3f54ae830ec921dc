/**
 * A robber: it has every message that was ever sent in a world, makes hostile ones of them, and has everything
 * checked after each. What it is decides which keys it has beside a stranger's.
 */

import { type Cbor, CborMap, decodeCbor, encodeCbor } from '../../schemas/cbor.ts';
import { signClose } from '../../schemas/close.ts';
import { parseObject, signObject } from '../../schemas/cose.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { U32_MAX } from '../../schemas/fields.ts';
import { signGrant } from '../../schemas/grant.ts';
import { signReceipt } from '../../schemas/receipt.ts';
import { decodeRequest, encodeRequest } from '../../schemas/request.ts';
import { agreeStatement, signStatement } from '../../schemas/statement.ts';
import { encodeControl } from '../../schemas/stream.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { type Chance, chanceOf } from '../world/chance.ts';
import { kindOf } from '../world/ending.ts';
import { type Address, type Message, PRICE_NANO } from '../world/options.ts';
import { Payer } from '../world/payer.ts';
import type { World } from '../world/world.ts';

/** outsider: broker or network; payer and payee: a party with its key. */
export const ROLES = ['outsider', 'payer', 'payee'] as const;
export type Role = (typeof ROLES)[number];

const ADDRESSES: readonly Address[] = ['seller', 'buyer', 'settler'];
/** Messages of a kind that are remembered: the first ones, and some of the later ones. */
const CAPTURED_MAX = 40;

/** What a robber sees of the lease it is at: a world, or a trade of many. */
export type Scene = Pick<World, 'ports' | 'crypto' | 'wire' | 'purchase' | 'sale'> & {
  readonly nowMs: number;
  /** Set by the robber: is told every message that is sent. */
  observe: World['observe'];
};

export class Robber {
  readonly role: Role;
  private readonly world: Scene;
  private readonly chance: Chance;
  private readonly captured = new Map<string, Message[]>();
  private readonly signers: readonly Signer[];

  constructor(world: Scene, role: Role, seed: number) {
    this.world = world;
    this.role = role;
    this.chance = chanceOf(seed);
    const { stranger, buyer, seller } = world.ports;
    const own = role === 'payer' ? [buyer.signer] : role === 'payee' ? [seller.signer] : [];
    this.signers = [stranger.signer, ...own, ...own];
    world.observe = (message) => this.capture(message);
  }

  private capture(message: Message): void {
    const kind = kindOf(message);
    const known = this.captured.get(kind);
    if (known === undefined) this.captured.set(kind, [message]);
    else if (known.length < CAPTURED_MAX) known.push(message);
    else known[this.chance.below(CAPTURED_MAX)] = message;
  }

  /** Any that was captured, each kind as likely as another. */
  private any(): Message {
    return this.one(this.one([...this.captured.values()]));
  }

  private one<T>(items: readonly T[]): T {
    return items[this.chance.below(items.length)]!;
  }

  /** A name for the move, and the message; null where there is nothing to make one of yet. */
  move(): { readonly name: string; readonly message: Message } | null {
    if (this.captured.size === 0) return null;
    const moves = {
      replay: () => this.any(),
      misdeliver: () => ({ ...this.any(), from: this.one(ADDRESSES), to: this.one(ADDRESSES) }),
      mistopic: () => ({ ...this.any(), on: this.one(['stream', 'in'] as const) }),
      spoil: () => this.with((bytes) => this.spoil(bytes)),
      splice: () => this.with((bytes) => this.splice(bytes)),
      nudge: () => this.with((bytes) => this.nudge(bytes)),
      sign: () => this.signed(),
      resign: () => this.with((bytes) => this.resign(bytes)),
    };
    const name = this.one(Object.keys(moves) as (keyof typeof moves)[]);
    const message = moves[name]();
    // Nothing authenticates a reading until it is encrypted for its lease: `broker.test.ts` has that robbery.
    if (message.to === 'buyer' && message.on === 'stream' && kindOf(message) === 'reading') return null;
    if (this.role === 'payer' && message.on === 'stream')
      this.world.wire.fromBuyer(message.bytes, this.world.purchase?.channel ?? null);
    return { name: `${name} ${kindOf(message)}`, message };
  }

  private with(change: (bytes: Uint8Array) => Uint8Array): Message {
    const message = this.any();
    return { ...message, bytes: change(message.bytes) };
  }

  private spoil(bytes: Uint8Array): Uint8Array {
    const spoiled = bytes.slice();
    const times = 1 + this.chance.below(3);
    for (let i = 0; i < times && spoiled.length > 0; i++)
      spoiled[this.chance.below(spoiled.length)]! ^= 1 << this.chance.below(8);
    if (this.chance.holds(0.2)) return spoiled.slice(0, this.chance.below(spoiled.length + 1));
    if (this.chance.holds(0.1)) return new Uint8Array([...spoiled, ...this.chance.bytes(5)]);
    return spoiled;
  }

  /** A part of one message in the place of a part of another. */
  private splice(bytes: Uint8Array): Uint8Array {
    const into = decodeCbor(bytes);
    const from = decodeCbor(this.any().bytes);
    if (!into.ok || !from.ok || !Array.isArray(into.value) || !Array.isArray(from.value)) return bytes;
    const list = [...(into.value as readonly Cbor[])];
    const place = this.chance.below(list.length);
    const donors = (from.value as readonly Cbor[]).filter((item) => typeof item === typeof list[place]);
    if (donors.length > 0) list[place] = this.one(donors);
    return encodeCbor(list);
  }

  /** A number somewhere inside, also inside what is signed, is another one. */
  private nudge(bytes: Uint8Array): Uint8Array {
    const item = decodeCbor(bytes);
    return item.ok ? encodeCbor(this.nudged(item.value)) : this.spoil(bytes);
  }

  private nudged(item: Cbor): Cbor {
    if (typeof item === 'number') return this.number(item);
    if (item instanceof Uint8Array) {
      const inner = item.length > 24 ? decodeCbor(item) : undefined;
      return inner?.ok && Array.isArray(inner.value)
        ? encodeCbor(this.nudged(inner.value))
        : this.spoil(item);
    }
    if (!Array.isArray(item) || item.length === 0) return item;
    const list = [...(item as readonly Cbor[])];
    const place = this.chance.below(list.length);
    if (!(list[place] instanceof CborMap)) list[place] = this.nudged(list[place]!);
    return list;
  }

  /** Numbers that are near a limit of something. */
  private number(near = 0): number {
    const { sale, purchase } = this.world;
    const numbers = [0, 1, 2, near + 1, Math.max(0, near - 1), near * 2, PRICE_NANO, 1024, 4_294_967_295];
    numbers.push(purchase?.releasedNano ?? 0, (purchase?.releasedNano ?? 0) + PRICE_NANO);
    numbers.push(sale?.verifiedNano ?? 0, (sale?.verifiedNano ?? 0) + PRICE_NANO);
    numbers.push(purchase?.limitNano ?? 0, (purchase?.limitNano ?? 0) + 1, Number.MAX_SAFE_INTEGER);
    return Math.min(Number.MAX_SAFE_INTEGER, this.one(numbers));
  }

  /** The payload of a real object, nudged or not, under a signature of the robber's. */
  private resign(bytes: Uint8Array): Uint8Array {
    const item = decodeCbor(bytes);
    if (!item.ok || !Array.isArray(item.value)) return bytes;
    const channel = this.world.purchase?.channel?.id ?? new Uint8Array(32);
    const lease = this.world.purchase?.lease?.id ?? new Uint8Array(32);
    const contexts = [
      ['tb1/voucher', channel],
      ['tb1/grant', channel],
      ['tb1/receipt', channel],
    ] as const;
    const more = [['tb1/close', channel], ['tb1/statement', lease], ['tb1/offer'], ['tb1/open']] as const;
    const again = (object: Uint8Array): Uint8Array | null => {
      const envelope = parseObject(object);
      if (!envelope.ok) return null;
      const payload = this.chance.holds(0.5) ? this.nudge(envelope.value.payload) : envelope.value.payload;
      return signObject(this.one([...contexts, ...more]), payload, this.one(this.signers));
    };
    const whole = again(bytes);
    if (whole !== null) return whole;
    return encodeCbor(
      (item.value as readonly Cbor[]).map((part) =>
        part instanceof Uint8Array ? (again(part) ?? part) : part,
      ),
    );
  }

  /** A message that says what a party could say, in its own words and numbers. */
  private signed(): Message {
    const { purchase } = this.world;
    const signer = this.one(this.signers);
    const channel = purchase?.channel?.id ?? new Uint8Array(32);
    const lease = purchase?.lease?.id ?? new Uint8Array(32);
    const asking = this.captured.get(this.one(['open', 'claim', 'close', 'statement']));
    const asked = decodeRequest((asking?.at(-1) ?? this.any()).bytes);
    const id = asked.ok ? asked.value.id : this.chance.bytes(8);
    const settler = { signer, certificate: null };
    const issuedS = Math.floor(this.world.nowMs / 1000);
    const made: readonly (() => Message)[] = [
      () => ({ from: 'buyer', to: 'seller', on: 'stream', bytes: this.voucher(signer) }),
      () => this.claim(id, channel, signer),
      () => {
        const parts = [lease, agreeStatement(lease, this.statement(signer), signer)] as const;
        return {
          from: 'seller',
          to: 'settler',
          on: 'in',
          bytes: encodeRequest({ kind: 'statement', id, parts }),
        };
      },
      () => {
        const parts = [this.statement(signer)] as const;
        return {
          from: 'buyer',
          to: 'seller',
          on: 'stream',
          bytes: encodeControl({ kind: 'statement', parts }),
        };
      },
      () => {
        const parts = [channel, signClose(channel, this.number(), signer), null] as const;
        return {
          from: 'seller',
          to: 'settler',
          on: 'in',
          bytes: encodeRequest({ kind: 'close', id, parts }),
        };
      },
      () => {
        const receipt = { issuedS, paidNano: this.number(), limitNano: 1, final: true, journalIndex: 1 };
        const parts = [signReceipt(channel, receipt, settler)] as const;
        return {
          from: 'settler',
          to: 'seller',
          on: 'in',
          bytes: encodeRequest({ kind: 'receipt', id, parts }),
        };
      },
      () => {
        const grant = { issuedS, version: 9, limitNano: this.number(), expiryS: issuedS + 9999 };
        const bytes = signGrant(channel, { ...grant, backing: 'deposit' }, settler);
        const parts = [purchase?.openBytes ?? bytes, bytes] as const;
        return { from: 'buyer', to: 'seller', on: 'stream', bytes: encodeControl({ kind: 'grant', parts }) };
      },
    ];
    return this.one(made)();
  }

  private voucher(signer: Signer): Uint8Array {
    const { purchase, crypto, ports } = this.world;
    if (purchase?.lease == null || purchase.channel === null) return new Uint8Array([0x80]);
    const { lease, channel, terms, openBytes, grantBytes } = purchase;
    const deal = { crypto: { ...crypto, random: this.chance.bytes }, ...ports, terms, lease, channel };
    const payer = new Payer({ ...deal, openBytes: openBytes!, grantBytes: grantBytes ?? openBytes! });
    const seq = Math.min(U32_MAX, Math.max(1, purchase.voucherSeq + this.chance.below(4) - 1));
    const cumulativeNano = this.number();
    const tickNano = this.chance.holds(0.3) ? 0 : this.one([1, PRICE_NANO, 2 * PRICE_NANO]);
    return payer.voucher({ seq, cumulativeNano, tickNano, signer, fork: this.chance.below(99) });
  }

  private claim(id: Uint8Array, channel: Uint8Array, signer: Signer): Message {
    const readings = this.chance.below(99);
    const head = new Uint8Array(32);
    const said = { seq: 1 + this.chance.below(9), cumulativeNano: this.number(), readings, head };
    const voucher = signVoucher(channel, { ...said, anchor: null, tickNano: 0 }, signer);
    // What a robber signs with the payer's key is released: it may be claimed.
    this.world.wire.fromBuyer(voucher, this.world.purchase?.channel ?? null);
    const bytes = encodeRequest({ kind: 'claim', id, parts: [channel, voucher, null] });
    return { from: 'seller', to: 'settler', on: 'in', bytes };
  }

  private statement(signer: Signer): Uint8Array {
    const { purchase } = this.world;
    const counts = { delivered: this.chance.below(60), paid: this.chance.below(60) };
    return signStatement(
      purchase?.lease?.id ?? new Uint8Array(32),
      {
        channel: purchase?.channel?.id ?? new Uint8Array(32),
        ...counts,
        totalNano: this.number(),
        head: purchase?.lease == null ? new Uint8Array(32) : purchase.head,
        reason: 'buyer',
      },
      signer,
    );
  }
}
