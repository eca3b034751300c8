import { Button } from '../kit/Button';
import { Choices } from '../kit/Choices';
import { IconBell, IconBellOff } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import { notifying, saidInOrder } from '../state/notifying';
import type { Pushing } from '../state/pushing';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';

/** Whether this browser tells of new messages outside of the page, and how much it says there. */
export function NotificationsPage({ pushing }: { pushing: Pick<Pushing, 'snapshot' | 'subscribe' | 'turnOn' | 'turnOff'> }) {
  const say = useSay();
  const pushed = useStore(pushing);
  const task = useTask();
  const { browser, on, said } = useStore(notifying);
  const shown = browser === 'allowed' && on;
  const may = browser === 'allowed' || browser === 'unasked';
  return (
    <>
      <div>
        <h1>{say('settings.notifications')}</h1>
        <p className="sub">{say('notify.what')}</p>
      </div>
      <div className="row" role="status">
        <State icon={shown ? IconBell : IconBellOff}>{say(shown ? 'notify.state.allowed' : may ? 'notify.state.off' : `notify.state.${browser}`)}</State>
      </div>
      {may && (
        <div className="row">
          {shown ? (
            <Button
              onClick={() => {
                notifying.turnOff();
                void task.run(pushing.turnOff); // what is pushed would be shown
              }}
            >{say('notify.turnOff')}</Button>
          ) : (
            <Button kind="do" onClick={() => void notifying.turnOn()}>
              {say('notify.turnOn')}
            </Button>
          )}
        </div>
      )}
      {shown && (
        <Choices
          label={say('notify.said')}
          chosen={said}
          onChoose={notifying.sayIn}
          choices={saidInOrder.map((value) => ({ value, words: say(`notify.said.${value}`), ...(value === 'words' ? { hint: say('notify.said.words.hint') } : {}) }))}
        />
      )}
      {shown && pushed !== 'no' && (
        <Choices
          label={say('push.when')}
          chosen={pushed}
          onChoose={(value) => void task.run(value === 'on' ? pushing.turnOn : pushing.turnOff)}
          choices={[
            { value: 'off', words: say('push.open'), hint: say('push.open.hint') },
            { value: 'on', words: say('push.closed'), hint: say('push.closed.hint') },
          ]}
        />
      )}
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </>
  );
}
