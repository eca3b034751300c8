import type { ReactNode } from 'react';
import { Tag } from '../kit/Tag';
import { WhoStamp } from '../kit/WhoStamp';
import { clock, exact } from '../lang/dates';
import { languageOf } from '../lang/script';
import { unreadableSays } from '../lang/unreadable';
import { rich, useSay } from '../lang/useSay';
import type { MessageFile } from '../state/file';
import type { Delivery } from '../state/delivery';
import type { Person } from '../state/person';
import type { Reader } from '../state/readers';
import type { Happening, Message, TimelineItem } from '../state/timeline';
import type { Acts } from './acts';
import { Doubtful } from './Doubtful';
import { Missing } from './Missing';
import { OwnState } from './OwnState';
import { Quoted } from './Quoted';
import { Reactions } from './Reactions';
import { RowMenu } from './RowMenu';
import { ThreadLine } from './ThreadLine';
import look from './Row.module.css';
import { Words } from './Words';

interface Props {
  item: TimelineItem;
  /** Whether it goes on where the row above left off. */
  follows: boolean;
  acts: Acts;
  mayWrite: boolean;
  /** Draws the file of a message. */
  drawFile: (file: MessageFile) => ReactNode;
  /** Who is known to have read it, and how many others there are: of one's own messages. */
  readers?: readonly Reader[] | undefined;
  others?: number;
  /** Whose devices are known to have it: of one's own messages. */
  delivery?: Delivery | undefined;
}

/** One thing in the timeline. */
export function Row({ item, follows, acts, mayWrite, drawFile, readers, others = 0, delivery }: Props) {
  const say = useSay();
  switch (item.is) {
    case 'happening':
      return <p className={look['happening']}>{happened(say, item)}</p>;
    case 'gap':
      return <Missing item={item} acts={acts.missing} />;
    case 'message':
      return item.mine ? (
        <Own item={item} acts={acts} mayWrite={mayWrite} drawFile={drawFile} readers={readers} others={others} delivery={delivery} />
      ) : (
        <Theirs item={item} follows={follows}>
          <div className={look['said']} data-said>
            {item.quote && <Quoted quote={item.quote} onJump={acts.jump} />}
            <Body item={item} drawFile={drawFile} />
            <Doubtful doubt={item.doubt} />
            <Reactions item={item} acts={acts} mayWrite={mayWrite} />
            <ThreadLine thread={item.thread} acts={acts} />
          </div>
          <RowMenu item={item} acts={acts} mayWrite={mayWrite} />
        </Theirs>
      );
    default: {
      const words =
        item.is === 'opening'
          ? ''
          : say(item.is === 'deleted' ? 'timeline.deleted' : item.is === 'unsupported' ? 'timeline.unsupported' : unreadableSays[item.why]);
      const body = (
        <>
          <p className={item.is === 'opening' ? look['opening'] : look['faint']} data-said>
            {words}
          </p>
          {item.is === 'deleted' && <ThreadLine thread={item.thread} acts={acts} />}
        </>
      );
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
  const say = useSay();
  if (follows) return <article className={`${look['theirs'] ?? ''} ${look['more'] ?? ''}`}>{children}</article>;
  const { sender } = item;
  return (
    <article className={look['theirs']}>
      <WhoStamp id={sender.id} name={sender.name} lang={sender.lang} />
      <header>
        <Name of={sender} />
        {sender.bot && <Tag>{say('people.bot')}</Tag>}
        <Time at={item.at} />
      </header>
      {children}
    </article>
  );
}

function Own({ item, acts, mayWrite, drawFile, readers, others = 0, delivery }: Omit<Props, 'item' | 'follows'> & { item: Message }) {
  const stopped = item.state?.is === 'stopped';
  const tooLong = item.state?.is === 'stopped' && item.state.fault.id === 'fault.tooLarge' && item.file === undefined;
  return (
    <article className={`${look['mine'] ?? ''} ${item.state?.is === 'saved' ? '' : (look['held'] ?? '')}`}>
      <div className={look['bubble']} data-said>
        {item.quote && <Quoted quote={item.quote} onJump={acts.jump} />}
        <Body item={item} drawFile={drawFile} />
      </div>
      <Reactions item={item} acts={acts} mayWrite={mayWrite} />
      <ThreadLine thread={item.thread} acts={acts} />
      <footer>
        <Doubtful doubt={item.doubt} />
        {item.state && (
          <OwnState
            state={item.state}
            readers={readers}
            others={others}
            delivery={delivery}
            at={item.place?.at ?? item.at}
            onRetry={stopped && !tooLong ? () => acts.retry(item.outKey) : undefined}
            onRewrite={tooLong ? () => acts.rewrite(item) : undefined}
            onDiscard={stopped ? () => acts.discard(item.outKey) : undefined}
          />
        )}
        <Time at={item.at} />
      </footer>
      <RowMenu item={item} acts={acts} mayWrite={mayWrite} />
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
      typeof value === 'string' ? <span lang={languageOf(value)}>{value}</span> : <span lang={value.lang}>{value.name}</span>,
    ]),
  );
  // Which arguments the sentence has, the type of Happening has seen to.
  return rich(say, id, shown as never);
}
