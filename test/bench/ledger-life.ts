/**
 * A settler's database with as many journal rows as wanted, made by the settler itself from signed requests: channels
 * of a hundred payers to a hundred payees are opened, claimed on, stated and closed, and the last ones left open.
 */

import { nativeCrypto } from '../../agent/host/crypto-native.ts';
import { bookDeposit } from '../../broker/settler/bank/deposits.ts';
import { createSettler, type Settler } from '../../broker/settler/settler.ts';
import type { Store } from '../../broker/settler/store/store.ts';
import { signClose } from '../../schemas/close.ts';
import type { Signer } from '../../schemas/crypto.ts';
import { idOf } from '../../schemas/identity.ts';
import { openChannel, signOpen } from '../../schemas/open.ts';
import { decodeRequest, encodeRequest, type Request } from '../../schemas/request.ts';
import { agreeStatement, signStatement } from '../../schemas/statement.ts';
import { buildChain, encodeTick, linkAt } from '../../schemas/tick.ts';
import { signVoucher } from '../../schemas/voucher.ts';
import { must } from '../world/deal.ts';

const crypto = nativeCrypto();
const PARTIES = 100;
/** Open at the same time: their rows alternate, as they do where many claim by the clock. */
const CHANNELS_OPEN = 500;
/** A voucher serves four claims: by itself, then by ticks above it. */
const VOUCHERS = 5;
const CLAIMS_PER_VOUCHER = 4;
const TICKS_PER_CLAIM = 8;
const TICK_NANO = 1000;
const LIMIT_NANO = 1_000_000;
/** Of a channel: grant, claims, statement, release. */
const ROWS_PER_CHANNEL = 3 + VOUCHERS * CLAIMS_PER_VOUCHER;

type Channel = {
  readonly id: Uint8Array;
  readonly lease: Uint8Array;
  readonly payer: Signer;
  readonly payee: Signer;
  readonly open: Uint8Array;
};

const partiesOf = (): Signer[] => Array.from({ length: PARTIES }, () => crypto.signerOf(crypto.random(32)));

const openedBy = (payer: Signer, payee: Signer, root: Signer): Channel => {
  const lease = crypto.random(32);
  const wish = { payer: payer.key, payee: payee.key, settler: root.key, currency: 'EUR', terms: lease };
  const expiryS = Math.floor(Date.now() / 1000) + 86_400;
  const open = signOpen({ ...wish, limitNano: LIMIT_NANO, expiryS, nonce: crypto.random(16) }, payer);
  return { id: must(openChannel(open, crypto)).id, lease, payer, payee, open };
};

type Asked = Omit<Extract<Request, { kind: 'open' | 'claim' | 'statement' | 'close' }>, 'id'>;

/** The claims of a channel in their order. */
const claimsOf = function* ({ id, lease, payer }: Channel): Generator<Asked> {
  const ticks = (CLAIMS_PER_VOUCHER - 1) * TICKS_PER_CLAIM;
  for (let seq = 1; seq <= VOUCHERS; seq++) {
    const links = buildChain(crypto.sha256, id, seq, crypto.random(16), ticks);
    const cumulativeNano = (seq - 1) * ticks * TICK_NANO + seq;
    const said = { seq, cumulativeNano, readings: seq, head: lease, anchor: linkAt(links, 0) };
    const voucher = signVoucher(id, { ...said, tickNano: TICK_NANO }, payer);
    for (let index = 0; index <= ticks; index += TICKS_PER_CLAIM) {
      const tick = index === 0 ? null : encodeTick(seq, index, linkAt(links, index));
      yield { kind: 'claim', parts: [id, voucher, tick] };
    }
  }
};

const TOTAL_NANO = VOUCHERS * (CLAIMS_PER_VOUCHER - 1) * TICKS_PER_CLAIM * TICK_NANO + VOUCHERS;

const endOf = ({ id, lease, payer, payee }: Channel): readonly Asked[] => {
  const said = { channel: id, delivered: 9, paid: 9, totalNano: TOTAL_NANO, head: lease, reason: 'readings' };
  const agreed = agreeStatement(lease, signStatement(lease, said, payer), payee);
  return [
    { kind: 'statement', parts: [lease, agreed] },
    { kind: 'close', parts: [id, signClose(id, TOTAL_NANO, payee), null] },
  ];
};

/** Each channel's next, all at once: they share commits. */
const askAll = async (settler: Settler, from: string, all: readonly Asked[]): Promise<void> => {
  const requests = all.map((asked) => encodeRequest({ ...asked, id: crypto.random(8) } as Request));
  for (const answer of await Promise.all(requests.map((bytes) => settler.handle(from, bytes)))) {
    const reply = must(decodeRequest(answer!));
    if (reply.kind === 'refusal') throw new Error(`refused: ${reply.parts[1]}`);
  }
};

const live = async (
  settler: Settler,
  from: string,
  channels: readonly Channel[],
  isLast: boolean,
): Promise<void> => {
  const ask = (all: readonly Asked[]) => askAll(settler, from, all);
  await ask(channels.map(({ open }) => ({ kind: 'open', parts: [open] })));
  const claims = channels.map(claimsOf);
  for (let claim = 0; claim < VOUCHERS * CLAIMS_PER_VOUCHER; claim++)
    await ask(claims.map((next) => next.next().value as Asked));
  const ends = isLast ? [] : channels.map(endOf);
  for (const i of ends[0]?.keys() ?? []) await ask(ends.map((end) => end[i]!));
};

/** About `rows` journal rows: the last channels lack their end. The settler believes signatures here, which were made a moment ago: an audit does not. */
export const makeLedger = async (
  store: Store,
  rows: number,
  progress: (text: string) => void,
): Promise<void> => {
  const root = crypto.signerOf(crypto.random(32));
  const { sha256, random } = crypto;
  const settler = must(
    await createSettler({
      store,
      root: root.key,
      signer: { signer: root, certificate: null },
      crypto: { sha256, random, verify: () => true },
      nowMs: Date.now,
      log: progress,
      currencies: ['EUR'],
      limits: { claimsPerS: 1e6, opensPerS: 1e6, sweepMs: 0, batchMax: CHANNELS_OPEN },
    }),
  );
  const [payers, payees] = [partiesOf(), partiesOf()];
  for (const [i, { key }] of payers.entries()) {
    const deposit = { owner: key, currency: 'EUR', nano: 10n ** 15n, reference: `LEDGER-${i}` };
    must(await bookDeposit(store, deposit, Date.now(), sha256));
  }
  const from = idOf(random(32), sha256);
  const channels = Math.ceil(rows / ROWS_PER_CHANNEL);
  for (let made = 0; made < channels; made += CHANNELS_OPEN) {
    progress(`${made * ROWS_PER_CHANNEL} of ${rows} rows made`);
    const wanted = Math.min(CHANNELS_OPEN, channels - made);
    const opened = Array.from({ length: wanted }, (_, i) =>
      openedBy(payers[(made + i) % PARTIES]!, payees[(made + i * 7) % PARTIES]!, root),
    );
    await live(settler, from, opened, made + CHANNELS_OPEN >= channels);
  }
  await settler.close();
};
