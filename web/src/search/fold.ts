// Folding makes texts comparable that a person takes for the same: full and half width, small and capital letters,
// letters with and without accents, katakana and hiragana, 繁 and 简 and the Japanese forms of the same characters.
// Text and query are folded alike, and then compared character by character.

import shinjitai from 'opencc-js/dict/JPShinjitaiCharacters';
import simplified from 'opencc-js/dict/TSCharacters';

/** What a code unit of a folded text is, for telling where words begin. */
const other = 1;
/** A letter or digit of a script that puts spaces between words. */
const spaced = 2;
/** A character of a script that does not: Han, kana, Thai and their like. */
const unspaced = 3;
/** Joins the character before it. */
const mark = 4;
const space = 5;
/** Has no width and no meaning of its own. */
const nothing = 6;

const unspacedScript = /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Bopo}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}ー々〆]/u;
const kinds = new Uint8Array(0x10000);
const units = new Uint16Array(0x10000);
const manyUnits = 0xffff;

function kindOf(unit: number): number {
  return kinds[unit] || (kinds[unit] = judge(unit));
}

function judge(unit: number): number {
  // Planes 2 and 3 are Han, plane 14 chooses among their shapes; the rest outside of the first plane is taken for signs.
  if (unit === 0xdb40) return nothing;
  if (unit >= 0xd800 && unit <= 0xdfff) return unit >= 0xd840 && unit < 0xd8c0 ? unspaced : other;
  if (unit >= 0xfe00 && unit <= 0xfe0f) return nothing; // chooses among shapes of the character before
  const character = String.fromCharCode(unit);
  if (/^[\p{M}\uff9e\uff9f]/u.test(character)) return mark;
  if (/^[\s\p{Cc}]/u.test(character)) return space;
  if (/^\p{Cf}/u.test(character)) return nothing;
  if (unspacedScript.test(character)) return unspaced;
  return /^[\p{L}\p{N}]/u.test(character) ? spaced : other;
}

// Letters that Unicode does not take apart.
const letters: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ß: 'ss', ı: 'i', ς: 'σ' };
const han = table(simplified, table(shinjitai));

function table(dictionary: string, over: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const own = new Map(dictionary.split('|').map((line) => line.split(' ') as [string, string]));
  const all = new Map(own);
  for (const [from, to] of over) all.set(from, own.get(to) ?? to);
  return all;
}

/** One character, with the marks that join it, as it is compared. */
function foldCharacter(character: string): string {
  let out = '';
  let accented = false; // whether the letter before may lose its marks
  for (const composed of character.normalize('NFKC').toLowerCase()) {
    for (const c of /[\p{sc=Latin}\p{sc=Greek}]/u.test(composed) ? composed.normalize('NFD') : composed) {
      const code = c.charCodeAt(0);
      if (kindOf(code) === mark) {
        if (!accented) out += c;
        continue;
      }
      accented = /[\p{sc=Latin}\p{sc=Greek}]/u.test(c);
      const katakana = (code >= 0x30a1 && code <= 0x30f6) || code === 0x30fd || code === 0x30fe;
      out += katakana ? String.fromCharCode(code - 0x60) : (han.get(c) ?? letters[c] ?? c);
    }
  }
  return out;
}

function foldUnit(unit: number): number {
  const folded = foldCharacter(String.fromCharCode(unit));
  return (units[unit] = folded.length === 1 ? folded.charCodeAt(0) : manyUnits);
}

/** Folded texts one behind the other, each ended by a NUL, which no folded text contains. */
export class Folder {
  #out = new Uint16Array(1 << 12);
  #length = 0;
  #from: number[] | undefined;
  #at = 0;

  get length(): number {
    return this.#length;
  }

  add(text: string): void {
    this.#fold(text);
    this.#put(0);
  }

  text(): string {
    return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(this.#out.subarray(0, this.#length));
  }

  /** One text folded, and for each of its code units, and for its end, where in the text it came from. */
  static map(text: string): { folded: string; from: readonly number[] } {
    const folder = new Folder();
    const from: number[] = (folder.#from = []);
    folder.#fold(text);
    from.push(text.length);
    return { folded: folder.text(), from };
  }

  #put(unit: number): void {
    if (this.#length === this.#out.length) {
      const larger = new Uint16Array(this.#length * 2);
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#length++] = unit;
    this.#from?.push(this.#at);
  }

  #fold(text: string): void {
    // People write 'PDF 文件' and 'PDF文件': a space between scripts that do and do not use spaces says nothing.
    let before = space;
    let due = false;
    for (let i = 0, next; i < text.length; i = next) {
      const unit = text.charCodeAt(i);
      const kind = kindOf(unit);
      next = i + (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length ? 2 : 1);
      if (kind === space) due = true;
      if (kind === space || kind === nothing) continue;
      while (next < text.length && text.charCodeAt(next) >= 0x300 && kindOf(text.charCodeAt(next)) === mark) next++;
      const single = next === i + 1 ? units[unit] || foldUnit(unit) : manyUnits;
      const folded = single === manyUnits ? foldCharacter(text.slice(i, next)) : '';
      const first = single === manyUnits ? folded.charCodeAt(0) : single;
      if (Number.isNaN(first)) continue;
      this.#at = i;
      const after = kindOf(first);
      const idle = (before === spaced && after === unspaced) || (before === unspaced && after === spaced);
      if (due && before !== space && !idle) this.#put(0x20);
      this.#put(first);
      for (let j = 1; j < folded.length; j++) this.#put(folded.charCodeAt(j));
      due = false;
      before = kindOf(folded === '' ? first : folded.charCodeAt(folded.length - 1));
    }
  }
}

/** What somebody looks for: terms that must all be there. */
export interface Term {
  readonly text: string;
  /** Whether it must begin where a word begins. A term of a script without spaces may stand anywhere. */
  readonly atWord: boolean;
}

/** The terms of a query, the longest first: it is likely to be the rarest. */
export function termsOf(query: string): Term[] {
  const texts = new Set(query.split(/\s+/u).map((part) => Folder.map(part).folded));
  texts.delete('');
  return [...texts].sort((a, b) => b.length - a.length).map((text) => ({ text, atWord: kindOf(text.charCodeAt(0)) === spaced }));
}

/** Where term first stands in folded, at or after from; -1 if nowhere. */
export function find(folded: string, term: Term, from: number): number {
  let at = folded.indexOf(term.text, from);
  while (term.atWord && at > 0 && kindOf(folded.charCodeAt(at - 1)) === spaced) at = folded.indexOf(term.text, at + 1);
  return at;
}
