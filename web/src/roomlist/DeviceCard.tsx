import { Button } from '../kit/Button';
import { rich, useSay } from '../lang/useSay';
import type { OwnDevice } from '../state/devices';
import look from './InvitationCard.module.css';

interface Props {
  device: OwnDevice;
  /** It is this person's: they compare emoji, and it is signed. */
  onCompare: () => void;
  onStranger: () => void;
}

/** That a device was added to this person's account that nobody has verified. It stays until it is signed, or signed out. */
export function DeviceCard({ device, onCompare, onStranger }: Props) {
  const say = useSay();
  return (
    <section className={look['card']}>
      <b>{say('devices.doubt')}</b>
      <p>{rich(say, 'devices.doubt.text', { name: <b>{device.called}</b> })}</p>
      <div className={look['answers']}>
        <Button onClick={onCompare}>{say('devices.doubt.compare')}</Button>
        <Button kind="stop" onClick={onStranger}>
          {say('devices.doubt.no')}
        </Button>
      </div>
    </section>
  );
}
