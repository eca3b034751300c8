import { rich, useSay } from '../lang/useSay';
import { hrefOf } from '../state/route';
import { usePart } from '../state/useStore';
import type { Warrants } from '../state/warrants';
import { When } from './Parts';
import look from './warrants.module.css';

/** Above the rooms: that one cannot write, and until when; or that something was decided about one that one has not looked at. */
export function DecidedNews({ warrants }: { warrants: Pick<Warrants, 'snapshot' | 'subscribe'> }) {
  const say = useSay();
  const until = usePart(warrants, ({ suspendedUntil }) => suspendedUntil);
  const unseen = usePart(warrants, (view) => view.unseen);
  if (until === undefined && !unseen) return null;
  return (
    <section className={look['news']} role="alert" aria-label={say('decided.title')}>
      <span>
        <b>{until === undefined ? say('decided.new') : rich(say, 'decided.suspended', { when: <When at={until} /> })}</b> <a href={hrefOf({ at: 'decided' })}>{say('decided.suspended.why')}</a>
      </span>
    </section>
  );
}
