import { Switch } from '../kit/Switch';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { useTask } from '../state/useTask';
import look from './ShareReading.module.css';

/** Whether the others in a room see how far one has read. */
export function ShareReading({ shared, onShare }: { shared: boolean; onShare: (shared: boolean) => Promise<void> }) {
  const say = useSay();
  const task = useTask();
  return (
    <section className={look['share']} aria-label={say('reading.share')}>
      <Switch label={say('reading.share')} on={shared} disabled={task.running} onChange={(on) => void task.run(() => onShare(on))}>
        <p>{say('reading.share.what')}</p>
        <p>{say('reading.server')}</p>
      </Switch>
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </section>
  );
}
