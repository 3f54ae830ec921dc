/** Promises: lines and consents of this owner, told to the settler until it has noted them. */

import { concatBytes, equalBytes, utf8Encode } from '../../schemas/bytes.ts';
import { openConsent, signConsent } from '../../schemas/consent.ts';
import { didKey } from '../../schemas/identity.ts';
import { openLine, signLine } from '../../schemas/line.ts';
import { noteUntilNoted } from './noting.ts';
import type { Paper, PaperKind } from './papers.ts';
import { nextVersion, type OwnerPorts } from './ports.ts';
import type { ConsentStatus, LineStatus } from './status.ts';

export type TrustConfig = {
  readonly debtor: Uint8Array;
  readonly settler: Uint8Array;
  readonly currency: string;
  readonly limitNano: number;
};

export type CompressionConfig = {
  readonly settler: Uint8Array;
  readonly currency: string;
  readonly counterpartyNano: number;
};

/** What the configuration wants of a paper: the same for both kinds. */
type Wish = {
  readonly kind: PaperKind & ('line' | 'consent');
  readonly key: Uint8Array;
  readonly settler: Uint8Array;
  readonly nano: number;
  readonly sign: (version: number, nano: number) => Uint8Array;
};

/** What was signed: version 0 where nothing was. */
type Signed = { readonly version: number; readonly nano: number };

const NOTHING: Signed = { version: 0, nano: 0 };

export class Promises {
  private readonly ports: OwnerPorts;
  private readonly wishes: Wish[];
  private isDue = false;

  constructor(ports: OwnerPorts, trust: readonly TrustConfig[], compression: readonly CompressionConfig[]) {
    this.ports = ports;
    this.wishes = [
      ...trust.map((one) => this.wishOfLine(one)),
      ...compression.map((one) => this.wishOfConsent(one)),
    ];
    for (const paper of [...ports.papers.all('line'), ...ports.papers.all('consent')]) this.takeBack(paper);
  }

  onConnected(): void {
    this.isDue = true;
  }

  /** Signs anew what the configuration says otherwise, and tells all of it. */
  onTimer(nowMs: number): void {
    if (!this.isDue) return;
    this.isDue = false;
    for (const wish of this.wishes) {
      const signed = this.signedOf(wish.kind, wish.key);
      if (signed.nano !== wish.nano) this.sign(wish, nextVersion(signed.version, nowMs));
      else if (signed.version > 0) this.tell(wish);
    }
  }

  lines(): LineStatus[] {
    return this.ports.papers.all('line').flatMap(({ objects: [bytes, noted] }) => {
      const line = openLine(bytes!, this.ports.crypto.verify);
      if (!line.ok) return [];
      const { debtor, settler, currency, limitNano } = line.value;
      return { debtor: didKey(debtor), settler: didKey(settler), currency, limitNano, noted: noted !== null };
    });
  }

  consents(): ConsentStatus[] {
    return this.ports.papers.all('consent').flatMap(({ objects: [bytes, noted] }) => {
      const consent = openConsent(bytes!, this.ports.crypto.verify);
      if (!consent.ok) return [];
      const { settler, currency, counterpartyNano } = consent.value;
      return { settler: didKey(settler), currency, counterpartyNano, noted: noted !== null };
    });
  }

  private wishOfLine({ debtor, settler, currency, limitNano }: TrustConfig): Wish {
    const creditor = this.ports.signer.key;
    const line = { creditor, debtor, settler, currency, expiryS: 0 };
    return {
      ...{
        kind: 'line',
        key: concatBytes([debtor, settler, utf8Encode(currency)]),
        settler,
        nano: limitNano,
      },
      sign: (version, nano) => signLine({ ...line, version, limitNano: nano }, this.ports.signer),
    };
  }

  private wishOfConsent({ settler, currency, counterpartyNano }: CompressionConfig): Wish {
    const consent = { owner: this.ports.signer.key, settler, currency, expiryS: 0 };
    return {
      ...{
        kind: 'consent',
        key: concatBytes([settler, utf8Encode(currency)]),
        settler,
        nano: counterpartyNano,
      },
      sign: (version, nano) =>
        signConsent({ ...consent, version, counterpartyNano: nano }, this.ports.signer),
    };
  }

  /** What was promised and is in the configuration no more is promised no more. */
  private takeBack({ kind, key, objects: [bytes] }: Paper): void {
    if (this.wishes.some((wish) => wish.kind === kind && equalBytes(wish.key, key))) return;
    const { verify } = this.ports.crypto;
    const line = kind === 'line' ? openLine(bytes!, verify) : null;
    const consent = kind === 'consent' ? openConsent(bytes!, verify) : null;
    if (line?.ok) this.wishes.push(this.wishOfLine({ ...line.value, limitNano: 0 }));
    if (consent?.ok) this.wishes.push(this.wishOfConsent({ ...consent.value, counterpartyNano: 0 }));
  }

  private signedOf(kind: Wish['kind'], key: Uint8Array): Signed {
    const bytes = this.ports.papers.get(kind, key)?.objects[0];
    if (bytes == null) return NOTHING;
    const { verify } = this.ports.crypto;
    if (kind === 'line') {
      const line = openLine(bytes, verify);
      return line.ok ? { version: line.value.version, nano: line.value.limitNano } : NOTHING;
    }
    const consent = openConsent(bytes, verify);
    return consent.ok ? { version: consent.value.version, nano: consent.value.counterpartyNano } : NOTHING;
  }

  private sign(wish: Wish, version: number): void {
    const objects = [wish.sign(version, wish.nano), null];
    const kept = this.ports.papers.put({ kind: wish.kind, key: wish.key, objects });
    if (kept.ok) this.tell(wish);
    else this.ports.notice(kept.code, kept.detail);
  }

  private tell({ kind, key, settler }: Wish): void {
    const paper = this.ports.papers.get(kind, key)!;
    noteUntilNoted(this.ports, paper, settler, this.ports.signer.key, (signed) => ({
      kind,
      parts: [signed],
    }));
  }
}
