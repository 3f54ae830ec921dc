import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { BankFact, FactKind } from '../../../broker/settler/bank/bank-fact.ts';
import { readBankFile } from '../../../broker/settler/bank/reader.ts';
import { blockStatus, paymentStatus, statusReport } from './iso-documents.ts';
import { bytesOf, sure } from './reading.ts';

const factsOf = (xml: string): readonly BankFact[] => sure(readBankFile(bytesOf(xml))).facts;
const codeOf = (xml: string): string => {
  const result = readBankFile(bytesOf(xml));
  return result.ok ? 'read' : result.code;
};
const detailOf = (xml: string): string => {
  const result = readBankFile(bytesOf(xml));
  return result.ok ? '' : result.detail;
};
const told = ({ kind, about, status, reason }: BankFact): string =>
  [kind, ...Object.values(about), status, reason ?? '-'].join(' ');

const pain002 = suite('pain.002');

pain002('says for one payment what the bank does with it', () => {
  const xml = statusReport(
    'PART',
    blockStatus('TB-1', null, paymentStatus('p1', 'RJCT', 'AC04', 'Account closed')),
  );
  const file = sure(readBankFile(bytesOf(xml)));
  assert.equal([file.format, file.messageId, file.skipped], ['pain.002.001.10', 'BANK-1', 0]);
  assert.equal(file.facts, [
    {
      kind: 'rejected',
      about: { by: 'payment', endToEndId: 'p1' },
      amount: { cents: 1250n, currency: 'EUR' },
      direction: null,
      status: 'RJCT',
      reason: 'AC04',
      text: 'Account closed',
      bankReference: null,
      day: null,
      account: null,
      payer: null,
      correction: null,
      line: 12,
    },
  ]);
});

pain002('knows the statuses of ISO 20022, and only these', () => {
  const kinds: { readonly [status: string]: FactKind } = {
    ACCP: 'accepted',
    ACTC: 'accepted',
    ACWC: 'accepted',
    ACSP: 'accepted',
    PDNG: 'accepted',
    RCVD: 'accepted',
    ACSC: 'posted',
    ACCC: 'posted',
    RJCT: 'rejected',
    CANC: 'rejected',
  };
  for (const [status, kind] of Object.entries(kinds)) {
    const [fact] = factsOf(statusReport(null, blockStatus('B', null, paymentStatus('p', status))));
    assert.is(fact?.kind, kind, status);
  }
  for (const status of ['', 'PART', 'acsc', 'OKAY', 'constructor']) {
    const xml = statusReport(null, blockStatus('B', null, paymentStatus('p', status)));
    assert.is(codeOf(xml), 'object-malformed', status);
  }
});

pain002('tells the narrow before the wide: the first fact about a payment is the word on it', () => {
  const xml = statusReport(
    'ACSP',
    blockStatus('B1', 'RJCT', paymentStatus('p1', 'ACSC'), 'AM04') + blockStatus('B2', null),
    'NARR',
  );
  assert.equal(factsOf(xml).map(told), [
    'posted payment p1 ACSC -',
    'rejected block TB-1 B1 RJCT AM04',
    'accepted message TB-1 ACSP NARR',
  ]);
});

pain002('applies the status of a message to payments that are named without one', () => {
  const named = '<TxInfAndSts><OrgnlEndToEndId>p</OrgnlEndToEndId></TxInfAndSts>';
  assert.equal(factsOf(statusReport('RJCT', blockStatus('B', null, named), 'FF01')).map(told), [
    'rejected payment p RJCT FF01',
    'rejected message TB-1 RJCT FF01',
  ]);
  const why =
    '<TxInfAndSts><OrgnlEndToEndId>p</OrgnlEndToEndId><StsRsnInf><Rsn><Prtry>X9</Prtry></Rsn></StsRsnInf></TxInfAndSts>';
  assert.is(
    told(factsOf(statusReport(null, blockStatus('B', 'RJCT', why)))[0]!),
    'rejected payment p RJCT X9',
  );
});

pain002('takes a turned-away repetition for what it is: the first message stands', () => {
  for (const reason of ['AM05', 'DU01', 'DU04']) {
    assert.equal(factsOf(statusReport('RJCT', '', reason)).map(told), [
      `accepted message TB-1 RJCT ${reason}`,
    ]);
  }
});

pain002('reads versions 03, 10 and 12, and a document whose names have a prefix', () => {
  for (const version of ['03', '10', '12']) {
    const xml = statusReport('ACSC', '', undefined, `pain.002.001.${version}`);
    assert.is(factsOf(xml).length, 1, version);
    const prefixed = xml.replace('xmlns=', 'xmlns:p=').replace(/<(\/?)([A-Z])/g, '<$1p:$2');
    assert.equal(factsOf(prefixed), factsOf(xml));
  }
  assert.is(codeOf(statusReport('ACSC', '', undefined, 'pain.002.001.99')), 'protocol-unsupported');
  assert.is(codeOf(statusReport('ACSC', '', undefined, 'pain.001.001.09')), 'protocol-unsupported');
});

pain002('refuses what leaves open which payment, or what', () => {
  const bad: readonly string[] = [
    statusReport(null),
    statusReport('PART'),
    statusReport('PART', blockStatus('B', 'PART')),
    statusReport('ACSC').replace('<OrgnlMsgId>TB-1</OrgnlMsgId>', ''),
    statusReport('ACSC').replace('<GrpSts>', '<GrpSts>RJCT</GrpSts><GrpSts>'),
    statusReport('ACSC').replace('<GrpSts>ACSC', '<GrpSts><Cd>ACSC</Cd>'),
    statusReport('ACSC').replaceAll('CstmrPmtStsRpt', 'FIToFIPmtStsRpt'),
    statusReport('ACSC').replaceAll('GrpHdr>', 'Header>'),
    statusReport('ACSC', blockStatus('', 'ACSC')),
    statusReport('ACSC', blockStatus('B', null, paymentStatus('', 'ACSC'))),
    statusReport('ACSC', blockStatus('B', null, paymentStatus('NOTPROVIDED', 'ACSC'))),
    statusReport('ACSC', blockStatus('B', null, paymentStatus('x'.repeat(36), 'ACSC'))),
  ];
  for (const xml of bad) assert.is(codeOf(xml), 'object-malformed', xml);
  const money = statusReport('ACSC', blockStatus('B', null, paymentStatus('p', 'ACSC')));
  assert.is(codeOf(money.replace('12.5<', '12.505<')), 'value-out-of-range');
  assert.is(codeOf(money.replace('Ccy="EUR"', 'Ccy="eur"')), 'object-malformed');
  assert.is(codeOf(money.replace(' Ccy="EUR"', '')), 'object-malformed');
});

pain002('names the line, the path and the value of what it refuses', () => {
  const xml = statusReport(null, blockStatus('B', null, paymentStatus('p', 'OK?')));
  assert.match(
    detailOf(xml),
    /^line 12, Document\/CstmrPmtStsRpt\/OrgnlPmtInfAndSts\/TxInfAndSts: the status "OK\?" is none of /,
  );
});
pain002.run();
