import { Button } from '../kit/Button';
import { CopyButton } from '../kit/CopyButton';
import { IconWarning, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { useSay } from '../lang/useSay';
import { namesIn, type Alarm, type Side } from '../state/record';
import { At } from './At';
import look from './record.module.css';

interface Props {
  alarms: readonly Alarm[];
  /** Whether they are those that somebody has seen. */
  past?: boolean;
  onSeen?: () => void;
}

/** What is wrong, or was, with what shows it to others. */
export function Alarms({ alarms, past, onSeen }: Props) {
  const say = useSay();
  if (alarms.length === 0) return null;
  const names = (side: Side | undefined): string => namesIn(side?.policy ?? '').join(', ') || say('record.names.none');
  const all = alarms.map((one) => (
    <Say key={`${one.why} ${one.found}`} kind={one.why === 'policy' || past === true ? 'wait' : 'stop'} icon={one.why === 'policy' ? IconWarning : IconWithheld} title={say(`record.alarm.${one.why}`)} live={past !== true}>
      <p>{one.why === 'policy' ? say('record.alarm.policy.text', { before: names(one.before), now: names(one.now) }) : say(`record.alarm.${one.why}.text`)}</p>
      <p className="meta">
        <At sentence="record.alarm.found" at={one.found} />
        {one.seen !== undefined && (
          <>
            {' · '}
            <At sentence="record.alarm.read" at={one.seen} />
          </>
        )}
      </p>
      <CopyButton text={evidence(one)} words={say('record.alarm.evidence')} copied={say('record.alarm.copied')} refused={say('record.alarm.refused')} />
    </Say>
  ));
  if (past === true) {
    return (
      <section className="card">
        <h2>{say('record.alarms')}</h2>
        <div className={look['in']}>{all}</div>
      </section>
    );
  }
  return (
    <div className={look['alarms']}>
      {all}
      <p className="hint">{say('record.alarm.evidence.what')}</p>
      <div className="row wrap">
        <Button onClick={onSeen}>{say('record.alarm.ack')}</Button>
        <span className="hint">{say('record.alarm.ack.then')}</span>
      </div>
    </div>
  );
}

function evidence({ why, found, before, now }: Alarm): string {
  return JSON.stringify({ found: new Date(found).toISOString(), why, before, now }, undefined, 2);
}
