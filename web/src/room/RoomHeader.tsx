import { useState, type ReactNode } from 'react';
import { Button, IconButton } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Icon } from '../kit/Icon';
import { IconBack, IconInvite, IconMore, IconPeople, IconSearch, IconThread, IconWarning } from '../kit/icons';
import { Menu } from '../kit/Menu';
import { RoomStamp } from '../kit/RoomStamp';
import { Say } from '../kit/Say';
import { looksOf, State } from '../kit/State';
import type { Choice } from '../kit/Picker';
import { sayFault } from '../lang/sayFault';
import { languageOf } from '../lang/script';
import { rich, useSay } from '../lang/useSay';
import type { Level } from '../state/levels';
import type { Person } from '../state/person';
import type { Standing } from '../state/roomtrust';
import type { RoomView } from '../state/roomview';
import { hrefOf } from '../state/route';
import { useTask } from '../state/useTask';
import { Describe } from './Describe';
import { Invite } from './Invite';
import { Notices } from './Notices';
import look from './RoomHeader.module.css';

interface Props {
  room: RoomView;
  /** The user id that a typed name means, or undefined. */
  userId: (typed: string) => string | undefined;
  /** An account name of this server, to show the form. */
  example: string;
  onInvite: (userId: string) => Promise<'shared' | 'notShared'>;
  find: (typed: string) => Promise<readonly Choice[]>;
  onDescribe: (name: string, topic: string) => Promise<void>;
  /** Absent where one may not change the room's picture. */
  onPicture: (() => void) | undefined;
  /** What one is told of here. */
  level: Level;
  onLevel: (level: Level) => Promise<void>;
  onLeave: () => Promise<void>;
  onReport: () => void;
  onPeople: () => void;
  /** Shows the room's threads. */
  onThreads: () => void;
  /** Somebody is to be made an owner: shows who is here. */
  onHandOver: () => void;
  /** A direct conversation takes in nobody else: asks for a room for these two and others. */
  onGather: (other: Person) => void;
  /** Whom a direct conversation is with, as far as it is known who that is. */
  other?: { standing: Standing; onAbout: () => void } | undefined;
  onBack: () => void;
}

/** The title of a room, who is in it, and what can be done with it. */
export function RoomHeader({ room, userId, example, find, onInvite, onDescribe, onPicture, level, onLevel, onLeave, onReport, onPeople, onThreads, onHandOver, onGather, other, onBack }: Props) {
  const say = useSay();
  const [asking, setAsking] = useState<'invite' | 'describe' | 'notices' | 'leave'>();
  const close = () => setAsking(undefined);
  const name = room.name === '' ? say('room.unnamed') : room.name;
  const { with: together } = room;
  const people = room.people === 1 ? say('room.alone') : say('room.people', { n: room.people });
  return (
    <header className={look['head']}>
      <span className={look['back']}>
        <IconButton icon={IconBack} label={say('common.back')} onClick={onBack} />
      </span>
      <RoomStamp id={room.id} />
      <div className={look['what']}>
        <h1 lang={room.lang} title={name}>
          {name}
        </h1>
        <span className="meta">
          {room.joined ? people : say('room.notIn')}
          {room.joined && room.invited > 0 && ` · ${say('room.invitedToo', { n: room.invited })}`}
        </span>
        {other && (
          <button type="button" className={look['standing']} aria-haspopup="dialog" onClick={other.onAbout}>
            <State {...looksOf[other.standing]}>{say(`trust.${other.standing}`)}</State>
          </button>
        )}
        {room.topic !== '' && (
          <span className={`meta clip ${look['topic'] ?? ''}`} title={room.topic} lang={languageOf(room.topic)}>
            {room.topic}
          </span>
        )}
      </div>
      <div className={look['acts']}>
        {room.mayInvite && (
          <span className={look['invite']}>
            <Button icon={IconInvite} onClick={() => setAsking('invite')}>
              {say('room.invite')}
            </Button>
          </span>
        )}
        <a className="btn icon" href={hrefOf({ at: 'search', id: room.id })} aria-label={say('find.inRoom')} title={say('find.inRoom')}>
          <Icon of={IconSearch} />
        </a>
        <span className={look['invite']}>
          <IconButton icon={IconThread} label={say('threads.title')} onClick={onThreads} />
          {room.joined && <IconButton icon={IconPeople} label={say('room.showPeople')} onClick={onPeople} />}
        </span>
        <Menu
          label={name}
          opener={(props) => <IconButton icon={IconMore} label={say('room.more')} {...props} />}
          items={[
            ...(room.joined ? [{ words: say('room.showPeople'), do: onPeople }] : []),
            ...(other ? [{ words: say('trust.about'), do: other.onAbout }] : []),
            ...(room.mayInvite ? [{ words: say('room.invite.title'), do: () => setAsking('invite') }] : []),
            ...(together && room.joined ? [{ words: say('room.gather', { name: together.name }), do: () => onGather(together) }] : []),
            ...(room.mayRename ? [{ words: say('room.settings'), do: () => setAsking('describe') }] : []),
            ...(onPicture ? [{ words: say('picture.change'), do: onPicture }] : []),
            { words: say('threads.title'), do: onThreads },
            { words: say('room.notify'), do: () => setAsking('notices') },
            'rule',
            { words: say('report.open'), do: onReport },
            { words: say('room.leave'), kind: 'stop', do: () => setAsking('leave') },
          ]}
        />
      </div>
      {asking === 'invite' && <Invite onClose={close} userId={userId} example={example} find={find} onInvite={onInvite} />}
      {asking === 'describe' && <Describe name={room.name} topic={room.topic} onClose={close} onDescribe={onDescribe} />}
      {asking === 'notices' && <Notices level={level} onClose={close} onChoose={onLevel} />}
      {asking === 'leave' && (
        <Leave
          room={<span lang={room.lang}>{name}</span>}
          lastOwner={room.lastOwner}
          onStay={close}
          onHandOver={() => {
            close();
            onHandOver();
          }}
          onLeave={onLeave}
        />
      )}
    </header>
  );
}

interface LeaveProps {
  room: ReactNode;
  /** Whether nobody else here is an owner. */
  lastOwner: boolean;
  onStay: () => void;
  onHandOver: () => void;
  onLeave: () => Promise<void>;
}

function Leave({ room, lastOwner, onStay, onHandOver, onLeave }: LeaveProps) {
  const say = useSay();
  const task = useTask();
  return (
    <Dialog
      title={rich(say, 'room.leave.title', { room })}
      onClose={onStay}
      onSubmit={() => void task.run(onLeave)}
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('room.leave.stay')}
          </Button>
          {lastOwner && (
            <Button kind="do" onClick={onHandOver}>
              {say('room.leave.handOver')}
            </Button>
          )}
          <Button kind="stop" type="submit" disabled={task.running}>
            {say('room.leave.do')}
          </Button>
        </>
      }
    >
      <p>{say('room.leave.text')}</p>
      {lastOwner && <Say kind="wait" icon={IconWarning}>{say('room.leave.lastOwner')}</Say>}
      {task.fault && (
        <p className="hint error" role="alert">
          {sayFault(say, task.fault)}
        </p>
      )}
    </Dialog>
  );
}
