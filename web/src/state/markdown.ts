// The marks that people type, as HTML: **bold**, `code`, ``` blocks, - and 1. lists, > quotes, [links](https://…), and
// the people they name. Pure.

import { pillFor, type Names } from './mentions';

const listMark = /^(?:[-*]|\d{1,3}[.)])\s+/;

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
    const run = runFrom(lines, at, kindOf(line));
    html += block(kindOf(line), run, names);
    at += run.length;
  }
  return html;
}

type Kind = 'quote' | 'ul' | 'ol' | 'blank' | 'p';

function kindOf(line: string): Kind {
  if (/^>\s?/.test(line)) return 'quote';
  if (listMark.test(line)) return /^\d/.test(line) ? 'ol' : 'ul';
  return line.trim() === '' ? 'blank' : 'p';
}

function runFrom(lines: readonly string[], at: number, kind: Kind): readonly string[] {
  const end = lines.findIndex((line, n) => n > at && (kindOf(line) !== kind || line.startsWith('```')));
  return lines.slice(at, end < 0 ? lines.length : end);
}

function block(kind: Kind, lines: readonly string[], names: Names | undefined): string {
  const shown = (line: string): string => inline(line, names);
  switch (kind) {
    case 'quote':
      return `<blockquote>${lines.map((line) => shown(line.replace(/^>\s?/, ''))).join('<br>')}</blockquote>`;
    case 'ul':
    case 'ol':
      return `<${kind}>${lines.map((line) => `<li>${shown(line.replace(listMark, ''))}</li>`).join('')}</${kind}>`;
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
