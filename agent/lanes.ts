/** Lanes: a sale or a purchase of the engine with its topics, ready to be stepped in turns. */

import { toHex } from '../schemas/bytes.ts';
import { idOf, labelOf } from '../schemas/identity.ts';
import { priceNanoOf, totalNanoFor } from '../schemas/price.ts';
import type { Request } from '../schemas/request.ts';
import type { Terms } from '../schemas/terms.ts';
import { inTopic, leaseTopic, settlerTopic, shardOf } from '../schemas/topic.ts';
import type { Figures } from './archive.ts';
import type { Effect, Event, Ports } from './engine/effects.ts';
import { stepPurchase } from './engine/purchase/purchase.ts';
import { purchaseRecords } from './engine/purchase/records.ts';
import { type Purchase, purchaseReport } from './engine/purchase/state.ts';
import { encodeRecord } from './engine/record.ts';
import { saleRecords } from './engine/sale/records.ts';
import { stepSale } from './engine/sale/sale.ts';
import { type Sale, saleReport } from './engine/sale/state.ts';
import type { LeaseStatus } from './status.ts';
import type { Lane } from './turns.ts';

/** What lanes ask of the agent around them. */
export type LaneHost = {
  readonly ports: Ports;
  readonly self: string;
  readonly stream: (topic: string, bytes: Uint8Array) => void;
  readonly request: (topic: string, request: Request) => void;
  /** The lane has a topic from here on, or at an end none any more. */
  readonly follow: (lane: LeaseLane) => void;
  readonly onBought: (lane: PurchaseLane, effect: Effect & { readonly kind: 'bought' }) => void;
  readonly onNotice: (lane: LeaseLane, code: string, detail: string) => void;
  readonly onEnded: (lane: LeaseLane) => void;
  /** All that arrived together has been stepped. */
  readonly onSaleTurn: (lane: SaleLane) => void;
};

type Common = Lane & {
  /** Capability that is sold, or name of the demand it is bought for. */
  readonly name: string;
  readonly terms: Terms;
  readonly peer: string;
  readonly settler: string;
  /** Empty until there is a lease. */
  topicIn: string;
  topicOut: string;
};
export type SaleLane = Common & { readonly role: 'sale'; state: Sale };
export type PurchaseLane = Common & { readonly role: 'purchase'; state: Purchase };
export type LeaseLane = SaleLane | PurchaseLane;

/** Beside the kinds of the engine: the demand that a purchase is for, `[handle, 200, name]`. */
export const KIND_DEMAND = 200;

const setTopics = (lane: LeaseLane, self: string, lease: Uint8Array): void => {
  const label = labelOf(lease);
  const [payee, payer] = lane.role === 'sale' ? [self, lane.peer] : [lane.peer, self];
  const [out, inward] = lane.role === 'sale' ? (['r', 'p'] as const) : (['p', 'r'] as const);
  lane.topicOut = leaseTopic(payee, payer, label, out);
  lane.topicIn = leaseTopic(payee, payer, label, inward);
};

const topicFor = (lane: LeaseLane, host: LaneHost, to: 'seller' | 'settler'): string =>
  to === 'seller'
    ? inTopic(lane.peer, host.self)
    : settlerTopic(shardOf(lane.state.channel?.id ?? lane.terms.nonce), host.self);

const perform = (lane: LeaseLane, host: LaneHost, effect: Effect): void => {
  switch (effect.kind) {
    case 'stream':
      if (lane.topicOut !== '') host.stream(lane.topicOut, effect.bytes);
      return;
    case 'bought':
      if (lane.role === 'purchase') host.onBought(lane, effect);
      return;
    case 'request':
      host.request(topicFor(lane, host, effect.to), effect.request);
      return;
    case 'leased':
      setTopics(lane, host.self, effect.lease);
      host.follow(lane);
      return;
    case 'notice':
      host.onNotice(lane, effect.code, effect.detail);
      return;
    case 'ended':
      lane.ended = true;
      host.onEnded(lane);
      return;
    default: // agreed: `ended` follows, and the state has the statement
  }
};

export const saleLane = (host: LaneHost, sale: Sale): SaleLane => {
  const { terms, id } = sale.lease;
  const lane: SaleLane = {
    role: 'sale',
    name: terms.capability,
    terms,
    peer: idOf(terms.buyer, host.ports.crypto.sha256),
    settler: idOf(terms.settler, host.ports.crypto.sha256),
    state: sale,
    topicIn: '',
    topicOut: '',
    step: (event: Event, nowMs: number) => {
      const stepped = stepSale(host.ports, lane.state, event, nowMs);
      lane.state = stepped.state;
      if (event.kind === 'flush') host.onSaleTurn(lane);
      return stepped.effects;
    },
    perform: (effect) => perform(lane, host, effect),
    records: () => saleRecords(lane.state),
    ended: sale.phase === 'ended',
    touched: false,
    mark: null,
  };
  setTopics(lane, host.self, id);
  return lane;
};

export const demandRecord = (handle: Uint8Array, name: string): Uint8Array =>
  encodeRecord(handle, KIND_DEMAND, [name]);

export const purchaseLane = (host: LaneHost, name: string, purchase: Purchase): PurchaseLane => {
  const { terms } = purchase;
  const lane: PurchaseLane = {
    role: 'purchase',
    name,
    terms,
    peer: idOf(terms.seller, host.ports.crypto.sha256),
    settler: idOf(terms.settler, host.ports.crypto.sha256),
    state: purchase,
    topicIn: '',
    topicOut: '',
    step: (event: Event, nowMs: number) => {
      const stepped = stepPurchase(host.ports, lane.state, event, nowMs);
      lane.state = stepped.state;
      return stepped.effects;
    },
    perform: (effect) => perform(lane, host, effect),
    records: () => [demandRecord(purchase.handle, name), ...purchaseRecords(lane.state)],
    ended: purchase.phase === 'ended',
    touched: false,
    mark: null,
  };
  if (purchase.lease !== null) setTopics(lane, host.self, purchase.lease.id);
  return lane;
};

/** What this lease leaves unpaid: of what both signed for, once both have, else of all that was sent. */
const owedNano = (sale: Sale): number => {
  const { price } = sale.lease.terms;
  const soldNano = sale.agreedBytes === null ? sale.sentNano : totalNanoFor(price, sale.delivered);
  return Math.max(0, soldNano - sale.verifiedNano);
};

/** As this side counts. What the settler has booked is known to the seller alone: it claims. */
export const figuresOf = (lane: LeaseLane): Figures => {
  if (lane.role === 'sale') {
    const { delivered, paid, paidNano, claimedNano } = saleReport(lane.state);
    return { delivered, paid, paidNano, claimedNano, unpaidNano: owedNano(lane.state) };
  }
  const { delivered, paid, paidNano, dueNano } = purchaseReport(lane.state);
  return { delivered, paid, paidNano, claimedNano: 0, unpaidNano: Math.max(0, dueNano - paidNano) };
};

/** Who loses what a buyer does not pay. */
const BEARERS = { deposit: 'nobody', guaranteed: 'the settler', bilateral: 'the payee' } as const;

export const leaseStatus = (lane: LeaseLane): LeaseStatus => {
  const { terms, state } = lane;
  const sale = lane.role === 'sale' ? saleReport(lane.state) : null;
  const figures = figuresOf(lane);
  return {
    ...figures,
    durableNano: sale?.durableNano ?? figures.paidNano,
    lease: state.lease === null ? '' : toHex(state.lease.id),
    role: lane.role,
    name: lane.name,
    peer: lane.peer,
    phase: state.phase,
    unit: terms.unit,
    currency: terms.currency,
    priceNano: priceNanoOf(terms.price, 1),
    readingsMax: terms.readingsMax,
    windowNano: sale?.windowNano ?? terms.windowNano,
    disputed: sale?.disputed ?? 0,
    backing: state.backing,
    defaultBorneBy: state.backing === null ? '' : `${state.backing}: ${BEARERS[state.backing]}`,
  };
};
