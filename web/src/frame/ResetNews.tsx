import { Button } from '../kit/Button';
import { date } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import type { Resets } from '../state/resets';
import { hrefOf } from '../state/route';
import { useStore } from '../state/useStore';
import look from './Notices.module.css';

/** Says that the password was reset by mail, on every device, until it was read there. */
export function ResetNews({ resets }: { resets: Pick<Resets, 'snapshot' | 'subscribe' | 'seen'> }) {
  const say = useSay();
  const today = useStore(now);
  const day = useStore(resets);
  if (day === undefined) return null;
  return (
    <section className={look['notice']} aria-label={say('mail.news')} role="alert">
      <span>
        <b>{say('mail.news.title', { day: date(day.getTime() / 86_400_000, today) })}</b> {say('mail.news.text')} <a href={hrefOf({ at: 'settings', section: 'devices' })}>{say('settings.devices')}</a>
      </span>
      <Button onClick={resets.seen}>{say('mail.news.read')}</Button>
    </section>
  );
}
