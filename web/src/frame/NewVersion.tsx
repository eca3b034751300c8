import { Button } from '../kit/Button';
import { useSay } from '../lang/useSay';
import { useStore } from '../state/useStore';
import { version } from '../state/version';
import look from './Notices.module.css';

/** Says that a later build of the client is on this device. Nothing changes before the person says so. */
export function NewVersion() {
  const say = useSay();
  if (useStore(version) === 'current') return null;
  return (
    <p className={look['notice']} role="status">
      <span>
        <b>{say('shell.new')}</b> {say('shell.new.kept')}
      </span>
      <Button onClick={version.take}>{say('shell.new.do')}</Button>
    </p>
  );
}
