import { rich, useSay } from '../lang/useSay';
import type { OwnActs } from '../state/ownacts';
import { hrefOf } from '../state/route';
import { usePart, useStore } from '../state/useStore';
import type { Warrants } from '../state/warrants';
import { When } from './Parts';
import look from './warrants.module.css';

interface Props {
  warrants: Pick<Warrants, 'snapshot' | 'subscribe'>;
  own: Pick<OwnActs, 'snapshot' | 'subscribe'>;
}

/**
 * Above the rooms: that one cannot write, and until when; that something was decided about one that one has not looked at; or what this device finds in the
 * public record, and the server does not tell.
 */
export function DecidedNews({ warrants, own }: Props) {
  const say = useSay();
  const until = usePart(warrants, ({ suspendedUntil }) => suspendedUntil);
  const unseen = usePart(warrants, (view) => view.unseen);
  const { hidden, unexplained } = useStore(own);
  return (
    <>
      {(until !== undefined || unseen) && (
        <section className={look['news']} role="alert" aria-label={say('decided.title')}>
          <span>
            <b>{until === undefined ? say('decided.new') : rich(say, 'decided.suspended', { when: <When at={until} /> })}</b> <a href={hrefOf({ at: 'decided' })}>{say('decided.suspended.why')}</a>
          </span>
        </section>
      )}
      {unexplained && (
        <section className={look['news']} role="alert" aria-label={say('decided.unexplained')}>
          <span>
            <b>{say('decided.unexplained')}</b> {say('decided.unexplained.text')}
          </span>
        </section>
      )}
      {hidden.length > 0 && (
        <section className={look['news']} role="alert" aria-label={say('decided.hidden', { n: hidden.length })}>
          <span>
            <b>{say('decided.hidden', { n: hidden.length })}</b> {say('decided.hidden.text', { numbers: hidden.join(', ') })} <a href={hrefOf({ at: 'record' })}>{say('decided.hidden.look')}</a>
          </span>
        </section>
      )}
    </>
  );
}
