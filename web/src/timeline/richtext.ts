// From the HTML that somebody sent to what may stand in a timeline. The HTML is read in an inert document, where
// nothing is fetched or run, and only what is listed here is taken over; attributes are not, but a link's target and the
// number that a list begins with.
//
// Spec: client-server API, m.room.message msgtypes, HTML in messages.

import { personOfPill } from '../state/mentions';
import { hostBeside, parsed } from './host';

/** A piece of text, or an element with pieces inside. */
export type Rich = string | { readonly tag: Tag; readonly inside: readonly Rich[] } | Numbered | Link | Naming;
/** Somebody named, by user id. The words inside are the sender's and may be anybody's name. */
export interface Naming {
  readonly tag: 'mention';
  readonly id: string;
  readonly inside: readonly Rich[];
}
/** A list that does not begin with 1. */
export interface Numbered {
  readonly tag: 'ol';
  readonly start: number;
  readonly inside: readonly Rich[];
}
export interface Link {
  readonly tag: 'a';
  readonly href: string;
  /** The host it really leads to, where its words do not say so, or could be taken for another. */
  readonly host: string | undefined;
  readonly inside: readonly Rich[];
}
type Tag = 'p' | 'br' | 'strong' | 'em' | 'del' | 'code' | 'pre' | 'blockquote' | 'ul' | 'ol' | 'li' | 'hr';

const tags: Readonly<Partial<Record<string, Tag>>> = {
  P: 'p', BR: 'br', STRONG: 'strong', B: 'strong', EM: 'em', I: 'em', DEL: 'del', S: 'del', STRIKE: 'del', CODE: 'code', PRE: 'pre',
  BLOCKQUOTE: 'blockquote', UL: 'ul', OL: 'ol', LI: 'li', HR: 'hr', DIV: 'p', H1: 'p', H2: 'p', H3: 'p', H4: 'p', H5: 'p', H6: 'p',
  TR: 'p', CAPTION: 'p', SUMMARY: 'p', DT: 'p', DD: 'p',
};
/** Of these not even the text is shown. */
const dropped = /^(?:MX-REPLY|SCRIPT|STYLE|TEMPLATE|NOSCRIPT|IFRAME|OBJECT|EMBED|SVG|MATH|TITLE|TEXTAREA|SELECT|AUDIO|VIDEO)$/;
const deepest = 40;
const blocks: readonly string[] = ['p', 'pre', 'blockquote', 'ul', 'ol', 'hr'];

/** What may be shown of HTML. */
export function fromHtml(html: string): readonly Rich[] {
  const inert = new DOMParser().parseFromString(html, 'text/html');
  return inside(inert.body, deepest, false);
}

/** A text in which addresses have become links. */
export function fromText(text: string): readonly Rich[] {
  return text.split(/(https?:\/\/[^\s<>"'，。、；：！？（）「」『』【】《》]+)/).flatMap((piece, n) => {
    if (n % 2 === 0) return piece === '' ? [] : [piece];
    const address = piece.replace(/[.,;:!?)\]}]+$/, '');
    const link = linkOrName(address, [address]);
    const rest = piece.slice(address.length);
    return [link, rest].flat().filter((one) => one !== '');
  });
}

/** Whether pieces hold a block, which cannot stand inside a paragraph. */
export function hasBlocks(pieces: readonly Rich[]): boolean {
  return pieces.some((piece) => typeof piece !== 'string' && (blocks.includes(piece.tag) || hasBlocks(piece.inside)));
}

function inside(node: Node, depth: number, plain: boolean): Rich[] {
  if (depth === 0) return [];
  return [...node.childNodes].flatMap((child): readonly Rich[] => {
    if (child.nodeType === Node.TEXT_NODE) return plain ? [child.nodeValue ?? ''] : fromText(child.nodeValue ?? '');
    if (!(child.nodeType === Node.ELEMENT_NODE)) return [];
    const element = child as Element;
    const name = element.tagName.toUpperCase();
    if (dropped.test(name)) return [];
    if (name === 'IMG') return [element.getAttribute('alt') ?? ''];
    const own = inside(element, depth - 1, plain || name === 'A' || name === 'CODE' || name === 'PRE');
    if (name === 'A') return plain ? own : [linkOrName(element.getAttribute('href') ?? '', own)].flat();
    const start = name === 'OL' ? (element.getAttribute('start') ?? '') : '';
    if (/^-?\d{1,6}$/.test(start) && Number(start) !== 1) return [{ tag: 'ol', start: Number(start), inside: own }];
    // A table is shown row by row, its cells apart.
    if (name === 'TD' || name === 'TH') return element.previousElementSibling === null ? own : [' | ', ...own];
    const tag = tags[name];
    return tag === undefined ? own : [{ tag, inside: tag === 'br' || tag === 'hr' ? [] : own }];
  });
}

// An address at matrix.to stands for a person or a room, and the page there is nobody's here: it is never opened.
function linkOrName(target: string, words: readonly Rich[]): Rich | readonly Rich[] {
  const id = personOfPill(target.trim());
  if (id !== undefined) return { tag: 'mention', id, inside: words };
  if (parsed(target.trim())?.hostname === 'matrix.to') return words;
  return linkTo(target, words) ?? words;
}

/** A link, or undefined where the target is none that may be opened. */
function linkTo(target: string, words: readonly Rich[]): Link | undefined {
  const url = parsed(target.trim());
  if (url === undefined || !['http:', 'https:', 'mailto:'].includes(url.protocol)) return undefined;
  return { tag: 'a', href: url.href, host: hostBeside(target, plainOf(words), url), inside: words };
}

function plainOf(pieces: readonly Rich[]): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : plainOf(piece.inside))).join('');
}
