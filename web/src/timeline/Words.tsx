import { createElement, useMemo, type ReactNode } from 'react';
import { useSay } from '../lang/useSay';
import type { Message } from '../state/timeline';
import { fromHtml, fromText, hasBlocks, type Rich } from './richtext';
import look from './Words.module.css';

/** The text of a message, with the marks its author gave it. */
export function Words({ item }: { item: Message }) {
  const say = useSay();
  const pieces = useMemo(() => (item.html === undefined ? fromText(item.body) : fromHtml(item.html)), [item.html, item.body]);
  const blocks = hasBlocks(pieces);
  const edited = item.edited && <span className="meta"> {say('timeline.edited')}</span>;
  return createElement(
    blocks ? 'div' : 'p',
    { className: blocks ? look['blocks'] : look['words'], lang: item.lang, dir: 'auto' },
    ...pieces.map(shown),
    edited,
  );
}

// The pieces never change their order, so they need no keys of their own.
function shown(piece: Rich): ReactNode {
  if (typeof piece === 'string') return piece;
  const inside = piece.inside.map(shown);
  if (!('href' in piece)) return createElement(piece.tag, null, ...inside);
  return (
    <>
      {createElement('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer', title: piece.href }, ...inside)}
      {piece.host !== undefined && <span className={look['host']}> [{piece.host}]</span>}
    </>
  );
}
