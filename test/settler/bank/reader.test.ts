import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readBankFile } from '../../../broker/settler/bank/reader.ts';
import { blockStatus, detail, entry, notification, paymentStatus, statusReport } from './iso-documents.ts';
import { bytesOf, sure } from './reading.ts';

const codeOf = (file: string | Uint8Array): string => {
  const result = readBankFile(typeof file === 'string' ? bytesOf(file) : file);
  return result.ok ? 'read' : result.code;
};
const detailOf = (file: string | Uint8Array): string => {
  const result = readBankFile(typeof file === 'string' ? bytesOf(file) : file);
  return result.ok ? '' : result.detail;
};

const STATUS = statusReport(
  'PART',
  blockStatus('B', null, paymentStatus('p1', 'RJCT', 'AC04', 'Geschlo\u00dfen')),
);
const withText = (text: string): string => STATUS.replace('Geschlo\u00dfen', text);

const reader = suite('readBankFile');

reader('finds out what a file is, also behind a byte order mark and blank lines', () => {
  assert.is(sure(readBankFile(bytesOf(STATUS))).format, 'pain.002.001.10');
  assert.is(sure(readBankFile(bytesOf(`\ufeff${STATUS}`))).format, 'pain.002.001.10');
  assert.is(sure(readBankFile(bytesOf(STATUS.replace(/^<\?xml.*\n/, '\n ')))).format, 'pain.002.001.10');
});

reader('says of other files what to do about them', () => {
  const others: readonly (readonly [start: string, remedy: RegExp])[] = [
    ['PK\u0003\u0004', /unpack/],
    ['\x1f\x8b\x08', /gunzip/],
    [':20:STARTUMS', /camt\.053/],
    ['{1:F01BANK', /camt\.053/],
    ['\xff\xfe<\x00', /UTF-8/],
    ['\xfe\xff\x00<', /UTF-8/],
    ['%PDF-1.7', /camt\.053/],
    ['', /are read here/],
    ['hello', /are read here/],
  ];
  for (const [start, remedy] of others) {
    const file = Buffer.from(start, 'latin1');
    assert.is(codeOf(file), 'protocol-unsupported', start);
    assert.match(detailOf(file), remedy);
  }
});

reader('refuses files that are too large, before it looks at them', () => {
  assert.is(codeOf(new Uint8Array(32 * 1024 * 1024 + 1)), 'message-too-long');
});

reader('refuses another namespace, and another document in a known one', () => {
  assert.is(codeOf(STATUS.replace('pain.002', 'pacs.002')), 'protocol-unsupported');
  assert.is(codeOf(STATUS.replace('urn:iso', 'urn:ISO')), 'protocol-unsupported');
  assert.is(codeOf(STATUS.replace(/ xmlns="[^"]*"/, '')), 'protocol-unsupported');
  assert.is(codeOf(STATUS.replaceAll('Document', 'Dokument')), 'object-malformed');
  assert.is(
    codeOf(STATUS.replaceAll('10"', '10"').replace('CstmrPmtStsRpt>', 'x:CstmrPmtStsRpt>')),
    'object-malformed',
  );
});

reader('does not see what is in a foreign namespace', () => {
  const foreign =
    '<x:TxSts xmlns:x="urn:evil">ACSC</x:TxSts><x:B xmlns:x="urn:evil"><TxSts>ACSC</TxSts></x:B>';
  const [fact] = sure(readBankFile(bytesOf(STATUS.replace('<TxSts>', `${foreign}<TxSts>`)))).facts;
  assert.is(fact!.kind, 'rejected');
  const alone = STATUS.replace('<TxSts>RJCT</TxSts>', foreign);
  assert.is(codeOf(alone), 'object-malformed');
});

reader('expands no entities but the five of XML and characters', () => {
  const text = sure(
    readBankFile(bytesOf(withText('&lt;&amp;&gt;&quot;&apos;&#65;&#x42;<![CDATA[<c>]]><!-- no -->'))),
  ).facts[0]!.text;
  assert.is(text, '<&>"\'AB<c>');
  for (const name of [
    'lol',
    'nbsp',
    'toString',
    'constructor',
    '__proto__',
    'hasOwnProperty',
    '#0',
    '#x110000',
    '#xD800',
  ]) {
    assert.is(codeOf(withText(`&${name};`)), 'object-malformed', name);
  }
});

reader('refuses a DTD, and so a billion laughs and files of this machine', () => {
  const laughs = Array.from({ length: 10 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join(
    '',
  );
  const dtds = [
    `<!DOCTYPE Document [<!ENTITY l0 "ha">${laughs}]>`,
    '<!DOCTYPE Document [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE Document SYSTEM "http://127.0.0.1/x.dtd">',
    '<!DOCTYPE Document>',
  ];
  for (const dtd of dtds) {
    const file = withText('&l10;').replace('<Document', `${dtd}<Document`);
    assert.is(codeOf(file), 'object-malformed', dtd);
    assert.match(detailOf(file), /DTD/);
  }
});

reader('refuses what is endless: depth, elements, attributes, texts', () => {
  const deep = 100_000;
  assert.is(codeOf(withText(`${'<a>'.repeat(deep)}${'</a>'.repeat(deep)}`)), 'message-too-long');
  assert.is(codeOf(withText('<a>'.repeat(deep))), 'message-too-long');
  assert.is(codeOf(STATUS.replace('<GrpHdr>', `${'<a/>'.repeat(1_000_001)}<GrpHdr>`)), 'message-too-long');
  assert.is(codeOf(withText(`<a b="${'x'.repeat(10_000_000)}"/>`)), 'message-too-long');
  assert.is(codeOf(withText(`<a ${'b'.repeat(10_000_000)}=""/>`)), 'message-too-long');
  const many = Array.from({ length: 100_000 }, (_, i) => `a${i}=""`).join(' ');
  assert.is(codeOf(withText(`<a ${many}/>`)), 'message-too-long');
  const spaces = Array.from({ length: 100_000 }, (_, i) => `xmlns:a${i}="u"`).join(' ');
  assert.is(codeOf(withText(`<a ${spaces}/>`)), 'message-too-long');
  assert.is(codeOf(withText('x'.repeat(20_000))), 'message-too-long');
  assert.is(codeOf(withText('<![CDATA[x]]><!---->'.repeat(20_000))), 'message-too-long');
});

reader('reads up to the last of what is allowed', () => {
  // Six elements are around the text.
  const nested = (depth: number) => withText(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`);
  assert.match(detailOf(nested(32 - 6)), /a text is expected/);
  assert.match(detailOf(nested(33 - 6)), /more than 32 elements deep/);
  const listed = (count: number) =>
    STATUS.replace('<TxSts>', `<TxSts ${Array.from({ length: count }, (_, i) => `a${i}=""`).join(' ')}>`);
  assert.is(codeOf(listed(16)), 'read');
  assert.is(codeOf(listed(17)), 'message-too-long');
});

reader('reads files whose layout is longer than any text may be', () => {
  const blocks = Array.from({ length: 2000 }, (_, i) => blockStatus(`B${i}`, 'ACSC')).join(' '.repeat(50));
  assert.is(sure(readBankFile(bytesOf(statusReport('PART', blocks)))).facts.length, 2000);
});

reader('refuses what is no UTF-8, or says so of itself', () => {
  assert.is(codeOf(Buffer.from(STATUS, 'latin1')), 'object-malformed');
  assert.is(codeOf(Buffer.from(STATUS, 'utf16le')), 'object-malformed');
  assert.is(codeOf(STATUS.replace('UTF-8', 'ISO-8859-1')), 'object-malformed');
  assert.is(codeOf(STATUS.replace('UTF-8', 'utf-8')), 'read');
  assert.is(codeOf(STATUS.replace(' encoding="UTF-8"', '')), 'read');
  for (const text of ['\u0000', '\u0008', '\ufffe', ']]>'])
    assert.is(codeOf(withText(text)), 'object-malformed');
});

reader('refuses a document that is not whole and one: cut at every byte, doubled, crossed', () => {
  const bytes = bytesOf(STATUS.trimEnd());
  for (let length = 0; length < bytes.length; length++) {
    assert.is.not(codeOf(bytes.subarray(0, length)), 'read', `cut at ${length}`);
  }
  assert.is(codeOf(bytes), 'read');
  assert.is(codeOf(STATUS + STATUS), 'object-malformed');
  assert.is(codeOf(`${STATUS}x`), 'object-malformed');
  assert.is(codeOf(STATUS.replace('</TxSts>', '</GrpSts>')), 'object-malformed');
  assert.is(codeOf(STATUS.replace('<TxSts>', '<TxSts a="1" a="2">')), 'object-malformed');
  assert.is(codeOf(STATUS.replace('<TxSts>', '<q:TxSts>')), 'object-malformed');
});

reader('answers any bytes with facts or a refusal, and never throws', () => {
  const file = bytesOf(notification(entry('CRDT', '1.00', detail('a', '', '1.00'))));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
      (changes) => {
        const changed = Uint8Array.from(file);
        for (const [at, byte] of changes) changed[at] = byte;
        const result = readBankFile(changed);
        if (!result.ok) assert.ok(result.detail.length < 400, result.detail);
      },
    ),
    { numRuns: 2000, seed: 5 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => assert.type(readBankFile(bytes).ok, 'boolean')));
});

reader('shows a value of the file without what could move a cursor, and not all of it', () => {
  const detail = detailOf(STATUS.replace('RJCT', `\u00e9\u200f${'x'.repeat(200)}`));
  assert.match(detail, /"\?\?x{58}\.\.\."/);
});
reader.run();
