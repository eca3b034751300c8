import { Icon } from '../kit/Icon';
import { IconDone, IconNotConfirmed, IconVerified, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { clock, day } from '../lang/dates';
import { useSay } from '../lang/useSay';
import { now } from '../state/now';
import type { RecordView, Seen } from '../state/record';
import { useStore } from '../state/useStore';
import { At } from './At';
import look from './record.module.css';

/** For how long a witness may have been silent before it is said, in seconds: they sign each minute. */
const silence = 300;

/** What this browser found, how far the record goes, and who holds it. */
export function Standing({ view }: { view: RecordView }) {
  const say = useSay();
  const today = useStore(now);
  const { standing, seen, checked, first, alarms } = view;
  const right = standing === 'checked';
  const again = right && alarms.some((one) => one.seen === undefined && one.why !== 'policy');
  const detail = standing === 'away' || standing === 'none' || standing === 'browser' ? say(`record.${standing}.text`) : undefined;
  return (
    <section className={`deed ${look['deed'] ?? ''}`} aria-label={say('record.heading')}>
      <span className={`sealmark${right ? '' : ' open'}`}>
        <Icon of={right ? IconVerified : standing === 'broken' ? IconWithheld : IconNotConfirmed} />
      </span>
      <div role="status">
        <b className={look['big']}>{say(again ? 'record.again' : `record.${standing}`)}</b>
        {right && checked !== undefined ? (
          <p className="sub">{say('record.checked.when', { day: day(checked, today), time: clock(checked), since: day(first ?? checked, today) })}</p>
        ) : (
          <>
            {detail !== undefined && <p className="sub">{detail}</p>}
            {checked !== undefined && (
              <p className="sub">
                <At sentence="record.last" at={checked} />
              </p>
            )}
          </>
        )}
      </div>
      {seen !== undefined && <Held seen={seen} />}
    </section>
  );
}

function Held({ seen }: { seen: Seen }) {
  const say = useSay();
  const today = useStore(now);
  const { witnesses, witnessed } = seen;
  const current = (at: number | undefined): boolean => at !== undefined && at * 1000 > today - silence * 1000;
  return (
    <>
      <div>
        <b className={`num ${look['big'] ?? ''}`}>{say('record.entries', { n: seen.size })}</b>
        {witnessed !== undefined && (
          <p className="sub">
            <At sentence="record.witnessed" at={witnessed * 1000} />
          </p>
        )}
      </div>
      {witnesses.length === 0 ? (
        <div>
          <State kind="wait" icon={IconNotConfirmed}>
            {say('record.nobody')}
          </State>
          <p className="hint">{say('record.nobody.here')}</p>
        </div>
      ) : (
        <div>
          <b>{say('record.held', { signed: witnesses.filter(({ at }) => current(at)).length, all: witnesses.length })}</b>
          <ul className={look['witnesses']}>
            {witnesses.map(({ name, at }) => (
              <li key={name}>
                {at === undefined ? (
                  <State kind="wait" icon={IconNotConfirmed}>
                    {say('record.witness.silent', { name })}
                  </State>
                ) : (
                  <State {...(current(at) ? { kind: 'ok', icon: IconDone } : { kind: 'wait', icon: IconNotConfirmed })}>{say('record.witness.at', { name, time: current(at) ? clock(at * 1000) : `${day(at * 1000, today)} ${clock(at * 1000)}` })}</State>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
