import { Button } from '../kit/Button';
import { IconBell, IconBellOff } from '../kit/icons';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Following } from '../state/following';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import look from './Follow.module.css';

/** Whether one follows a thread, and the way to change it. It says nothing until that is known. */
export function Follow({ following }: { following: Pick<Following, 'snapshot' | 'subscribe' | 'follow'> }) {
  const say = useSay();
  const follows = useStore(following);
  const task = useTask();
  if (follows === undefined) return null;
  return (
    <div className={look['follow']}>
      <span className="meta" title={say(follows ? 'thread.follows.means' : 'thread.followsNot.means')}>
        {say(follows ? 'thread.follows' : 'thread.followsNot')}
      </span>
      <Button kind="quiet" icon={follows ? IconBellOff : IconBell} onClick={() => void task.run(() => following.follow(!follows))}>
        {say(follows ? 'thread.leave' : 'thread.follow')}
      </Button>
      {task.fault !== undefined && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </div>
  );
}
