import { createElement, Fragment, useMemo, type ReactNode } from 'react';
import { useSay } from '../lang/useSay';
import { everybody, type Mentions } from '../state/mentions';
import { straight } from '../state/oneline';
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
    ...pieces.map((piece) => shown(piece, item.mentions)),
    edited,
  );
}

// The pieces never change their order, so they need no keys of their own.
function shown(piece: Rich, named: Mentions | undefined): ReactNode {
  if (typeof piece === 'string') return named?.all === true ? everybodyIn(straight(piece)) : straight(piece);
  const inside = piece.inside.map((one) => shown(one, named));
  if (piece.tag === 'mention') return <Named id={piece.id} named={named} words={inside} />;
  if (!('href' in piece)) return createElement(piece.tag, 'start' in piece ? { start: piece.start } : null, ...inside);
  return (
    <>
      {/* With a direction of its own, what stands before it does not turn what it says round. */}
      {createElement('a', { href: piece.href, target: '_blank', rel: 'noopener noreferrer', title: piece.href, dir: 'auto' }, ...inside)}
      {piece.host !== undefined && (
        <>
          {' '}
          <span className={look['host']} dir="ltr">
            [{piece.host}]
          </span>
        </>
      )}
    </>
  );
}

// The name that is shown is the one that the person has here. Somebody whom the message only seems to name is told apart.
function Named({ id, named, words }: { id: string; named: Mentions | undefined; words: ReactNode[] }) {
  const who = named?.people.find((one) => one.id === id);
  if (who === undefined) {
    return (
      <>
        {createElement('span', null, ...words)}
        {' '}
        <span className={look['host']}>[{id}]</span>
      </>
    );
  }
  return (
    <span className={who.me ? `${look['named'] ?? ''} ${look['me'] ?? ''}` : look['named']} lang={who.lang} title={id} data-mention={id}>
      @{who.name}
    </span>
  );
}

function everybodyIn(text: string): ReactNode {
  const pieces = text.split(everybody).flatMap((piece, n) => (n === 0 ? [piece] : [<span className={`${look['named'] ?? ''} ${look['me'] ?? ''}`}>{everybody}</span>, piece]));
  return createElement(Fragment, null, ...pieces);
}
