/**
 * What an audit asks of each kind of event: that its parties signed it, and that a settler was allowed to book it on
 * the state before it. Whose signatures the tables rest on (opens, enrolments, lines, consents, disputes and what
 * resolves them) are verified by the projection itself.
 *
 * A deposit, a withdrawal, a guarantee and the word of a bank are the operator's: for those there are amounts to check.
 */

import { openEnrolment } from '../../../schemas/budget.ts';
import { equalBytes, fromHex, toHex } from '../../../schemas/bytes.ts';
import { openClose } from '../../../schemas/close.ts';
import { openConsent } from '../../../schemas/consent.ts';
import type { Crypto, Verify } from '../../../schemas/crypto.ts';
import { openDispute } from '../../../schemas/dispute.ts';
import { totalNanoOf, verifyEvidence } from '../../../schemas/evidence.ts';
import { openGrant } from '../../../schemas/grant.ts';
import { openLine } from '../../../schemas/line.ts';
import { openChannel } from '../../../schemas/open.ts';
import type { Result } from '../../../schemas/result.ts';
import { openAgreed } from '../../../schemas/statement.ts';
import { lastStep } from '../desk/claims.ts';
import { termsOf, type View } from '../desk/grants.ts';
import { eventOfRow, type JournalRow } from '../ledger/journal.ts';
import type { EventKind, LedgerEvent } from '../ledger/ledger.ts';
import { evidenceOfProof, openAndGrant } from '../ledger/proofs.ts';
import type { Replay } from '../ledger/replay.ts';
import type { ChannelRow } from '../store/tables.ts';

export type Auditing = {
  /** The settler's root key. */
  readonly root: Uint8Array;
  readonly crypto: Crypto;
  readonly graceMs: number;
  /** Counts ticks whose hashes were walked. */
  readonly walked: (ticks: number) => void;
};

/** An event on the state before it; `earlier` finds the row before it with a key. */
type Case = Auditing & {
  readonly event: LedgerEvent;
  readonly row: JournalRow;
  readonly before: Replay;
  readonly earlier: (key: string) => JournalRow | undefined;
};

/** What is wrong with an event; undefined where nothing is. */
type Rule = (on: Case) => string | undefined;

/** For objects whose signatures the projection verifies next: here only what they say is looked at. */
const believe: Verify = () => true;

const first = (...faults: readonly (string | false | undefined)[]): string | undefined =>
  faults.find((fault): fault is string => typeof fault === 'string');

/** A rule on a signed object, where it can be read. */
const said = <T>(read: Result<T>, rule: (value: T) => string | undefined): string | undefined =>
  read.ok ? rule(read.value) : `${read.code}: ${read.detail}`;

const moves: Rule = ({ event }) => (event.nano > 0n ? undefined : 'it moves nothing');
const stands: Rule = ({ event }) => (event.nano === 0n ? undefined : 'a note moves no money');

const channelOf = ({ event, before }: Case): ChannelRow | undefined => {
  const id = fromHex(event.subject.slice(0, 64));
  return id === undefined ? undefined : before.lookup('channel', [id]);
};

/** A rule on a channel that was granted before. */
const onChannel =
  (rule: (on: Case, channel: ChannelRow) => string | undefined): Rule =>
  (on) => {
    const channel = channelOf(on);
    return channel === undefined ? 'no grant of its channel comes before it' : rule(on, channel);
  };

const viewOf = ({ before, row }: Case): View => ({
  get: before.lookup,
  balanceNano: (account, currency) => before.balanceNano(account, currency),
  timeMs: row.timeMs,
});

const differ = (what: string, a: Uint8Array, b: Uint8Array): string | undefined =>
  equalBytes(a, b) ? undefined : `${what} is ${toHex(a)}, and should be ${toHex(b)}`;

/** What the settler answered. In a journal of the first version it is not kept. */
const grantFault = ({ event, root, crypto }: Case, id: Uint8Array, expiryS: number, grant: Uint8Array) =>
  grant.length === 0
    ? undefined
    : said(openGrant(grant, id, root, crypto.verify), (signed) =>
        first(
          BigInt(signed.limitNano) !== event.nano && `the grant was signed for ${signed.limitNano} nano`,
          signed.expiryS !== expiryS && `the grant was signed until ${signed.expiryS}`,
          signed.backing !== event.backing && `the grant was signed as ${signed.backing}`,
        ),
      );

const grant: Rule = (on) => {
  const { event, root, crypto } = on;
  const proof = openAndGrant(event.proof);
  return said(openChannel(proof.open, { ...crypto, verify: believe }), ({ id, open }) =>
    said(termsOf(viewOf(on), open, root), ({ payerOwner, payeeOwner, backing }) =>
      first(
        event.subject !== toHex(id) && `its open is of channel ${toHex(id)}`,
        differ('its settler', open.settler, root),
        open.currency !== event.currency && `the payer opened it in ${open.currency}`,
        BigInt(open.limitNano) !== event.nano && `the payer signed a limit of ${open.limitNano} nano`,
        differ("the payer's owner", event.owner, payerOwner),
        differ("the payee's owner", event.other.length === 0 ? open.payee : event.other, payeeOwner),
        backing !== event.backing && `it stands on ${event.backing}, which does not cover it`,
        grantFault(on, id, open.expiryS, proof.grant),
      ),
    ),
  );
};

/** Of a claim the payee's owner is the first, of the end of a channel the payer's. */
const sidesFault = ({ event }: Case, channel: ChannelRow, isClaim: boolean): string | undefined => {
  const { payerOwner, payeeOwner } = channel;
  const [owner, other] = isClaim ? [payeeOwner, payerOwner] : [payerOwner, payeeOwner];
  return first(
    channel.closed && 'the channel was closed before',
    event.currency !== channel.currency && `the channel is in ${channel.currency}`,
    event.backing !== channel.backing && `the channel stands on ${channel.backing}`,
    differ('its owner', event.owner, owner),
    event.other.length > 0 && differ('the other owner', event.other, other),
  );
};

const claim = onChannel((on, channel) => {
  const { event, crypto, walked } = on;
  const { id, payer, limitNano, paidNano } = channel;
  const evidence = evidenceOfProof(event.proof);
  const last = lastStep(channel, evidence);
  const sides = sidesFault(on, channel, true);
  if (sides !== undefined) return sides;
  return said(verifyEvidence(last, evidence, id, payer, limitNano, crypto), (step) => {
    walked(step.index - (last?.index ?? 0));
    const totalNano = BigInt(totalNanoOf(step));
    return first(
      totalNano !== event.totalNano && `the payer signed ${totalNano} nano, ${event.totalNano} are claimed`,
      totalNano - BigInt(paidNano) !== event.nano &&
        `${event.nano} nano were moved, ${totalNano} less ${paidNano} were due`,
      event.nano <= 0n && 'it claims nothing more than before',
    );
  });
});

const restFault = ({ event }: Case, { limitNano, paidNano }: ChannelRow): string | undefined =>
  first(
    event.totalNano !== BigInt(paidNano) && `${paidNano} nano were paid, not ${event.totalNano}`,
    event.nano !== BigInt(limitNano - paidNano) &&
      `${limitNano - paidNano} nano were left, not ${event.nano}`,
  );

/** Whether intake was continuous no journal can tell; that the time was over, it can. */
const graceFault = ({ row, graceMs }: Case, { expiryS }: ChannelRow): string | undefined => {
  const fromMs = expiryS * 1000 + graceMs;
  return row.timeMs >= fromMs
    ? undefined
    : `nobody but the payee may end it before ${new Date(fromMs).toISOString()}`;
};

const release = onChannel((on, channel) => {
  const { event, crypto } = on;
  const ofPayee = openClose(event.proof, channel.id, channel.payee, crypto.verify);
  const fault = first(sidesFault(on, channel, false), restFault(on, channel));
  if (fault !== undefined) return fault;
  if (ofPayee.ok)
    return ofPayee.value === channel.paidNano
      ? undefined
      : `the payee closed at ${ofPayee.value} nano, ${channel.paidNano} were paid`;
  return said(openClose(event.proof, channel.id, channel.payer, crypto.verify), () =>
    graceFault(on, channel),
  );
});

const expiry = onChannel((on, channel) =>
  first(sidesFault(on, channel, false), restFault(on, channel), graceFault(on, channel)),
);

/** What owners sign is for this settler, in the event's currency, and newer than what was booked. */
const addressed = (
  { event, root }: Case,
  word: { readonly settler: Uint8Array; readonly currency: string; readonly version: number },
  held: { readonly version: number } | undefined,
): string | undefined =>
  first(
    differ('its settler', word.settler, root),
    word.currency !== event.currency && `it was signed in ${word.currency}`,
    held !== undefined &&
      word.version <= held.version &&
      `version ${word.version} comes after version ${held.version}`,
    !event.subject.endsWith(`/${word.version}`) && `it is version ${word.version}`,
  );

const enrolment: Rule = (on) =>
  said(openEnrolment(on.event.proof, believe), (word) =>
    first(
      stands(on),
      addressed(on, word, on.before.lookup('budget', [word.device])),
      differ('its owner', on.event.owner, word.owner),
      differ('its device', on.event.other, word.device),
    ),
  );

const line: Rule = (on) =>
  said(openLine(on.event.proof, believe), (word) =>
    first(
      stands(on),
      addressed(on, word, on.before.lookup('line', [word.creditor, word.debtor, word.currency])),
      differ('its creditor', on.event.owner, word.creditor),
      differ('its debtor', on.event.other, word.debtor),
    ),
  );

/** The operator lends its own money alone. */
const guarantee: Rule = (on) => first(stands(on), differ('its creditor', on.event.owner, on.root));

const consent: Rule = (on) =>
  said(openConsent(on.event.proof, believe), (word) =>
    first(
      stands(on),
      addressed(on, word, on.before.lookup('consent', [word.owner, word.currency])),
      differ('its owner', on.event.owner, word.owner),
    ),
  );

const dispute = onChannel((on, { id, payer, payee }) =>
  said(openDispute(on.event.proof, id, believe), ({ party, version }) => {
    const held = on.before.lookup('dispute', [id, party]);
    return first(
      stands(on),
      differ('its party', on.event.owner, party),
      !equalBytes(party, payer) && !equalBytes(party, payee) && `${toHex(party)} is no party of the channel`,
      held !== undefined &&
        version <= held.version &&
        `version ${version} comes after version ${held.version}`,
    );
  }),
);

const statement = onChannel((on, { id, lease, payer, payee }) =>
  said(openAgreed(on.event.proof, lease, payer, payee, on.crypto.verify), ({ channel }) =>
    first(stands(on), differ('its channel', channel, id)),
  ),
);

const snapshot: Rule = (on) =>
  first(stands(on), !(Number(on.event.subject) <= on.row.index) && 'it is of rows that come later');

/** Transfers carry whole cents. */
const CENT_NANO = 10_000_000n;
const wholeCents: Rule = (on) =>
  first(moves(on), on.event.nano % CENT_NANO !== 0n && 'a bank moves whole cents');

/** One step of a transfer: `after` was booked for the same money, and nothing of `unless` was. */
const phase =
  (begin: EventKind, after: EventKind, ...unless: readonly EventKind[]): Rule =>
  ({ event, earlier }) => {
    const { subject } = event;
    const ended = unless.find((kind) => earlier(`${kind}/${subject}`) !== undefined);
    if (ended !== undefined) return `${ended} comes before it`;
    if (earlier(`${after}/${subject}`) === undefined) return `no ${after} comes before it`;
    const begun = earlier(`${begin}/${subject}`);
    const was = begun === undefined ? undefined : eventOfRow(begun);
    if (was?.ok !== true) return `no ${begin} comes before it`;
    const { owner, currency, nano } = was.value;
    return first(
      nano !== event.nano && `${nano} nano ${currency} were ${begin}`,
      currency !== event.currency && `it was ${begin} in ${currency}`,
      differ('its owner', event.owner, owner),
    );
  };

export const RULES: { readonly [K in EventKind]: Rule } = {
  deposit: moves,
  grant,
  claim,
  release,
  expiry,
  'payout-pending': wholeCents,
  'payout-posted': phase('payout-pending', 'payout-pending', 'payout-voided'),
  'payout-voided': phase('payout-pending', 'payout-pending', 'payout-posted'),
  'payout-returned': phase('payout-pending', 'payout-posted'),
  withdrawal: moves,
  'top-up': moves,
  repayment: moves,
  cleared: moves,
  novated: moves,
  default: moves,
  'collection-pending': wholeCents,
  'collection-posted': phase('collection-pending', 'collection-pending', 'collection-voided'),
  'collection-voided': phase('collection-pending', 'collection-pending', 'collection-posted'),
  'collection-final': phase('collection-pending', 'collection-posted', 'collection-returned'),
  'collection-returned': phase('collection-pending', 'collection-posted', 'collection-final'),
  'collection-owed': phase('collection-pending', 'collection-final'),
  enrolment,
  line,
  guarantee,
  consent,
  dispute,
  'dispute-resolved': stands,
  statement,
  clearing: stands,
  snapshot,
};

const TRANSFER = /^(payout|collection)-[a-z]+\/(.+)$/;

/** The keys of earlier rows that the rules may ask about a row with this key. */
export const keysFor = (key: string): readonly string[] => {
  const [, what, id] = TRANSFER.exec(key) ?? [];
  if (what === undefined) return [key];
  const kinds = Object.keys(RULES).filter((kind) => kind.startsWith(`${what}-`));
  return kinds.map((kind) => `${kind}/${id}`);
};
