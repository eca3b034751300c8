// What one can do with the words that are chosen in a text field, in the marks that state/markdown.ts reads. Pure.

/** The marks that are understood. */
export const marks = ['bold', 'code', 'lines', 'list', 'numbers', 'quote', 'link'] as const;
export type Mark = (typeof marks)[number];

/** A text, and what of it is chosen. */
export interface Chosen {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** Marks what is chosen. Where nothing is, the caret then stands where the words go. */
export function withMark({ text, from, to }: Chosen, mark: Mark): Chosen {
  switch (mark) {
    case 'bold':
      return around({ text, from, to }, '**', '**');
    case 'code':
      return around({ text, from, to }, '`', '`');
    case 'link':
      return around({ text, from, to }, '[', '](https://)');
    case 'lines':
      return around({ text, from, to }, `${from > 0 && text[from - 1] !== '\n' ? '\n' : ''}\`\`\`\n`, `\n\`\`\`${to < text.length && text[to] !== '\n' ? '\n' : ''}`);
    case 'list':
      return before({ text, from, to }, () => '- ');
    case 'numbers':
      return before({ text, from, to }, (n) => `${n + 1}. `);
    case 'quote':
      return before({ text, from, to }, () => '> ');
  }
}

function around({ text, from, to }: Chosen, open: string, close: string): Chosen {
  return { text: text.slice(0, from) + open + text.slice(from, to) + close + text.slice(to), from: from + open.length, to: to + open.length };
}

/** Puts something before each line of which something is chosen. */
function before({ text, from, to }: Chosen, put: (n: number) => string): Chosen {
  const start = text.lastIndexOf('\n', from - 1) + 1;
  const end = text.indexOf('\n', to) < 0 ? text.length : text.indexOf('\n', to);
  const lines = text.slice(start, end).split('\n').map((line, n) => put(n) + line);
  const now = lines.join('\n');
  const caret = start + now.length;
  return { text: text.slice(0, start) + now + text.slice(end), from: from === to ? caret : start, to: caret };
}
