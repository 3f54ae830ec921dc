/** A run as JUnit XML, the form that CI systems read: a testsuite per board and suite, a testcase per check. */

import { elapsedMsOf, tallyOf } from './report.ts';
import type { BoardResult, CheckResult } from './run.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** What a board or a program said may be anything; XML has no control characters (XML 1.0 section 2.2, Char). */
const isChar = (code: number): boolean =>
  code === 0x9 ||
  code === 0xa ||
  code === 0xd ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  code >= 0x10000;

const escaped = (text: string): string =>
  [...text].map((sign) => (isChar(sign.codePointAt(0)!) ? (ENTITIES[sign] ?? sign) : '\ufffd')).join('');

type Attributes = Readonly<Record<string, string | number>>;

const attributes = (values: Attributes): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('');

const inSeconds = (ms: number): string => (ms / 1000).toFixed(3);

const counts = (checks: readonly CheckResult[]): Attributes => {
  const { failed, skipped } = tallyOf(checks);
  return {
    tests: checks.length,
    failures: failed,
    errors: 0,
    skipped,
    time: inSeconds(elapsedMsOf(checks)),
  };
};

const testcase = (board: string, check: CheckResult): string[] => {
  const head = `    <testcase${attributes({
    classname: `${board}.${check.suite}`,
    name: check.claim,
    time: inSeconds(check.elapsedMs),
  })}`;
  if (check.outcome === 'passed') return [`${head}/>`];
  const message = attributes({ message: check.reason });
  const inner =
    check.outcome === 'skipped'
      ? `<skipped${message}/>`
      : `<failure${message} type="failure">${escaped(check.reason)}</failure>`;
  return [`${head}>`, `      ${inner}`, '    </testcase>'];
};

/** `startedAt` is ISO 8601. */
export const junitXml = (results: readonly BoardResult[], startedAt: string): string => {
  const all = results.flatMap(({ checks }) => checks);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'tollbridge rig', ...counts(all) })}>`,
  ];
  for (const { board, kind, identity, checks } of results) {
    for (const suite of new Set(checks.map((check) => check.suite))) {
      const own = checks.filter((check) => check.suite === suite);
      const name = `${board}.${suite}`;
      lines.push(
        `  <testsuite${attributes({ name, ...counts(own), timestamp: startedAt, hostname: board })}>`,
        '    <properties>',
        `      <property${attributes({ name: 'kind', value: kind })}/>`,
        `      <property${attributes({ name: 'identity', value: identity })}/>`,
        '    </properties>',
        ...own.flatMap((check) => testcase(board, check)),
        '  </testsuite>',
      );
    }
  }
  lines.push('</testsuites>', '');
  return lines.join('\n');
};
