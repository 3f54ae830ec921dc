import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BankFact } from '../../../broker/settler/bank/bank-fact.ts';
import { formatCents } from '../../../broker/settler/bank/cents.ts';
import { readBankFile } from '../../../broker/settler/bank/reader.ts';
import { accountStatement, detail, entry, notification } from './iso-documents.ts';
import { bytesOf, sure } from './reading.ts';

const factsOf = (xml: string): readonly BankFact[] => sure(readBankFile(bytesOf(xml))).facts;
const codeOf = (xml: string): string => {
  const result = readBankFile(bytesOf(xml));
  return result.ok ? 'read' : result.code;
};
const told = ({ kind, about, amount, direction, reason, bankReference }: BankFact): string =>
  [kind, Object.values(about).join(' '), amount?.cents, direction, reason ?? '-', bankReference ?? '-'].join(
    ', ',
  );

/** Domain, family and sub-family of a bank transaction. */
const family = (code: string, sub: string): string =>
  `<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>${code}</Cd><SubFmlyCd>${sub}</SubFmlyCd></Fmly></Domn></BkTxCd>`;
const RETURNED = '<RtrInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account closed</AddtlInf></RtrInf>';

const camt = suite('camt.054 and camt.053');

camt('say that a payout was booked', () => {
  const file = sure(readBankFile(bytesOf(notification(entry('DBIT', '12.50', detail('p1'))))));
  assert.equal([file.format, file.messageId, file.skipped], ['camt.054.001.08', 'BANK-2', 0]);
  assert.equal(file.facts, [
    {
      kind: 'posted',
      about: { by: 'payment', endToEndId: 'p1' },
      amount: { cents: 1250n, currency: 'EUR' },
      direction: 'out',
      status: 'BOOK',
      reason: null,
      text: '',
      bankReference: 'REF-1',
      day: '2026-11-20',
      account: 'DE75512108001245126199',
      payer: null,
      correction: null,
      line: 11,
    },
  ]);
});

camt('say who paid in, for what, by which reference of the bank', () => {
  const parties = `<RltdPties><Dbtr><Pty><Nm>Ada
      Reader</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>FI1410093000123458</IBAN></Id></DbtrAcct></RltdPties>`;
  const words = '<RmtInf><Ustrd>Deposit</Ustrd><Ustrd>z6MkA</Ustrd></RmtInf>';
  const [fact] = factsOf(notification(entry('CRDT', '100', detail('NOTPROVIDED', parties + words))));
  assert.is(told(fact!), 'received, nothing, 10000, in, -, REF-1');
  assert.is(fact!.text, 'Deposit z6MkA');
  assert.equal(fact!.payer, { name: 'Ada Reader', account: 'FI1410093000123458' });
});

camt('keep an incoming id that the payer chose apart from a collection that the bank made', () => {
  const plain = detail('c1');
  const collected = detail('c1', family('IDDT', 'ESDD'));
  const mandated = plain.replace('<Refs>', '<Refs><MndtId>M1</MndtId>');
  const kinds = [plain, collected, mandated].map(
    (one) => factsOf(notification(entry('CRDT', '1', one)))[0]?.kind,
  );
  assert.equal(kinds, ['received', 'posted', 'posted']);
  const above = entry('CRDT', '1', plain, { more: family('IDDT', 'ESDD') });
  assert.is(factsOf(notification(above))[0]?.kind, 'posted');
});

camt('tell what came back, and why: by reason, by the bank code, or as a reversal', () => {
  const fact = factsOf(notification(entry('CRDT', '12.50', detail('p1', RETURNED))))[0]!;
  assert.is(told(fact), 'returned, payment p1, 1250, in, AC04, REF-1');
  assert.is(fact.text, 'Account closed');
  for (const sub of ['RRTN', 'UPDD', 'PRDD']) {
    const [one] = factsOf(notification(entry('DBIT', '5', detail('c1', family('IDDT', sub)))));
    assert.is(told(one!), 'returned, payment c1, 500, out, -, REF-1', sub);
  }
  const reversed = entry('CRDT', '5', detail('p1'), { more: '<RvslInd>true</RvslInd>' });
  assert.is(factsOf(notification(reversed))[0]?.kind, 'returned');
  const not = entry('CRDT', '5', detail('p1'), { more: '<RvslInd>false</RvslInd>' });
  assert.is(factsOf(notification(not))[0]?.kind, 'received');
});

camt('divide an entry into its payments, each with a reference of its own', () => {
  const refs = detail('p3', '', '3').replace('<Refs>', '<Refs><AcctSvcrRef>OWN</AcctSvcrRef>');
  const details = detail('p1', '', '1.00') + detail('p2', '', '2.5') + refs;
  assert.equal(factsOf(notification(entry('DBIT', '6.50', details))).map(told), [
    'posted, payment p1, 100, out, -, REF-1/1',
    'posted, payment p2, 250, out, -, REF-1/2',
    'posted, payment p3, 300, out, -, OWN',
  ]);
});

camt('take a detail of the other direction off its entry', () => {
  const back = detail('c2', `<CdtDbtInd>DBIT</CdtDbtInd>${RETURNED}`, '25');
  const details = detail('c1', '<CdtDbtInd>CRDT</CdtDbtInd>', '100') + back;
  assert.equal(factsOf(notification(entry('CRDT', '75', details))).map(told), [
    'received, payment c1, 10000, in, -, REF-1/1',
    'returned, payment c2, 2500, out, AC04, REF-1/2',
  ]);
});

camt('name the block or the message where a run is booked as one', () => {
  const batch = (ids: string) => `<Btch>${ids}<NbOfTxs>3</NbOfTxs></Btch>`;
  const block = batch('<MsgId>TB-1</MsgId><PmtInfId>TB-1-2</PmtInfId>');
  const abouts = [block, batch('<MsgId>TB-1</MsgId>'), batch('<PmtInfId>B</PmtInfId>'), batch(''), ''].map(
    (details) => factsOf(accountStatement(entry('DBIT', '9', details)))[0]!.about,
  );
  assert.equal(abouts, [
    { by: 'block', messageId: 'TB-1', blockId: 'TB-1-2' },
    { by: 'message', messageId: 'TB-1' },
    { by: 'block', messageId: null, blockId: 'B' },
    { by: 'nothing' },
    { by: 'nothing' },
  ]);
});

camt('take no id of a message for ours in money that came in, or in one detail of several', () => {
  const named = detail('x').replace(/<EndToEndId>x<.EndToEndId>/, '<MsgId>TB-1</MsgId>');
  assert.equal(factsOf(notification(entry('DBIT', '1', named)))[0]!.about, {
    by: 'message',
    messageId: 'TB-1',
  });
  const others = [
    entry('CRDT', '1', named),
    entry('CRDT', '1', named.replace('</Refs>', `</Refs>${RETURNED}`)),
    entry('DBIT', '2', named.replace('</Refs>', '</Refs><Amt Ccy="EUR">1</Amt>').repeat(2)),
  ];
  for (const { about } of factsOf(notification(others.join('')))) assert.is(about.by, 'nothing');
});

camt('leave out what is not booked and what is nothing, and count it', () => {
  const entries = [
    ...['PDNG', 'INFO', 'FUTR'].map((status) =>
      entry('CRDT', '1', detail('x'), { status: `<Cd>${status}</Cd>` }),
    ),
    entry('CRDT', '0.00', ''),
    entry('CRDT', '1', ''),
  ];
  const { facts, skipped } = sure(readBankFile(bytesOf(accountStatement(entries.join('')))));
  assert.equal([facts.length, skipped], [1, 4]);
});

camt('read the older versions, which put status, amounts and names elsewhere', () => {
  const amounts = '<AmtDtls><TxAmt><Amt Ccy="EUR">2.00</Amt></TxAmt></AmtDtls>';
  const parties =
    '<RltdPties><Dbtr><Nm>Ada</Nm></Dbtr><DbtrAcct><Id><Othr><Id>77</Id></Othr></Id></DbtrAcct></RltdPties>';
  for (const version of ['02', '04']) {
    const own = version === '02' ? undefined : '2.00';
    const details = detail('a', amounts + parties, own) + detail('b', amounts, own);
    const old = entry('CRDT', '4.00', details, { status: 'BOOK' });
    for (const xml of [
      notification(old, `camt.054.001.${version}`),
      accountStatement(old, `camt.053.001.${version}`),
    ]) {
      const facts = factsOf(xml);
      assert.equal(facts.map(told), [
        'received, payment a, 200, in, -, REF-1/1',
        'received, payment b, 200, in, -, REF-1/2',
      ]);
      assert.equal(facts[0]!.payer, { name: 'Ada', account: '77' });
    }
  }
});

camt('count foreign money at what it was worth on the account', () => {
  const foreign =
    '<AmtDtls><InstdAmt><Amt Ccy="USD">110.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">100</Amt></TxAmt></AmtDtls>';
  assert.equal(factsOf(notification(entry('CRDT', '100', detail('a', foreign))))[0]!.amount, {
    cents: 10_000n,
    currency: 'EUR',
  });
  const only = foreign.replace(/<TxAmt>.*<\/TxAmt>/, '');
  assert.is(factsOf(notification(entry('CRDT', '100', detail('a', only))))[0]!.amount?.cents, 10_000n);
  const [whole] = factsOf(notification(entry('CRDT', '100', detail('a', only) + detail('b', '', '1'))));
  assert.is(told(whole!), 'received, nothing, 10000, in, -, REF-1');
});

camt('have text from wherever the bank puts it', () => {
  const texts = [
    detail('a', '<RmtInf><Strd><CdtrRefInf><Ref>RF18539007547034</Ref></CdtrRefInf></Strd></RmtInf>'),
    detail('a', '<AddtlTxInf>by hand</AddtlTxInf>'),
    '',
  ].map(
    (details) =>
      factsOf(notification(entry('CRDT', '1', details, { more: '<AddtlNtryInf>fee</AddtlNtryInf>' })))[0]!
        .text,
  );
  assert.equal(texts, ['RF18539007547034', 'by hand', 'fee']);
});

camt('give no day where the bank gives none', () => {
  const xml = notification(entry('CRDT', '1', detail('a')));
  for (const without of ['', '<BookgDt/>', '<BookgDt><Dt></Dt></BookgDt>']) {
    assert.is(factsOf(xml.replace(/<BookgDt>.*<.BookgDt>/, without))[0]!.day, null, without);
  }
  const timed = xml.replace('<Dt>2026-11-20</Dt>', '<DtTm>2026-11-20T23:59:59+01:00</DtTm>');
  assert.is(factsOf(timed)[0]!.day, '2026-11-20');
});

camt('give no reference where the bank gives none', () => {
  for (const reference of ['', 'NONREF', 'NOTPROVIDED']) {
    const [fact] = factsOf(notification(entry('CRDT', '1', detail('a'), { reference })));
    assert.is(fact!.bankReference, null, reference);
  }
});

camt('tell bookings apart to which the bank gives one reference', () => {
  const same = detail('x', '', '1').replace('<Refs>', '<Refs><AcctSvcrRef>REF-1</AcctSvcrRef>');
  const own = same.replace('REF-1', 'OWN');
  const entries = [entry('CRDT', '1', same), entry('CRDT', '2', same + same), entry('CRDT', '1', '')];
  const facts = factsOf(accountStatement([...entries, entry('CRDT', '3', own + own + same)].join('')));
  assert.equal(
    facts.map(({ bankReference }) => bankReference),
    ['REF-1', 'REF-1/1', 'REF-1/2', 'REF-1#2', 'OWN', 'OWN#2', 'REF-1/3'],
  );
});

camt('speak of each account of a statement apart', () => {
  const xml = accountStatement(entry('CRDT', '1', ''));
  const second = xml
    .slice(xml.indexOf('<Stmt>'), xml.indexOf('</Stmt>') + 7)
    .replace('<IBAN>DE75512108001245126199</IBAN>', '<Othr><Id>0815</Id></Othr>');
  assert.equal(
    factsOf(xml.replace('</BkToCstmrStmt>', `${second}</BkToCstmrStmt>`)).map(({ account }) => account),
    ['DE75512108001245126199', '0815'],
  );
});

const bookings = fc.array(
  fc.record({
    id: fc.string({ unit: fc.constantFrom(...'abcXYZ019/-?:().,+'), minLength: 1, maxLength: 35 }),
    cents: fc.bigInt(1n, 10n ** 15n),
    direction: fc.constantFrom('CRDT' as const, 'DBIT' as const),
    returned: fc.boolean(),
  }),
  { minLength: 1, maxLength: 10 },
);

camt('are read as the bookings they were written of', () => {
  fc.assert(
    fc.property(bookings, (list) => {
      const entries = list.map(({ id, cents, direction, returned }, i) =>
        entry(direction, formatCents(cents), detail(id, returned ? RETURNED : ''), { reference: `R${i}` }),
      );
      assert.equal(
        factsOf(accountStatement(entries.join(''))).map(told),
        list.map(({ id, cents, direction, returned }, i) => {
          const kind = returned ? 'returned' : direction === 'DBIT' ? 'posted' : 'received';
          const way = direction === 'DBIT' ? 'out' : 'in';
          return `${kind}, payment ${id}, ${cents}, ${way}, ${returned ? 'AC04' : '-'}, R${i}`;
        }),
      );
    }),
    { numRuns: 100, seed: 8 },
  );
});

camt('tell an entry whole where its details do not add up to it, unless charges were taken', () => {
  const abouts = (entries: string) => factsOf(notification(entries)).map(told);
  const details = detail('a', '', '1') + detail('b', '', '2');
  const apart = ['received, payment a, 100, in, -, REF-1/1', 'received, payment b, 200, in, -, REF-1/2'];
  assert.equal(abouts(entry('CRDT', '3', details)), apart);
  assert.equal(abouts(entry('CRDT', '4', details)), ['received, nothing, 400, in, -, REF-1']);
  assert.equal(abouts(entry('CRDT', '4', detail('a', '', '3'))), ['received, nothing, 400, in, -, REF-1']);
  assert.equal(abouts(entry('CRDT', '4', details + detail('c'))), ['received, nothing, 400, in, -, REF-1']);
  const charges = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">1</TtlChrgsAndTaxAmt></Chrgs>';
  assert.equal(abouts(entry('CRDT', '2', details, { more: charges })), apart);
  assert.is(abouts(entry('CRDT', '2', details + detail('c', charges, '0'))).length, 3);
});

camt('are refused where money is doubtful', () => {
  const xml = notification(entry('DBIT', '1.00', detail('a', '', '1.00')));
  const bad: readonly (readonly [string, string])[] = [
    [xml.replace('<Amt Ccy="EUR">1.00</Amt><CdtDbtInd>', '<CdtDbtInd>'), 'object-malformed'],
    [
      xml.replace('<Amt Ccy="EUR">1.00</Amt><CdtDbtInd>', '<Amt Ccy="EUR">-1.00</Amt><CdtDbtInd>'),
      'value-out-of-range',
    ],
    [xml.replaceAll('1.00', '1.001'), 'value-out-of-range'],
    [xml.replaceAll('1.00', '1,00'), 'value-out-of-range'],
    [xml.replace('DBIT', 'DEBIT'), 'object-malformed'],
    [xml.replace('<CdtDbtInd>DBIT</CdtDbtInd>', ''), 'object-malformed'],
    [xml.replace('<Sts><Cd>BOOK</Cd></Sts>', ''), 'object-malformed'],
    [xml.replace('2026-11-20</Dt>', '2026-11-31</Dt>'), 'value-out-of-range'],
    [xml.replace(/<Acct>.*<\/Acct>/, ''), 'object-malformed'],
    [xml.replace('<EndToEndId>a<', `<EndToEndId>${'x'.repeat(36)}<`), 'object-malformed'],
    [xml.replace('<EndToEndId>a<', '<EndToEndId>b</EndToEndId><EndToEndId>a<'), 'object-malformed'],
    [xml.replace('>REF-1<', `>${'R'.repeat(36)}<`), 'object-malformed'],
    [xml.replaceAll('BkToCstmrDbtCdtNtfctn', 'BkToCstmrStmt'), 'object-malformed'],
  ];
  for (const [text, code] of bad) assert.is(codeOf(text), code, text.slice(300));
});
camt.run();
