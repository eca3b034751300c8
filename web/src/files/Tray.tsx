import { Button } from '../kit/Button';
import { Icon } from '../kit/Icon';
import { IconClock, IconFile, IconOffline, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { fileSize } from '../lang/sizes';
import { useSay } from '../lang/useSay';
import type { Upload, Uploads } from '../state/uploads';
import { useStore } from '../state/useStore';
import look from './Tray.module.css';

/** The files on their way to the server, above the place where one writes. Nothing is shown for none. */
export function Tray({ uploads }: { uploads: Uploads }) {
  const say = useSay();
  const all = useStore(uploads);
  if (all.length === 0) return null;
  return (
    <ul className={look['tray']} aria-label={say('files.uploads')}>
      {all.map((upload) => (
        <Line key={upload.id} upload={upload} onRetry={() => uploads.retry(upload.id)} onCancel={() => uploads.cancel(upload.id)} />
      ))}
    </ul>
  );
}

function Line({ upload, onRetry, onCancel }: { upload: Upload; onRetry: () => void; onCancel: () => void }) {
  const say = useSay();
  const { name, state } = upload;
  return (
    <li className={look['line']}>
      <Icon of={IconFile} />
      <div className="grow">
        <b className={look['name']}>{name}</b> <span className="meta">{fileSize(upload.size)}</span>
        {state.is === 'held' ? (
          <div role="status">
            <State icon={state.why === 'limited' ? IconClock : IconOffline} kind="wait">
              {say(`files.held.${state.why}`)}
            </State>
          </div>
        ) : state.is === 'stopped' ? (
          <div role="alert">
            <State icon={IconWithheld} kind="stop">
              {say('files.notSent', { why: sayFault(say, state.fault) })}
            </State>
          </div>
        ) : (
          <>
            <progress {...(state.is === 'uploading' ? { value: state.loaded, max: state.total } : {})} aria-label={say('files.progress', { name })} />
            <span className="meta">{state.is === 'uploading' ? say('files.uploading', { loaded: fileSize(state.loaded), total: fileSize(state.total) }) : say(`files.${state.is}`)}</span>
          </>
        )}
      </div>
      {state.is === 'stopped' ? (
        <span className={look['actions']}>
          <Button kind="quiet" onClick={onRetry}>
            {say('files.retry')}
          </Button>
          <Button kind="quiet" onClick={onCancel}>
            {say('files.remove')}
          </Button>
        </span>
      ) : (
        <Button kind="quiet" aria-label={say('files.cancel', { name })} onClick={onCancel}>
          {say('common.cancel')}
        </Button>
      )}
    </li>
  );
}
