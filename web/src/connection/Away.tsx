import { Button } from '../kit/Button';
import { IconConnected, IconOffline } from '../kit/icons';
import { Say } from '../kit/Say';
import { clock } from '../lang/dates';
import { useSay } from '../lang/useSay';
import type { ConnectionState } from '../state/connection';
import look from './Away.module.css';

/** Says, above the place to write, that the server is not reached, since when, and what becomes of what is written. */
export function Away({ connection, onTry }: { connection: ConnectionState; onTry: () => void }) {
  const say = useSay();
  const { is, since } = connection;
  if (is === 'connected' || is === 'connecting') return null;
  if (is === 'reconnecting') {
    return (
      <Say kind="ink" icon={IconConnected} title={say('connection.reconnecting.title')} live>
        {say('connection.reconnecting.text')}
      </Say>
    );
  }
  return (
    <Say kind="wait" icon={IconOffline} title={since === undefined ? say(`connection.${is}.title`) : say(`connection.${is}.since`, { time: clock(since) })} live>
      <div className={look['away']}>
        <span>{say(`connection.${is}.text`)}</span>
        <Button kind="quiet" onClick={onTry}>
          {say('connection.tryNow')}
        </Button>
      </div>
    </Say>
  );
}
