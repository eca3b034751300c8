import { Button } from '../kit/Button';
import { Choices } from '../kit/Choices';
import { IconBell, IconBellOff } from '../kit/icons';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import { notifying, saidInOrder } from '../state/notifying';
import { useStore } from '../state/useStore';

/** Whether this browser tells of new messages outside of the page, and how much it says there. */
export function NotificationsPage() {
  const say = useSay();
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
            <Button onClick={notifying.turnOff}>{say('notify.turnOff')}</Button>
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
    </>
  );
}
