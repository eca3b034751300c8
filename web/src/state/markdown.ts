// The marks that people type, as HTML: **bold**, `code`, ``` blocks, lists of - or 1. 2., > quotes, [links](https://…),
// and the people they name. What only looks like a mark stays as it was typed. Pure.

import { pillFor, type Names } from './mentions';

const bullet = /^[-*] +/;
const number = /^(0|[1-9]\d{0,2})\. +/;

/** The HTML of a text, or undefined where nothing in it is marked and nobody named. Spec: m.room.message, org.matrix.custom.html. */
export function htmlOf(text: string, names?: Names): string | undefined {
  const html = blocks(text.split('\n'), names);
  return /<(?!p>|\/p>|br>)/.test(html) ? html : undefined;
}

function blocks(lines: readonly string[], names: Names | undefined): string {
  let html = '';
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    if (line.startsWith('```')) {
      const end = lines.findIndex((other, n) => n > at && other.trim() === '```');
      if (end >= 0) {
        html += `<pre><code>${escaped(lines.slice(at + 1, end).join('\n'))}\n</code></pre>`;
        at = end + 1;
        continue;
      }
    }
    const kind = kindAt(lines, at);
    const run = runFrom(lines, at, kind);
    html += block(kind, run, names);
    at += run.length;
  }
  return html;
}

type Kind = 'quote' | 'ul' | 'ol' | 'blank' | 'p';

/** What begins at a line. One line alone is no list: it may be a date (20. November) or a temperature (- 5 °C). */
function kindAt(lines: readonly string[], at: number): Kind {
  const line = lines[at] ?? '';
  const next = lines[at + 1] ?? '';
  if (line.startsWith('> ')) return 'quote';
  if (goesOn('ul', line, next)) return 'ul';
  if (goesOn('ol', line, next)) return 'ol';
  return line.trim() === '' ? 'blank' : 'p';
}

function runFrom(lines: readonly string[], at: number, kind: Kind): readonly string[] {
  const end = lines.findIndex((line, n) => {
    if (n <= at) return false;
    if (kind === 'p' || kind === 'blank') return kindAt(lines, n) !== kind || line.startsWith('```');
    return !goesOn(kind, lines[n - 1] ?? '', line);
  });
  return lines.slice(at, end < 0 ? lines.length : end);
}

/** Whether a quotation or a list that has one line goes on with the next. */
function goesOn(kind: 'quote' | 'ul' | 'ol', line: string, next: string): boolean {
  switch (kind) {
    case 'quote':
      return /^>(?: |$)/.test(next);
    case 'ul':
      return bullet.test(line) && bullet.test(next) && line[0] === next[0];
    case 'ol':
      return numberOf(next) === numberOf(line) + 1;
  }
}

function numberOf(line: string): number {
  return Number(number.exec(line)?.[1] ?? NaN);
}

function block(kind: Kind, lines: readonly string[], names: Names | undefined): string {
  const shown = (line: string): string => inline(line, names);
  switch (kind) {
    case 'quote':
      return `<blockquote>${lines.map((line) => shown(line.replace(/^> ?/, ''))).join('<br>')}</blockquote>`;
    case 'ul':
      return `<ul>${lines.map((line) => `<li>${shown(line.replace(bullet, ''))}</li>`).join('')}</ul>`;
    case 'ol': {
      const first = numberOf(lines[0] ?? '');
      return `<ol${first === 1 ? '' : ` start="${first}"`}>${lines.map((line) => `<li>${shown(line.replace(number, ''))}</li>`).join('')}</ol>`;
    }
    case 'blank':
      return '';
    case 'p':
      return `<p>${lines.map(shown).join('<br>')}</p>`;
  }
}

// The first mark that is closed on its line counts; what is inside code stays as it is.
const marks = /`([^`]+)`|\*\*(\S(?:[^*]*\S)?)\*\*|\[([^[\]]+)\]\((https?:\/\/[^\s()]+|mailto:[^\s()]+)\)/;

function inline(text: string, names: Names | undefined): string {
  const found = marks.exec(text);
  const name = names?.pattern.exec(text);
  if (names !== undefined && name != null && (found === null || name.index < found.index)) {
    const [words] = name;
    const pill = `<a href="${escaped(pillFor(names.ids.get(words) ?? ''))}">${escaped(words)}</a>`;
    return `${escaped(text.slice(0, name.index))}${pill}${inline(text.slice(name.index + words.length), names)}`;
  }
  if (found === null) return escaped(text);
  const [all, code, bold, words, href] = found;
  const before = escaped(text.slice(0, found.index));
  const after = inline(text.slice(found.index + all.length), names);
  if (code !== undefined) return `${before}<code>${escaped(code)}</code>${after}`;
  if (bold !== undefined) return `${before}<strong>${inline(bold, names)}</strong>${after}`;
  return `${before}<a href="${escaped(href ?? '')}">${escaped(words ?? '')}</a>${after}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
