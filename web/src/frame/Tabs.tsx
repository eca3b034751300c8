import { Count } from '../kit/Count';
import { Dot } from '../kit/Dot';
import { Icon } from '../kit/Icon';
import { IconCase, IconPerson, IconRecord, IconRooms, IconSign } from '../kit/icons';
import { useSay } from '../lang/useSay';
import { hrefOf, route } from '../state/route';
import { useStore } from '../state/useStore';
import look from './Tabs.module.css';

/** The words at the bottom of a telephone: where one may go. news: something changed in a case that one has not seen; desk: how many warrants wait for this officer. */
export function Tabs({ unread, news, desk }: { unread: number; news: boolean; desk: number | undefined }) {
  const say = useSay();
  const { at } = useStore(route);
  return (
    <nav className={look['tabs']} aria-label={say('shell.places')}>
      <a href={hrefOf({ at: 'rooms' })} aria-current={at === 'rooms' || at === 'room' ? 'page' : undefined}>
        <Icon of={IconRooms} />
        <span>{say('rooms.title')}</span>
        <Count n={unread} words={say('rooms.unread', { n: unread })} />
      </a>
      <a href={hrefOf({ at: 'cases' })} aria-current={at === 'cases' ? 'page' : undefined}>
        <Icon of={IconCase} />
        <span>{say('cases.title')}</span>
        {news && <Dot words={say('cases.unseen')} />}
      </a>
      <a href={hrefOf({ at: 'record' })} aria-current={at === 'record' ? 'page' : undefined}>
        <Icon of={IconRecord} />
        <span>{say('record.title')}</span>
      </a>
      {desk !== undefined && (
        <a href={hrefOf({ at: 'desk' })} aria-current={at === 'desk' ? 'page' : undefined}>
          <Icon of={IconSign} />
          <span>{say('desk.short')}</span>
          <Count n={desk} words={say('desk.count', { n: desk })} />
        </a>
      )}
      <a href={hrefOf({ at: 'settings', section: 'profile' })} aria-current={at === 'settings' ? 'page' : undefined}>
        <Icon of={IconPerson} />
        <span>{say('shell.me')}</span>
      </a>
    </nav>
  );
}
