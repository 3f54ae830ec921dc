/** What the documents say can be followed: links lead somewhere, commands and files are taken. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AGENT_SHAPE } from '../agent/config.ts';
import { readConfig } from '../agent/host/config-file.ts';
import { HELP as SETTLER_HELP, helpOf as settlerHelp } from '../broker/settler/command.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PROGRAM = join(ROOT, 'dist', 'tollbridge.js');
const SOME_KEY = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
const NOT_OURS = new Set(['node_modules', 'dist', '.git', '.tollbridge', 'coverage']);

const markdownIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? markdownIn(path) : entry.name.endsWith('.md') ? [path] : [];
    });

const DOCUMENTS = markdownIn(ROOT);
const textOf = (path: string): string => readFileSync(path, 'utf8');

/** The anchor of a heading, as GitHub makes it. */
const anchorsIn = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map((heading) =>
    heading[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const test = suite('the documents');

test('link to files and headings that are there', () => {
  const broken: string[] = [];
  let links = 0;
  for (const document of DOCUMENTS) {
    for (const [, target] of textOf(document).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      links++;
      const [path, anchor] = target!.split('#');
      const file = path === '' ? document : resolve(dirname(document), path!);
      if (!existsSync(file)) broken.push(`${relative(ROOT, document)}: ${target}`);
      else if (anchor && !anchorsIn(textOf(file)).includes(anchor))
        broken.push(`${relative(ROOT, document)}: ${target}`);
    }
  }
  assert.equal(broken, []);
  assert.ok(links > 5, String(links));
});

test('name files of the project that are there', () => {
  const missing: string[] = [];
  for (const document of DOCUMENTS.filter((path) => path.endsWith('README.md'))) {
    for (const [, name] of textOf(document).matchAll(/`([\w./-]+\.(?:ts|c|h|md|cddl|hex))`/g)) {
      const folders = [dirname(document), ROOT, join(ROOT, 'test')];
      if (!folders.some((folder) => existsSync(join(folder, name!))))
        missing.push(`${relative(ROOT, document)}: ${name}`);
    }
  }
  assert.equal(missing, []);
});

/** `tollbridge name … --option …`, at the start of a line or in backquotes. */
const COMMAND = /(?:^ *|`|<\()tollbridge ([a-z]+)([^`\n#]*)/gm;

test('show commands and options that the program has', () => {
  const helps = new Map<string, string>();
  const helpOf = (name: string): string => {
    const help =
      helps.get(name) ?? spawnSync(process.execPath, [PROGRAM, name, '--help'], { encoding: 'utf8' }).stdout;
    helps.set(name, help);
    return help;
  };
  for (const document of DOCUMENTS) {
    for (const [line, name, rest] of textOf(document).matchAll(COMMAND)) {
      const where = `${relative(ROOT, document)}: ${line}`;
      const [first = ''] = rest!.split('--');
      const words = first.trim().split(' ');
      const help = name === 'settler' ? settlerHelp(words) : helpOf(name!);
      assert.ok(help.startsWith(`tollbridge ${name}`), where);
      if (name === 'settler') assert.ok(help !== SETTLER_HELP || /^[A-Z]*$/.test(words[0]!), where);
      for (const [option] of rest!.matchAll(/--[a-z-]+/g))
        assert.ok(option === '--help' || help.includes(option), where);
    }
  }
  assert.ok(helps.size >= 6, [...helps.keys()].join());
});

test('show files that an agent takes', () => {
  const readme = textOf(join(ROOT, 'README.md'));
  const [seller, ...others] = [...readme.matchAll(/```yaml\n([^`]*)```/g)].map((block) =>
    block[1]!.replaceAll('did:key:z6Mk…', SOME_KEY),
  );
  const parties = seller!.split('\n').slice(0, 2).join('\n');
  assert.is(others.length, 4);
  for (const text of [seller!, ...others.map((other) => `${parties}\n${other}`)]) {
    const file = readConfig('README.md', text, AGENT_SHAPE);
    assert.ok(file.ok, file.ok ? '' : file.detail);
  }
});

test.run();
