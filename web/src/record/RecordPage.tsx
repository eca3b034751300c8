import { useEffect, useState } from 'react';
import { Button } from '../kit/Button';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { home } from '../state/home';
import { latestKept, type PublicRecord, type RecordView, type Seen } from '../state/record';
import { useStore } from '../state/useStore';
import { Alarms } from './Alarms';
import { At } from './At';
import { OwnBuild } from './OwnBuild';
import look from './record.module.css';
import { kindIn, saidBy } from './says';
import { Standing } from './Standing';

/** The public record of the server: what this browser checked itself, what stands in it, and what is wrong with it. */
export function RecordPage({ record }: { record: Pick<PublicRecord, 'snapshot' | 'subscribe' | 'check' | 'acknowledge'> }) {
  const say = useSay();
  const view = useStore(record);
  const { standing, seen, fault, alarms } = view;

  // Whoever comes to look sees what is there now.
  useEffect(() => {
    void record.check();
  }, [record]);

  return (
    <main className={look['page']}>
      <div className={look['wrap']}>
        <div className={look['lead']}>
          <div className="grow">
            <h1>{say('record.heading')}</h1>
            <p className="sub">{say('record.what')}</p>
          </div>
          <Button onClick={() => void record.check()}>{say('record.check')}</Button>
        </div>
        <Alarms alarms={alarms.filter((one) => one.seen === undefined)} onSeen={() => void record.acknowledge()} />
        <Standing view={view} />
        {fault !== undefined && standing === 'unreadable' && (
          <Say kind="wait" icon={IconWithheld}>
            {sayFault(say, fault)} <code>{fault.code}</code>
          </Say>
        )}
        <div className={look['col']}>
          {seen !== undefined && <Entries seen={seen} />}
          <Alarms past alarms={alarms.filter((one) => one.seen !== undefined)} />
        </div>
        <div className={look['col']}>
          <OwnBuild seen={standing === 'checked' ? seen : undefined} />
          {seen !== undefined && <TheKey view={view} seen={seen} />}
          <section className="card">
            <h2>{say('record.yourself')}</h2>
            <div className={look['in']}>
              <p>{say('record.yourself.what')}</p>
              <pre className={look['code']}>{`wardroom verify ${home()}`}</pre>
            </div>
          </section>
        </div>
      </div>
    </main>
  );
}

function TheKey({ view, seen }: { view: RecordView; seen: Seen }) {
  const say = useSay();
  return (
    <section className="card">
      <h2>{say('record.key')}</h2>
      <div className={look['in']}>
        <pre className={look['code']}>{seen.key}</pre>
        {view.first !== undefined && (
          <p className="hint">
            <At sentence="record.key.first" at={view.first} />
          </p>
        )}
      </div>
    </section>
  );
}

const shownAtFirst = 20;

function Entries({ seen }: { seen: Seen }) {
  const say = useSay();
  const [kind, setKind] = useState<string>();
  const [shown, setShown] = useState(shownAtFirst);
  const kinds = Object.entries(seen.kinds).sort(([a], [b]) => (a < b ? -1 : 1));
  const all = seen.latest.filter((one) => kind === undefined || one.kind === kind).toReversed();
  const choose = (one: string | undefined): void => {
    setKind(one);
    setShown(shownAtFirst);
  };
  return (
    <>
      <section className="card">
        <h2>{say('record.kinds')}</h2>
        <table className="list">
          <thead>
            <tr>
              <th>{say('record.kind')}</th>
              <th className="r">{say('record.count')}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>
                <Button kind="quiet" aria-pressed={kind === undefined} onClick={() => choose(undefined)}>
                  {say('record.kind.all')}
                </Button>
              </td>
              <td className="r">{seen.size}</td>
            </tr>
            {kinds.map(([one, n]) => (
              <tr key={one}>
                <td>
                  <Button kind="quiet" aria-pressed={kind === one} onClick={() => choose(one)}>
                    {kindIn(say, one)}
                  </Button>
                </td>
                <td className="r">{n}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section className="card">
        <h2>{say('record.latest')}</h2>
        <table className={`list ${look['entries'] ?? ''}`}>
          <thead>
            <tr>
              <th>{say('record.number')}</th>
              <th>{say('record.time')}</th>
              <th>{say('record.says')}</th>
            </tr>
          </thead>
          <tbody>
            {all.slice(0, shown).map((one) => (
              <tr key={one.number}>
                <td className="num">{one.number}</td>
                <td className={look['when']}>{one.at !== undefined && <At sentence="cases.when" at={one.at * 1000} />}</td>
                <td>
                  <b>{kindIn(say, one.kind)}</b>
                  {saidBy(say, one).map((sentence) => (
                    <p key={sentence}>{sentence}</p>
                  ))}
                  <details>
                    <summary>{say('record.raw')}</summary>
                    <pre className={look['code']}>{one.text}</pre>
                  </details>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <div className={look['in']}>
          {all.length === 0 && <p>{say('record.latest.none')}</p>}
          {all.length > shown && <Button onClick={() => setShown(shown + 100)}>{say('record.older')}</Button>}
          {seen.size > latestKept && <p className="hint">{say('record.latest.kept', { n: latestKept })}</p>}
        </div>
      </section>
    </>
  );
}
