import { Button } from '../kit/Button';
import { rich, useSay } from '../lang/useSay';
import type { Removal } from '../state/removals';
import look from './InvitationCard.module.css';

/** That somebody took this person out of a room: who, and why if they said so. It stays until it is put away. */
export function RemovalCard({ removal, onDismiss }: { removal: Removal; onDismiss: () => void }) {
  const say = useSay();
  const { by, reason } = removal;
  return (
    <section className={look['card']}>
      <b lang={removal.lang}>{removal.name === '' ? say('room.unnamed') : removal.name}</b>
      <p>{rich(say, 'rooms.removedYou', { name: <span lang={by.lang}>{by.name}</span> })}</p>
      <p className="meta">{reason === '' ? say('rooms.removed.noReason') : say('rooms.removed.reason', { reason })}</p>
      <div className="row">
        <Button onClick={onDismiss}>{say('rooms.removed.read')}</Button>
      </div>
    </section>
  );
}
