import { Button } from '../kit/Button';
import { rich, useSay } from '../lang/useSay';
import type { OwnDevice } from '../state/devices';
import look from './InvitationCard.module.css';

interface Props {
  device: OwnDevice;
  /** It is this person's: they compare emoji, and it is signed. */
  onCompare: () => void;
  /** It is this person's and is signed already. */
  onMine: () => void;
  onStranger: () => void;
}

/** That a device was added to this person's account. It stays until they have said whether it is theirs. */
export function DeviceCard({ device, onCompare, onMine, onStranger }: Props) {
  const say = useSay();
  return (
    <section className={look['card']}>
      <b>{say(device.signed ? 'devices.added' : 'devices.doubt')}</b>
      <p>{rich(say, device.signed ? 'devices.added.text' : 'devices.doubt.text', { name: <b>{device.called}</b> })}</p>
      <div className={look['answers']}>
        {device.signed ? <Button onClick={onMine}>{say('devices.added.mine')}</Button> : <Button onClick={onCompare}>{say('devices.doubt.compare')}</Button>}
        <Button kind="stop" onClick={onStranger}>
          {say(device.signed ? 'devices.added.no' : 'devices.doubt.no')}
        </Button>
      </div>
    </section>
  );
}
