import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { moneyText, nanoOfText, textOfNano } from '../../../agent/money.ts';
import { progressBar, sparkline } from '../../../agent/view/chart.ts';
import { openScreen } from '../../../agent/view/screen.ts';
import { clipped, padded, stylesFor, visibleLength } from '../../../agent/view/style.ts';
import { tableLines } from '../../../agent/view/table.ts';

const COLOURS = stylesFor(true, {});
const PLAIN = stylesFor(false, {});

const chart = suite('progressBar and sparkline');

chart('are as wide as asked, empty at nothing and full at all', () => {
  assert.is(progressBar(0, 8, 8), '░░░░░░░░');
  assert.is(progressBar(8, 8, 8), '████████');
  assert.is(progressBar(9, 8, 8), '████████');
  assert.is(progressBar(0, 0, 4), '░░░░');
  for (let done = 0; done <= 100; done++) assert.is([...progressBar(done, 100, 7)].length, 7);
});

chart('move by an eighth of a column', () => {
  assert.is(progressBar(1, 64, 8), '▏░░░░░░░');
  assert.is(progressBar(12, 64, 8), '█▌░░░░░░');
});

chart('draw the lowest at the bottom, the highest at the top, and only the newest', () => {
  assert.is(sparkline([5, 1, 2, 8], 3), '▁▂█');
  assert.is(sparkline([3, 3], 8), '▁▁');
  assert.is(sparkline([], 8), '');
});

chart.run();

const style = suite('styles');

style('are for terminals, and not against NO_COLOR', () => {
  assert.is(COLOURS.red('x'), '\x1b[31mx\x1b[39m');
  assert.is(PLAIN.red('x'), 'x');
  assert.is(stylesFor(true, { NO_COLOR: '1' }).red('x'), 'x');
  assert.is(stylesFor(true, { TERM: 'dumb' }).red('x'), 'x');
});

style('take no column', () => {
  assert.is(visibleLength(`${COLOURS.bold('ab')}█…`), 4);
  assert.is(visibleLength(padded(COLOURS.red('ab'), 5)), 5);
  assert.is(padded('7', 3, true), '  7');
});

style('end at a cut', () => {
  const cut = clipped(COLOURS.red('abcdef'), 4);
  assert.is(visibleLength(cut), 4);
  assert.ok(cut.endsWith('…\x1b[0m'));
  assert.is(clipped('abcd', 4), 'abcd');
});

style.run();

const table = suite('tableLines');

table('aligns columns, figures to the right', () => {
  const columns = [{ title: 'what' }, { title: 'n', right: true }];
  assert.equal(
    tableLines(
      columns,
      [
        ['a', '10'],
        ['bcdefg', '7'],
      ],
      PLAIN,
    ),
    ['what     n', 'a       10', 'bcdefg   7'],
  );
});

table.run();

const money = suite('money');

money('is exact both ways', () => {
  for (const text of ['0.00', '0.002', '0.000000001', '9007199.254740991', '12.30']) {
    const nano = nanoOfText(text);
    assert.ok(nano.ok);
    assert.is(textOfNano(nano.value), text);
  }
  assert.is(moneyText(600_000_000, 'EUR'), '0.60 EUR');
});

money('refuses what is not exact in nano, negative or too large', () => {
  for (const text of ['0.0000000001', '-1', '9007199.254740992', '', 'ten', '1e99'])
    assert.is(nanoOfText(text).ok, false, text);
});

money.run();

const screen = suite('openScreen');

screen('draws over what is there and gives the terminal back as it was', () => {
  const output = Object.assign(new PassThrough(), { rows: 3, columns: 10 });
  const opened = openScreen(output as unknown as WriteStream);
  opened.draw(['a line that is too long', 'two', 'three', 'below the screen']);
  opened.close();
  opened.close();
  opened.draw(['late']);
  const text = String(output.read());
  assert.ok(text.startsWith('\x1b[?1049h\x1b[?25l'), 'alternate screen, no cursor');
  assert.is(text.split('\x1b[?25h\x1b[?1049l').length, 2, 'given back once');
  assert.ok(text.endsWith('\x1b[?25h\x1b[?1049l'));
  assert.match(text, 'a line th…');
  assert.not.match(text, 'below the screen');
  assert.not.match(text, '\x1b[2J'); // clearing all of it first is what flickers
});

screen.run();
