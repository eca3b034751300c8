import { Button } from '../kit/Button';
import { Icon } from '../kit/Icon';
import { IconDone, IconKey } from '../kit/icons';
import { State } from '../kit/State';
import { rich, useSay } from '../lang/useSay';
import type { OwnDevice } from '../state/devices';
import look from './RecoveryKey.module.css';

interface Props {
  /** Whether this device holds the account's keys, which another recovery key would lock away. */
  mayRenew: boolean;
  renewed: boolean;
  /** The verified devices beside this one. */
  others: readonly OwnDevice[];
  onNewKey: () => void;
  onCompare: (deviceId: string) => void;
}

/** What the recovery key is for, and how to get another one. */
export function RecoveryKey({ mayRenew, renewed, others, onNewKey, onCompare }: Props) {
  const say = useSay();
  return (
    <section className={look['key']} aria-labelledby="recovery-key">
      <header>
        <Icon of={IconKey} />
        <h2 id="recovery-key" className="grow">
          {say('devices.key')}
        </h2>
        {renewed && (
          <span role="status">
            <State kind="ok" icon={IconDone}>
              {say('devices.key.renewed')}
            </State>
          </span>
        )}
      </header>
      <p>{say('devices.key.text')}</p>
      {mayRenew ? (
        <div className="row">
          <Button onClick={onNewKey}>{say('devices.key.do')}</Button>
        </div>
      ) : (
        <>
          <p>{say(others.length > 0 ? 'devices.key.notHeld' : 'devices.key.nobody')}</p>
          <div className="row wrap">
            {others.map((one) => (
              <Button key={one.id} onClick={() => onCompare(one.id)}>
                {rich(say, 'devices.key.compare', { name: one.called })}
              </Button>
            ))}
          </div>
        </>
      )}
    </section>
  );
}
