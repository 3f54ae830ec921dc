/**
 * What resolves a dispute: evidence that its own party signed (schemas/spec/dispute.md). Pure, and the same whether
 * the evidence came before the dispute or after it.
 *
 * | by        | resolves                                                                             | proof        |
 * |-----------|--------------------------------------------------------------------------------------|--------------|
 * | statement | both sides': they signed what the lease came to                                      | agreed       |
 * | voucher   | both, where the payer signed the readings that the payee states, and their total     | claim        |
 * |           | the payer's, where its evidence says more, or otherwise, than its dispute            | claim        |
 * | close     | the payee's, where it closed the channel at less than it disputes                    | close        |
 * | agreement | both, where the figures of both words are the same                                   | other's word |
 */

import { equalBytes, toHex } from '../../../schemas/bytes.ts';
import { openClose } from '../../../schemas/close.ts';
import type { Crypto, Verify } from '../../../schemas/crypto.ts';
import { type Dispute, openDispute } from '../../../schemas/dispute.ts';
import { type Evidence, verifyEvidence } from '../../../schemas/evidence.ts';
import { ok, type Result, refuse } from '../../../schemas/result.ts';
import { openAgreed } from '../../../schemas/statement.ts';
import { encodeTick } from '../../../schemas/tick.ts';
import { parseVoucher, type Voucher } from '../../../schemas/voucher.ts';
import type { ChannelRow, DisputeRow, Key, Resolution } from '../store/tables.ts';
import { claimProof, evidenceOfProof } from './proofs.ts';

/** What the newest word of a party says, still disputed or not. */
export type Word = Dispute & { readonly bytes: Uint8Array };

/** What is signed beside the words and the booked evidence: an agreed statement, the payee's close. */
export type Papers = {
  readonly statement?: Uint8Array;
  readonly close?: { readonly totalNano: number; readonly bytes: Uint8Array };
};

export type Case = {
  readonly payer: Word | null;
  readonly payee: Word | null;
  readonly paidNano: number;
  readonly closed: boolean;
  /** What the payer signed of what is booked, with its bytes and its tick's. */
  readonly voucher: { readonly said: Voucher; readonly evidence: Evidence } | null;
  readonly papers: Papers;
};

export type Proving = Exclude<Resolution, 'withdrawn'>;
export type Resolved = {
  readonly party: Uint8Array;
  readonly version: number;
  readonly by: Proving;
  readonly proof: Uint8Array;
};

const believe: Verify = () => true;

const wordOf = (row: DisputeRow | undefined): Word | null => {
  if (row === undefined) return null;
  const said = openDispute(row.bytes, row.channel, believe);
  if (!said.ok) throw new RangeError(`channel ${toHex(row.channel)} holds a dispute that is none`);
  // The row says whether it is open now; the bytes, whether it was when they were signed.
  return { ...said.value, open: row.open, bytes: row.bytes };
};

const voucherOf = ({ id, voucher, index, link }: ChannelRow): Case['voucher'] => {
  if (voucher === null) return null;
  const said = parseVoucher(voucher);
  if (!said.ok) throw new RangeError(`channel ${toHex(id)} holds a voucher that is none`);
  const tick = index === 0 || link === null ? null : encodeTick(said.value.seq, index, link);
  return { said: said.value, evidence: { voucher, tick } };
};

/** The words of both sides on a channel. */
export const disputeKeys = ({ id, payer, payee }: ChannelRow): readonly [Key, Key] => [
  [id, payer],
  [id, payee],
];

export const caseOf = (
  channel: ChannelRow,
  dispute: (key: Key) => DisputeRow | undefined,
  papers: Papers,
): Case => {
  const [payer, payee] = disputeKeys(channel);
  return {
    payer: wordOf(dispute(payer)),
    payee: wordOf(dispute(payee)),
    paidNano: channel.paidNano,
    closed: channel.closed,
    voucher: voucherOf(channel),
    papers,
  };
};

type Figures = Pick<Dispute, 'delivered' | 'totalNano' | 'head'>;

/** Where two sides part: the fields that differ. */
export const partings = (a: Figures, b: Figures): readonly (keyof Figures)[] => [
  ...(a.delivered === b.delivered ? [] : ['delivered' as const]),
  ...(a.totalNano === b.totalNano ? [] : ['totalNano' as const]),
  ...(equalBytes(a.head, b.head) ? [] : ['head' as const]),
];

/** The payer signed that it holds exactly the readings the payee states, and pays what the payee states. */
const bearsOutPayee = ({ payee, voucher, paidNano }: Case): boolean =>
  payee !== null &&
  voucher !== null &&
  voucher.said.readings === payee.delivered &&
  equalBytes(voucher.said.head, payee.head) &&
  paidNano >= payee.totalNano;

/** The payer signed more readings, others, or a higher total, than it says it holds. */
const contradictsPayer = ({ payer, voucher, paidNano }: Case): boolean =>
  payer !== null &&
  voucher !== null &&
  (paidNano > payer.totalNano ||
    voucher.said.readings > payer.delivered ||
    (voucher.said.readings === payer.delivered && !equalBytes(voucher.said.head, payer.head)));

const agree = ({ payer, payee }: Case): boolean =>
  payer !== null && payee !== null && partings(payer, payee).length === 0;

/** A close that was refused, because more was booked, says nothing. */
const endedBelow = ({ payee, paidNano, closed }: Case, totalNano: number): boolean =>
  closed && totalNano === paidNano && payee !== null && totalNano < payee.totalNano;

type Found = Pick<Resolved, 'by' | 'proof'>;

const foundFor = (side: 'payer' | 'payee', on: Case): Found | undefined => {
  const { statement, close } = on.papers;
  if (statement !== undefined) return { by: 'statement', proof: statement };
  if (agree(on)) return { by: 'agreement', proof: on[side === 'payer' ? 'payee' : 'payer']!.bytes };
  if (bearsOutPayee(on) || (side === 'payer' && contradictsPayer(on))) {
    return { by: 'voucher', proof: claimProof(on.voucher!.evidence) };
  }
  if (side === 'payee' && close !== undefined && endedBelow(on, close.totalNano)) {
    return { by: 'close', proof: close.bytes };
  }
  return undefined;
};

/** The open disputes that the evidence resolves, with the evidence. */
export const resolutionsOf = (on: Case): readonly Resolved[] =>
  (['payer', 'payee'] as const).flatMap((side) => {
    const word = on[side];
    if (word === null || !word.open) return [];
    const found = foundFor(side, on);
    return found === undefined ? [] : [{ party: word.party, version: word.version, ...found }];
  });

/** Evidence as the journal keeps it, its signatures verified. Codes: those of what it is; object-malformed. */
export const papersIn = (
  by: Proving,
  proof: Uint8Array,
  channel: ChannelRow,
  crypto: Crypto,
): Result<Papers> => {
  const { id, lease, payer, payee, limitNano } = channel;
  switch (by) {
    case 'statement': {
      const agreed = openAgreed(proof, lease, payer, payee, crypto.verify);
      return agreed.ok ? ok({ statement: proof }) : agreed;
    }
    case 'close': {
      const close = openClose(proof, id, payee, crypto.verify);
      return close.ok ? ok({ close: { totalNano: close.value, bytes: proof } }) : close;
    }
    case 'voucher': {
      const verified = verifyEvidence(null, evidenceOfProof(proof), id, payer, limitNano, crypto);
      return verified.ok ? ok({}) : verified;
    }
    case 'agreement': {
      const word = openDispute(proof, id, crypto.verify);
      return word.ok ? ok({}) : word;
    }
    default:
      return refuse('object-malformed', `nothing is resolved by "${by}"`);
  }
};
