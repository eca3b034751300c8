import type { ReactNode } from 'react';
import { WhoStamp } from '../kit/WhoStamp';
import { clock, exact } from '../lang/dates';
import { rich, useSay } from '../lang/useSay';
import type { MessageFile } from '../state/file';
import type { Person } from '../state/person';
import type { Happening, Message, TimelineItem } from '../state/timeline';
import { OwnState } from './OwnState';
import look from './Row.module.css';

interface Props {
  item: TimelineItem;
  /** Whether it goes on where the row above left off. */
  follows: boolean;
  onRetry: (key: string) => void;
  onDiscard: (key: string) => void;
  /** Draws the file of a message. */
  drawFile: (file: MessageFile) => ReactNode;
}

const unreadable = { noKey: 'timeline.noKey', before: 'timeline.before', beforeJoin: 'timeline.beforeJoin', withheld: 'timeline.withheldKey' } as const;

/** One thing in the timeline. */
export function Row({ item, follows, onRetry, onDiscard, drawFile }: Props) {
  const say = useSay();
  switch (item.is) {
    case 'happening':
      return <p className={look['happening']}>{happened(say, item)}</p>;
    case 'message':
      return item.mine ? (
        <Own item={item} onRetry={onRetry} onDiscard={onDiscard} drawFile={drawFile} />
      ) : (
        <Theirs item={item} follows={follows}>
          <Body item={item} drawFile={drawFile} />
        </Theirs>
      );
    default: {
      const words =
        item.is === 'opening'
          ? ''
          : say(item.is === 'deleted' ? 'timeline.deleted' : item.is === 'unsupported' ? 'timeline.unsupported' : unreadable[item.why]);
      const body = <p className={item.is === 'opening' ? look['opening'] : look['faint']}>{words}</p>;
      return item.mine ? (
        <article className={look['mine']}>{body}</article>
      ) : (
        <Theirs item={item} follows={follows}>
          {body}
        </Theirs>
      );
    }
  }
}

function Theirs({ item, follows, children }: { item: TimelineItem; follows: boolean; children: ReactNode }) {
  if (follows) return <article className={`${look['theirs'] ?? ''} ${look['more'] ?? ''}`}>{children}</article>;
  const { sender } = item;
  return (
    <article className={look['theirs']}>
      <WhoStamp id={sender.id} name={sender.name} lang={sender.lang} />
      <header>
        <Name of={sender} />
        <Time at={item.at} />
      </header>
      {children}
    </article>
  );
}

function Own({ item, onRetry, onDiscard, drawFile }: Omit<Props, 'item' | 'follows'> & { item: Message }) {
  const stopped = item.state?.is === 'stopped';
  return (
    <article className={`${look['mine'] ?? ''} ${item.state?.is === 'saved' ? '' : (look['held'] ?? '')}`}>
      <Body item={item} drawFile={drawFile} />
      <footer>
        {item.state && (
          <OwnState state={item.state} onRetry={stopped ? () => onRetry(item.key) : undefined} onDiscard={stopped ? () => onDiscard(item.key) : undefined} />
        )}
        <Time at={item.at} />
      </footer>
    </article>
  );
}

function Body({ item, drawFile }: { item: Message; drawFile: Props['drawFile'] }) {
  if (item.file === undefined) return <Words item={item} />;
  return (
    <div className={look['file']}>
      {drawFile(item.file)}
      {item.body !== '' && <Words item={item} />}
    </div>
  );
}

function Words({ item }: { item: Message }) {
  const say = useSay();
  return (
    <p className={look['words']} lang={item.lang} dir="auto">
      {item.body}
      {item.edited && <span className="meta"> {say('timeline.edited')}</span>}
    </p>
  );
}

function Name({ of }: { of: Person }) {
  return (
    <b lang={of.lang} title={of.id}>
      {of.name}
    </b>
  );
}

function Time({ at }: { at: number }) {
  return (
    <time className="meta" dateTime={new Date(at).toISOString()} title={exact(at)}>
      {clock(at)}
    </time>
  );
}

function happened(say: ReturnType<typeof useSay>, { say: { id, args } }: Happening): ReactNode {
  const shown = Object.fromEntries(
    Object.entries(args).map(([name, value]: [string, Person | string]) => [
      name,
      typeof value === 'string' ? value : <span lang={value.lang}>{value.name}</span>,
    ]),
  );
  // Which arguments the sentence has, the type of Happening has seen to.
  return rich(say, id, shown as never);
}
