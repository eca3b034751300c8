import { useEffect, useState } from 'react';
import { IconDone, IconNotConfirmed, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import { isElsewhere } from '../state/home';
import { ownBuild, type Build, type Seen } from '../state/record';
import look from './record.module.css';

/** Which build of the client this page is, and whether the record names it. seen: the record, where it was found to be right. */
export function OwnBuild({ seen, read = ownBuild }: { seen: Seen | undefined; read?: () => Promise<Build> }) {
  const say = useSay();
  const [build, setBuild] = useState<Build | 'asking' | 'unknown'>('asking');

  // The files are the browser's; they are read once, while somebody looks.
  useEffect(() => {
    let here = true;
    read().then(
      (is) => here && setBuild(is),
      () => here && setBuild('unknown'),
    );
    return () => {
      here = false;
    };
  }, [read]);

  return (
    <section className="card">
      <h2>{say('record.build')}</h2>
      <div className={look['in']}>
        <div role="status">
          <Found build={build} seen={seen} />
        </div>
        {typeof build === 'object' && (
          <div>
            <p className="hint">{say('record.build.hash')}</p>
            <pre className={look['code']}>{build.hash}</pre>
          </div>
        )}
        <p className="hint">{say(isElsewhere() ? 'record.build.app' : 'record.build.limits')}</p>
      </div>
    </section>
  );
}

function Found({ build, seen }: { build: Build | 'asking' | 'unknown'; seen: Seen | undefined }) {
  const say = useSay();
  if (typeof build === 'string') return <State icon={IconNotConfirmed}>{say(`record.build.${build}`)}</State>;
  if (build.is === 'other') {
    return (
      <State kind="stop" icon={IconWithheld}>
        {say('record.build.other', { files: build.files.join(', ') })}
      </State>
    );
  }
  if (seen === undefined) return <State icon={IconNotConfirmed}>{say('record.build.waits')}</State>;
  const entry = seen.clients.find((one) => one.build === build.hash);
  if (entry === undefined && isElsewhere()) return <State icon={IconNotConfirmed}>{say('record.build.unlogged.app')}</State>;
  return entry === undefined ? (
    <State kind="stop" icon={IconWithheld}>
      {say('record.build.unlogged')}
    </State>
  ) : (
    <State kind="ok" icon={IconDone}>
      {say('record.build.logged', { number: entry.number, version: entry.version })}
    </State>
  );
}
