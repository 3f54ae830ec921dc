/** Every signed object: how it is sealed, how it is opened, and what its reader knows beforehand. */

import {
  type Budget,
  type Enrolment,
  openBudget,
  openEnrolment,
  signBudget,
  signEnrolment,
} from '../../schemas/budget.ts';
import type { Cbor } from '../../schemas/cbor.ts';
import { openClose, signClose } from '../../schemas/close.ts';
import { type Consent, openConsent, signConsent } from '../../schemas/consent.ts';
import { type Demand, openDemand, signDemand } from '../../schemas/demand.ts';
import { type Dispute, openDispute, signDispute } from '../../schemas/dispute.ts';
import { type Grant, openGrant, signGrant } from '../../schemas/grant.ts';
import { type Line, openLine, signLine } from '../../schemas/line.ts';
import { type Noted, openNoted, signNoted } from '../../schemas/noted.ts';
import { type Open, openChannel, signOpen } from '../../schemas/open.ts';
import { openProfile, type Profile, signProfile } from '../../schemas/profile.ts';
import { openReceipt, type Receipt, signReceipt } from '../../schemas/receipt.ts';
import { ok, type Result } from '../../schemas/result.ts';
import { type SettlerSigner, signCertificate } from '../../schemas/settler.ts';
import { openSpending, type Spending, signSpending } from '../../schemas/spending.ts';
import {
  agreeStatement,
  openAgreed,
  openStatement,
  type Statement,
  signStatement,
} from '../../schemas/statement.ts';
import { openLease, openOffer, signLease, signOffer, type Terms } from '../../schemas/terms.ts';
import { openTime, signTime } from '../../schemas/time.ts';
import { parseVoucher, signVoucher, type Voucher, verifyVoucher } from '../../schemas/voucher.ts';
import { unhex } from './notation.ts';
import { crypto, keyOf, type Role, signer } from './parties.ts';

export type Kind =
  | 'voucher'
  | 'offer'
  | 'lease'
  | 'open'
  | 'grant'
  | 'receipt'
  | 'time'
  | 'certificate'
  | 'close'
  | 'statement'
  | 'agreed'
  | 'profile'
  | 'demand'
  | 'budget'
  | 'enrolment'
  | 'spending'
  | 'line'
  | 'consent'
  | 'noted'
  | 'dispute';

/** `subject` is what the context names after the kind: a channel, a lease, a nonce. */
export type Known = {
  readonly signer: Role;
  readonly subject?: string | undefined;
  /** Of what a settler signs: the certificate of its signing key; absent where the root signs. */
  readonly certificate?: string | undefined;
};

export type Opened = { readonly value: unknown; readonly id?: Uint8Array };

export type Codec = {
  /** In `schemas/*.cddl`. */
  readonly rule: string;
  /** First item of the context. */
  readonly label: string;
  readonly seal: (value: never, known: Known) => Uint8Array;
  readonly open: (bytes: Uint8Array, known: Known) => Result<Opened>;
};

const subjectOf = (known: Known): Uint8Array => unhex(known.subject!);

const settlerOf = (known: Known): SettlerSigner => ({
  signer: signer(known.signer),
  certificate: known.certificate === undefined ? null : unhex(known.certificate),
});

const valued = <T>(opened: Result<T>): Result<Opened> => (opened.ok ? ok({ value: opened.value }) : opened);

/** A certificate is read where it is used: in what a settler signs, here the time. */
type Certificate = {
  readonly signingKey: Uint8Array;
  readonly notBeforeS: number;
  readonly notAfterS: number;
  readonly issuedS: number;
};
/** Of the object that carries the certificate. */
export const CERTIFICATE_NONCE = '0c'.repeat(16);

export const underCertificate = (certificate: Uint8Array, issuedS: number): Uint8Array =>
  signTime(unhex(CERTIFICATE_NONCE), issuedS, { signer: signer('signing'), certificate });

const codec = <T>(
  rule: string,
  label: string,
  seal: (value: T, known: Known) => Uint8Array,
  open: (bytes: Uint8Array, known: Known) => Result<Opened>,
): Codec => ({ rule, label, seal: seal as Codec['seal'], open });

export const CODECS: Readonly<Record<Kind, Codec>> = {
  voucher: codec<Voucher>(
    'voucher',
    'tb1/voucher',
    (value, known) => signVoucher(subjectOf(known), value, signer(known.signer)),
    (bytes, known) => {
      const voucher = parseVoucher(bytes);
      if (!voucher.ok) return voucher;
      const verified = verifyVoucher(bytes, subjectOf(known), keyOf('buyer'), crypto.verify);
      return verified.ok ? ok({ value: voucher.value }) : verified;
    },
  ),
  offer: codec<Terms>(
    'offer',
    'tb1/offer',
    (value, known) => signOffer(value, signer(known.signer)),
    (bytes) => valued(openOffer(bytes, crypto)),
  ),
  lease: codec<Terms>(
    'lease',
    'tb1/lease',
    (value, known) => signLease(signOffer(value, signer('buyer')), signer(known.signer)),
    (bytes) => {
      const lease = openLease(bytes, crypto);
      return lease.ok ? ok({ value: lease.value.terms, id: lease.value.id }) : lease;
    },
  ),
  open: codec<Open>(
    'open',
    'tb1/open',
    (value, known) => signOpen(value, signer(known.signer)),
    (bytes) => {
      const channel = openChannel(bytes, crypto);
      return channel.ok ? ok({ value: channel.value.open, id: channel.value.id }) : channel;
    },
  ),
  grant: codec<Grant>(
    'grant',
    'tb1/grant',
    (value, known) => signGrant(subjectOf(known), value, settlerOf(known)),
    (bytes, known) => valued(openGrant(bytes, subjectOf(known), keyOf('root'), crypto.verify)),
  ),
  receipt: codec<Receipt>(
    'receipt',
    'tb1/receipt',
    (value, known) => signReceipt(subjectOf(known), value, settlerOf(known)),
    (bytes, known) => valued(openReceipt(bytes, subjectOf(known), keyOf('root'), crypto.verify)),
  ),
  time: codec<number>(
    'signed-time',
    'tb1/time',
    (value, known) => signTime(subjectOf(known), value, settlerOf(known)),
    (bytes, known) => valued(openTime(bytes, subjectOf(known), keyOf('root'), crypto.verify)),
  ),
  certificate: codec<Certificate>(
    'signed-time',
    'tb1/time',
    (value) =>
      underCertificate(
        signCertificate(value.signingKey, value.notBeforeS, value.notAfterS, signer('root')),
        value.issuedS,
      ),
    (bytes, known) => valued(openTime(bytes, subjectOf(known), keyOf('root'), crypto.verify)),
  ),
  close: codec<number>(
    'close',
    'tb1/close',
    (value, known) => signClose(subjectOf(known), value, signer(known.signer)),
    (bytes, known) => valued(openClose(bytes, subjectOf(known), keyOf('seller'), crypto.verify)),
  ),
  statement: codec<Statement>(
    'statement',
    'tb1/statement',
    (value, known) => signStatement(subjectOf(known), value, signer(known.signer)),
    (bytes, known) => valued(openStatement(bytes, subjectOf(known), keyOf('buyer'), crypto.verify)),
  ),
  agreed: codec<Statement>(
    'agreed',
    'tb1/statement-agreed',
    (value, known) =>
      agreeStatement(
        subjectOf(known),
        signStatement(subjectOf(known), value, signer('buyer')),
        signer(known.signer),
      ),
    (bytes, known) =>
      valued(openAgreed(bytes, subjectOf(known), keyOf('buyer'), keyOf('seller'), crypto.verify)),
  ),
  profile: codec<Profile>(
    'profile',
    'tb1/profile',
    (value, known) =>
      signProfile(value.issuedS, value.version, value.settlers, value.capabilities, signer(known.signer)),
    (bytes) => valued(openProfile(bytes, crypto.verify)),
  ),
  demand: codec<{ issuedS: number; version: number; demand: Demand }>(
    'demand',
    'tb1/demand',
    (value, known) => signDemand(value.issuedS, value.version, value.demand, signer(known.signer)),
    (bytes) => valued(openDemand(bytes, crypto.verify)),
  ),
  budget: codec<Budget>(
    'budget',
    'tb1/budget',
    (value, known) => signBudget(value, signer(known.signer)),
    (bytes) => valued(openBudget(bytes, crypto.verify)),
  ),
  enrolment: codec<Enrolment>(
    'enrolment',
    'tb1/enrolment',
    (value, known) => signEnrolment(value.budget, signer(known.signer)),
    (bytes) => valued(openEnrolment(bytes, crypto.verify)),
  ),
  spending: codec<Spending>(
    'spending',
    'tb1/spending',
    (value, known) => signSpending(subjectOf(known), value, settlerOf(known)),
    (bytes, known) => valued(openSpending(bytes, subjectOf(known), keyOf('root'), crypto.verify)),
  ),
  line: codec<Line>(
    'credit-line',
    'tb1/line',
    (value, known) => signLine(value, signer(known.signer)),
    (bytes) => valued(openLine(bytes, crypto.verify)),
  ),
  consent: codec<Consent>(
    'consent',
    'tb1/consent',
    (value, known) => signConsent(value, signer(known.signer)),
    (bytes) => valued(openConsent(bytes, crypto.verify)),
  ),
  noted: codec<Noted>(
    'noted',
    'tb1/noted',
    (value, known) => signNoted(value, settlerOf(known)),
    (bytes) => valued(openNoted(bytes, keyOf('root'), crypto.verify)),
  ),
  dispute: codec<Dispute>(
    'dispute',
    'tb1/dispute',
    (value, known) => signDispute(subjectOf(known), value, signer(known.signer)),
    (bytes, known) => valued(openDispute(bytes, subjectOf(known), crypto.verify)),
  ),
};

/** The context that the signature is made in. */
export const contextOf = (kind: Kind, known: Known): readonly Cbor[] =>
  known.subject === undefined ? [CODECS[kind].label] : [CODECS[kind].label, unhex(known.subject)];
