import { Switch } from '../kit/Switch';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Courtesy } from '../state/courtesy';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';

/** What others see of what one is doing. */
export function PrivacyPage({ courtesy }: { courtesy: Pick<Courtesy, 'snapshot' | 'subscribe' | 'showTyping'> }) {
  const say = useSay();
  const { typing } = useStore(courtesy);
  const task = useTask();
  return (
    <>
      <h1>{say('settings.privacy')}</h1>
      <div className="stack narrow">
        <Switch label={say('typing.show')} on={typing} disabled={task.running} onChange={(on) => void task.run(() => courtesy.showTyping(on))}>
          {say('typing.show.what')}
        </Switch>
        {task.fault && (
          <p className="hint error" role="alert">
            {sayFault(say, task.fault)}
          </p>
        )}
      </div>
      <section className="stack narrow">
        <h2>{say('privacy.reading')}</h2>
        <p>{say('privacy.reading.what')}</p>
      </section>
    </>
  );
}
