/**
 * XML from a bank, which may be anyone: UTF-8, no DTD and so no entities but the five of XML, one namespace, and
 * a named maximum for everything. What is in a foreign namespace is not seen.
 */

import { SaxesParser } from 'saxes';
import type { Element } from './element.ts';
import { shown, stop } from './refusing.ts';

/** Ours are at most six times that deep: Document to Othr/SchmeNm/Prtry. */
const DEPTH_MAX = 32;
/** 10,000 payments of a run at up to 100 elements each. */
const ELEMENTS_MAX = 1_000_000;
/** ISO 20022's longest text has 1,025 characters; signatures in what we do not read are longer. */
const TEXT_LENGTH_MAX = 16_384;
/** Namespaces, a schema's place, a currency. */
const ATTRIBUTES_MAX = 16;
const ATTRIBUTE_LENGTH_MAX = 512;

type Growing = {
  name: string;
  line: number;
  parent: Growing | null;
  attributes: Record<string, string> | null;
  children: Growing[];
  text: string;
};

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return stop('object-malformed', 'the file is no UTF-8: ask the bank for UTF-8, as ISO 20022 wants it');
  }
};

type Parser = SaxesParser<{ xmlns: true }>;

/** The five of XML and nothing inherited: to saxes 6.0.0 alone, &toString; would be an entity as well. */
const ENTITIES = Object.assign(Object.create(null), { amp: '&', gt: '>', lt: '<', quot: '"', apos: "'" });

/** Stops at what XML allows and banks have no use for. */
const forbid = (parser: Parser): void => {
  parser.on('error', ({ message }) =>
    stop('object-malformed', `the file is no whole XML document: ${message.slice(0, 200)}`),
  );
  parser.on('doctype', () =>
    stop('object-malformed', `line ${parser.line}: a DTD has no place in a bank file: take it out`),
  );
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8') {
      stop('object-malformed', `the file calls itself ${shown(encoding)}: ask the bank for UTF-8`);
    }
  });
  let attributes = 0;
  parser.on('opentagstart', () => {
    attributes = 0;
  });
  parser.on('attribute', ({ name, value }) => {
    attributes += 1;
    if (
      attributes > ATTRIBUTES_MAX ||
      value.length > ATTRIBUTE_LENGTH_MAX ||
      name.length > ATTRIBUTE_LENGTH_MAX
    ) {
      const limits = `${ATTRIBUTES_MAX} attributes of ${ATTRIBUTE_LENGTH_MAX} characters`;
      stop('message-too-long', `line ${parser.line}: more than ${limits}`);
    }
  });
};

/** Builds the elements of one namespace, the root's; others leave a nameless element, which nobody asks for. */
const build = (parser: Parser): { root: () => Element; namespace: () => string } => {
  let root: Growing | undefined;
  let namespace = '';
  let open: Growing | null = null;
  let depth = 0;
  let elements = 0;
  parser.on('opentag', ({ local, uri, attributes }) => {
    depth += 1;
    elements += 1;
    if (depth > DEPTH_MAX)
      stop('message-too-long', `line ${parser.line}: more than ${DEPTH_MAX} elements deep`);
    if (elements > ELEMENTS_MAX)
      stop('message-too-long', `line ${parser.line}: more than ${ELEMENTS_MAX} elements`);
    if (root === undefined) namespace = uri;
    const kept = Object.values(attributes).filter((attribute) => attribute.uri === '');
    const element: Growing = {
      name: uri === namespace ? local : '',
      line: parser.line,
      parent: open,
      attributes:
        kept.length === 0 ? null : Object.fromEntries(kept.map(({ local, value }) => [local, value])),
      children: [],
      text: '',
    };
    root ??= element;
    open?.children.push(element);
    open = element;
  });
  parser.on('closetag', () => {
    depth -= 1;
    open = open?.parent ?? null;
  });
  const add = (text: string): void => {
    // Blanks between elements are the layout of the file, not a text.
    if (open === null || (open.children.length > 0 && text.trim() === '')) return;
    if (open.text.length + text.length > TEXT_LENGTH_MAX) {
      stop('message-too-long', `line ${parser.line}: a text of more than ${TEXT_LENGTH_MAX} characters`);
    }
    open.text += text;
  };
  parser.on('text', add);
  parser.on('cdata', add);
  return { root: () => root!, namespace: () => namespace };
};

/** The root element of the document and its namespace. Stops with object-malformed or message-too-long. */
export const readXml = (bytes: Uint8Array): { readonly root: Element; readonly namespace: string } => {
  const text = decode(bytes);
  const parser = new SaxesParser({ xmlns: true });
  parser.ENTITIES = ENTITIES;
  forbid(parser);
  const built = build(parser);
  parser.write(text).close();
  return { root: built.root(), namespace: built.namespace() };
};
