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
const SPECIAL = /[&<>"]/;
const escapeXml = (text: string): string =>
  SPECIAL.test(text) ? text.replace(/[&<>"]/g, (letter) => ESCAPES[letter]!) : text;

export const leaf = (name: string, text: string): Xml => ({ name, attributes: '', content: escapeXml(text) });

/** An element with one attribute. */
export const leafWith = (name: string, attribute: string, value: string, text: string): Xml => ({
  name,
  attributes: ` ${attribute}="${escapeXml(value)}"`,
  content: escapeXml(text),
});

/** Without those children that are null: what a message may leave out. Many of a kind come as one list. */
export const node = (name: string, ...children: readonly (Xml | readonly Xml[] | null)[]): Xml => {
  const content: Xml[] = [];
  for (const child of children) {
    if (child === null) continue;
    if ('name' in child) content.push(child);
    else for (const one of child) content.push(one);
  }
  return { name, attributes: '', content };
};

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
