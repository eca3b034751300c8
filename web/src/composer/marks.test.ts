import { expect, test } from 'vitest';
import { htmlOf } from '../state/markdown';
import { marks, withMark, type Chosen, type Mark } from './marks';

/** What is chosen stands between | and |; one | is the caret. */
function read(shown: string): Chosen {
  const [a = '', b = '', c] = shown.split('|');
  return c === undefined ? { text: a + b, from: a.length, to: a.length } : { text: a + b + c, from: a.length, to: a.length + b.length };
}
const show = ({ text, from, to }: Chosen): string => `${text.slice(0, from)}|${from === to ? '' : `${text.slice(from, to)}|`}${text.slice(to)}`;

test.each<[Mark, string, string]>([
  ['bold', 'the |crane| stands', 'the **|crane|** stands'],
  ['bold', 'the |', 'the **|**'],
  ['code', '|STS-04|', '`|STS-04|`'],
  ['link', 'see |the table|', 'see [|the table|](https://)'],
  ['lines', 'so: |a b|', 'so: \n```\n|a b|\n```'],
  ['lines', '|a\nb|\nc', '```\n|a\nb|\n```\nc'],
  ['list', 'one\nt|wo\nthr|ee\nfour', 'one\n|- two\n- three|\nfour'],
  ['numbers', '|a\nb|', '|1. a\n2. b|'],
  ['quote', 'said|', '> said|'],
  ['list', '|', '- |'],
])('%s: %s', (mark, before, after) => expect(show(withMark(read(before), mark))).toBe(after));

test('each mark that is offered is understood', () => {
  for (const mark of marks) {
    const words = ['list', 'numbers', 'quote', 'lines'].includes(mark) ? 'words\nmore' : 'words'; // one line alone is no list
    const { text } = withMark({ text: words, from: 0, to: words.length }, mark);
    expect(htmlOf(mark === 'link' ? text.replace('https://', 'https://port.example') : text) ?? '', mark).toContain('words');
  }
});
