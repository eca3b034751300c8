import { Button } from '../kit/Button';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Invitation } from '../state/roomlist';
import { useTask } from '../state/useTask';
import look from './InvitationCard.module.css';

interface Props {
  invitation: Invitation;
  onJoin: (id: string) => Promise<void>;
  onDecline: (id: string) => Promise<void>;
}

/** A room that waits for an answer. */
export function InvitationCard({ invitation, onJoin, onDecline }: Props) {
  const say = useSay();
  const task = useTask();
  const { by } = invitation;
  return (
    <section className={look['card']}>
      <b lang={invitation.lang}>{invitation.name === '' ? say('room.unnamed') : invitation.name}</b>
      {by && <p className="meta">{rich(say, 'rooms.invitedBy', { name: <span lang={by.lang}>{by.name}</span> })}</p>}
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
      <div className="row">
        <Button kind="do" disabled={task.running} onClick={() => void task.run(() => onJoin(invitation.id))}>
          {say('rooms.join')}
        </Button>
        <Button disabled={task.running} onClick={() => void task.run(() => onDecline(invitation.id))}>
          {say('rooms.decline')}
        </Button>
      </div>
    </section>
  );
}
