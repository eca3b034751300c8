import { Button } from '../kit/Button';
import { IconWarning, IconWarrant } from '../kit/icons';
import { Say } from '../kit/Say';
import { rich, useSay } from '../lang/useSay';
import type { Asking } from '../state/route';
import type { Power, ShownWarrant } from '../state/warrants';
import { OfficerLine, When } from './Parts';
import look from './warrants.module.css';

/** The desk with nothing open: who has power here, and what may be asked for. */
export function OnTheDesk({ power, list, onAsk }: { power: Power; list: readonly ShownWarrant[]; onAsk: (ask: Asking) => void }) {
  const say = useSay();
  const { charter, own, founder, officers } = power;
  const waits = list.some(({ state }) => state === 'open');
  const mine = own !== undefined || founder || list.some(({ mine: is }) => is !== 'none');
  return (
    <div className="stack">
      {!mine && <p className="sub">{say('desk.notYours')}</p>}
      {charter === undefined && mine && (
        <Say kind="seal" icon={IconWarrant} title={say(founder ? 'desk.alone' : 'desk.first')}>
          <p>{say(founder ? 'desk.alone.text' : 'desk.first.text')}</p>
        </Say>
      )}
      {founder && (
        <div className="row">
          <Button {...(waits ? {} : { kind: 'do' })} onClick={() => onAsk('appoint')}>
            {say('desk.ask.first')}
          </Button>
        </div>
      )}
      {mine && <Unwitnessed power={power} />}
      {officers.length > 0 && (
        <section className="card">
          <div className="pad stack">
            <h2>{say('desk.officers')}</h2>
            <ul className={look['officers']}>
              {officers.map((one) => (
                <OfficerLine key={one.key} of={one}>
                  {one.until !== undefined && <span className="meta">{rich(say, 'warrant.term', { day: <When at={one.until} dayOnly /> })}</span>}
                </OfficerLine>
              ))}
            </ul>
            {charter !== undefined && <p className="sub">{say('warrant.charter.approvals', { n: charter.approvals })}</p>}
          </div>
        </section>
      )}
    </div>
  );
}

/** Where nobody outside witnesses the record, that is said wherever power is used. */
export function Unwitnessed({ power }: { power: Power }) {
  const say = useSay();
  if (power.witnessed) return null;
  return (
    <Say kind="wait" icon={IconWarning} title={say('desk.unwitnessed')}>
      <p>{say('desk.unwitnessed.text')}</p>
    </Say>
  );
}

/** What an officer may ask for from the beginning; a restoration is asked for at what it ends. */
export function AskButtons({ onAsk }: { onAsk: (ask: Asking) => void }) {
  const say = useSay();
  return (['suspend', 'appoint', 'dismiss'] as const).map((kind) => (
    <Button key={kind} onClick={() => onAsk(kind)}>
      {say(`desk.ask.${kind}`)}
    </Button>
  ));
}
