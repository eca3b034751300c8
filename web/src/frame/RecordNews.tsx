import { useSay } from '../lang/useSay';
import type { PublicRecord } from '../state/record';
import { hrefOf } from '../state/route';
import { useStore } from '../state/useStore';
import look from './Notices.module.css';

/** Says on every page that the record is not what it was, until somebody has seen it there. */
export function RecordNews({ record }: { record: Pick<PublicRecord, 'snapshot' | 'subscribe'> }) {
  const say = useSay();
  const alarm = useStore(record).alarms.find((one) => one.seen === undefined);
  if (alarm === undefined) return null;
  return (
    <section className={`${look['notice'] ?? ''} ${alarm.why === 'policy' ? '' : (look['stop'] ?? '')}`} aria-label={say('record.title')} role="alert">
      <b>{say(`record.alarm.${alarm.why}`)}</b>
      <a href={hrefOf({ at: 'record' })}>{say('record.alarm.show')}</a>
    </section>
  );
}
