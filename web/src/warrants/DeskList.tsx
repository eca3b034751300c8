import { Button } from '../kit/Button';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { useSay } from '../lang/useSay';
import { hrefOf, type Asking } from '../state/route';
import { useStore } from '../state/useStore';
import type { ShownWarrant, Warrants } from '../state/warrants';
import { AskButtons } from './OnTheDesk';
import { Refused } from './Parts';
import { Progress, titleOf } from './Title';
import look from './warrants.module.css';

interface Props {
  warrants: Pick<Warrants, 'snapshot' | 'subscribe' | 'look' | 'more'>;
  /** The one on the page beside. */
  open: string | undefined;
  /** Whether what is on the page has the first heading. */
  first: boolean;
  me: string;
  onAsk: (ask: Asking) => void;
}

/** What waits for this officer, what waits for others, and what was decided. */
export function DeskList({ warrants, open, first, me, onAsk }: Props) {
  const say = useSay();
  const { list, more, fault, power } = useStore(warrants);
  const [Title, Part] = first ? (['h2', 'h3'] as const) : (['h1', 'h2'] as const);
  const parts = [
    { title: say('desk.waits'), of: list?.filter(({ state, mine }) => state === 'open' && mine === 'open') ?? [] },
    { title: say('desk.others'), of: list?.filter(({ state, mine }) => state === 'open' && mine !== 'open') ?? [] },
    { title: say('desk.decided'), of: list?.filter(({ state }) => state !== 'open') ?? [] },
  ];
  return (
    <nav className={look['list']} aria-label={say('desk.title')}>
      <Title>{say('desk.title')}</Title>
      {fault && (
        <div className={look['pad']}>
          <Say kind="stop" icon={IconWithheld} title={say('decided.failed')} live>
            <p>
              <Refused fault={fault} />
            </p>
            <Button onClick={() => void warrants.look()}>{say('signin.failed.again')}</Button>
          </Say>
        </div>
      )}
      {list === undefined && fault === undefined && <p className="sub">{say('decided.loading')}</p>}
      {list?.length === 0 && <p className="sub">{say('desk.none')}</p>}
      {parts.map(
        ({ title, of }) =>
          of.length > 0 && (
            <section key={title}>
              <Part>{title}</Part>
              <ul>
                {of.map((one) => (
                  <li key={one.hash}>
                    <Entry one={one} open={one.hash === open} me={me} />
                  </li>
                ))}
              </ul>
            </section>
          ),
      )}
      {more && (
        <div className={look['pad']}>
          <Button onClick={() => void warrants.more()}>{say('desk.older')}</Button>
        </div>
      )}
      {power?.own !== undefined && (
        <section>
          <Part>{say('desk.ask')}</Part>
          <div className={`stack ${look['pad'] ?? ''}`}>
            <AskButtons onAsk={onAsk} />
          </div>
        </section>
      )}
    </nav>
  );
}

function Entry({ one, open, me }: { one: ShownWarrant; open: boolean; me: string }) {
  const say = useSay();
  return (
    <a href={hrefOf({ at: 'desk', hash: one.hash })} aria-current={open ? 'page' : undefined}>
      <b>{titleOf(say, one, me)}</b>
      <span className="meta">{say('warrant.number', { short: one.short })}</span>
      <Progress of={one} />
    </a>
  );
}
