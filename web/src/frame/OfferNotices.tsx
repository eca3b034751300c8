import { Button } from '../kit/Button';
import { useSay } from '../lang/useSay';
import { notifying } from '../state/notifying';
import { useStore } from '../state/useStore';
import look from './Notices.module.css';

/** Offers notifications, once: the browser itself is asked only by the person's own act. */
export function OfferNotices() {
  const say = useSay();
  const { browser, answered } = useStore(notifying);
  if (browser !== 'unasked' || answered) return null;
  return (
    <section className={look['notice']} aria-label={say('settings.notifications')}>
      <span>{say('notify.offer')}</span>
      <span className="row">
        <Button onClick={() => void notifying.turnOn()}>{say('notify.turnOn')}</Button>
        <Button kind="quiet" onClick={notifying.notNow}>
          {say('notify.notNow')}
        </Button>
      </span>
    </section>
  );
}
