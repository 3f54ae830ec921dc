/** XML as data, written in one go: elements with text or with children, two blanks deeper for each level. */

export type Xml = {
  readonly name: string;
  readonly attributes: string;
  readonly content: string | readonly Xml[];
};

const ESCAPES: { readonly [letter: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (letter) => ESCAPES[letter]!);

export const leaf = (name: string, text: string): Xml => ({ name, attributes: '', content: escapeXml(text) });

/** An element with one attribute. */
export const leafWith = (name: string, attribute: string, value: string, text: string): Xml => ({
  name,
  attributes: ` ${attribute}="${escapeXml(value)}"`,
  content: escapeXml(text),
});

/** Without those children that are null: what a message may leave out. Many of a kind come as one list. */
export const node = (name: string, ...children: readonly (Xml | readonly Xml[] | null)[]): Xml => ({
  name,
  attributes: '',
  content: children.flat().filter((child) => child !== null),
});

const writeInto = (lines: string[], { name, attributes, content }: Xml, indent: string): void => {
  if (typeof content === 'string') {
    lines.push(`${indent}<${name}${attributes}>${content}</${name}>`);
    return;
  }
  lines.push(`${indent}<${name}${attributes}>`);
  for (const child of content) writeInto(lines, child, `${indent}  `);
  lines.push(`${indent}</${name}>`);
};

/** A whole UTF-8 document in one namespace. */
export const writeDocument = (namespace: string, content: Xml): string => {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const root = { name: 'Document', attributes: ` xmlns="${namespace}"`, content: [content] };
  writeInto(lines, root, '');
  return `${lines.join('\n')}\n`;
};
