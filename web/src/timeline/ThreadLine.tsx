import { Count } from '../kit/Count';
import { Icon } from '../kit/Icon';
import { IconThread } from '../kit/icons';
import { answersAndLast } from '../lang/answersAndLast';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import type { ThreadSummary } from '../state/threads';
import { useStore } from '../state/useStore';
import type { Acts } from './acts';
import look from './ThreadLine.module.css';

/** The thread that begins with a message, in a line: how many answers, the last one, and what is unread. Pressed, it opens. */
export function ThreadLine({ thread, acts }: { thread: ThreadSummary | undefined; acts: Acts }) {
  const say = useSay();
  const time = useStore(now);
  const href = thread && acts.threadHref?.(thread.root);
  if (thread === undefined || href === undefined) return null;
  const { unread, mentioned } = thread;
  return (
    <a className={unread > 0 ? `${look['line'] ?? ''} ${look['new'] ?? ''}` : look['line']} href={href} data-thread={thread.root}>
      <Icon of={IconThread} />
      <span>{answersAndLast(say, thread, time)}</span>
      {mentioned && (
        <b className={look['at']}>
          <span aria-hidden="true">@</span>
          <span className="unseen">{say('rooms.mentioned')}</span>
        </b>
      )}
      <Count n={unread} words={say('rooms.unread', { n: unread })} />
    </a>
  );
}
