/** A file from a bank, whatever it is: read into facts, or refused with the line and the remedy. */

import { type Result, refuse } from '../../../schemas/result.ts';
import type { BankFacts } from './bank-fact.ts';
import { readCamt } from './camt.ts';
import { stopAt } from './element.ts';
import { readNachaAnswer } from './nacha-answer.ts';
import { readPain002 } from './pain002.ts';
import { refusable, shown, stop } from './refusing.ts';
import { readXml } from './xml-reader.ts';

/** A status file of 10,000 payments is some 15 MB; a reader holds it whole. */
const FILE_BYTES_MAX = 32 * 1024 * 1024;

const ISO = 'urn:iso:std:iso:20022:tech:xsd:';
/** Versions whose parts that are read here are alike, or where the difference is known. */
const READ = /^(?:pain\.002\.001\.(?:03|10|12)|camt\.05[34]\.001\.(?:02|04|08))$/;

const readIso = (bytes: Uint8Array): BankFacts => {
  const { root, namespace } = readXml(bytes);
  const format = namespace.startsWith(ISO) ? namespace.slice(ISO.length) : '';
  if (!READ.test(format)) {
    const remedy = 'ask the bank for pain.002.001.10, camt.053.001.08 or camt.054.001.08';
    stop('protocol-unsupported', `the document is of ${shown(namespace)}: ${remedy}`);
  }
  if (root.name !== 'Document') stopAt(root, 'the outermost element must be Document');
  if (format.startsWith('pain')) return readPain002(root, format);
  return format.startsWith('camt.053')
    ? readCamt(root, format, 'BkToCstmrStmt', 'Stmt')
    : readCamt(root, format, 'BkToCstmrDbtCdtNtfctn', 'Ntfctn');
};

/** How some other files begin, and what to do about them. */
const OTHERS: readonly (readonly [start: string, remedy: string])[] = [
  ['PK', 'it is a ZIP archive: unpack it and read each file'],
  ['\x1f\x8b', 'it is compressed: unpack it with gunzip'],
  [':20:', 'it is a SWIFT MT940: ask the bank for camt.053'],
  ['{1:', 'it is a SWIFT MT940: ask the bank for camt.053'],
  ['\xff\xfe', 'it is UTF-16: ask the bank for UTF-8'],
  ['\xfe\xff', 'it is UTF-16: ask the bank for UTF-8'],
  ['%PDF', 'it is a PDF for people: ask the bank for camt.053'],
];

/**
 * What the bank says, as facts. Codes: message-too-long, protocol-unsupported (no format or version that is read
 * here), object-malformed, value-out-of-range.
 */
export const readBankFile = (bytes: Uint8Array): Result<BankFacts> => {
  if (bytes.length > FILE_BYTES_MAX) {
    return refuse(
      'message-too-long',
      `${bytes.length} bytes: at most ${FILE_BYTES_MAX}, ask the bank to split it`,
    );
  }
  const start = String.fromCharCode(...bytes.subarray(0, 64)).replace(/^\xef\xbb\xbf/, '');
  if (start.trimStart().startsWith('<')) return refusable(() => readIso(bytes));
  if (start.startsWith('1')) return refusable(() => readNachaAnswer(bytes));
  const other = OTHERS.find(([beginning]) => start.startsWith(beginning));
  const remedy = other?.[1] ?? 'pain.002, camt.053, camt.054 and NACHA files are read here';
  return refuse('protocol-unsupported', `the file begins with ${shown(start.slice(0, 16))}: ${remedy}`);
};
