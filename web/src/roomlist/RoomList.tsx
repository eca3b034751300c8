import { memo, useState, type KeyboardEvent } from 'react';
import { Button } from '../kit/Button';
import { Count } from '../kit/Count';
import { IconNew, IconPeople, IconPerson } from '../kit/icons';
import { Icon } from '../kit/Icon';
import type { Choice } from '../kit/Picker';
import { RoomStamp } from '../kit/RoomStamp';
import { WhoStamp } from '../kit/WhoStamp';
import { exact, short } from '../lang/dates';
import { languageOf } from '../lang/script';
import { unreadableSays } from '../lang/unreadable';
import { rich, useSay } from '../lang/useSay';
import type { OwnDevice } from '../state/devices';
import type { RoomEntry, RoomListView } from '../state/roomlist';
import { now } from '../state/now';
import { hrefOf } from '../state/route';
import type { Readable } from '../state/store';
import { usePart, useStore } from '../state/useStore';
import type { Removal } from '../state/removals';
import { DeviceCard } from './DeviceCard';
import { InvitationCard } from './InvitationCard';
import { NewConversation } from './NewConversation';
import { NewRoom } from './NewRoom';
import { RemovalCard } from './RemovalCard';
import look from './RoomList.module.css';

interface Props {
  view: RoomListView;
  /** What is written and not sent, by room. */
  drafts: Readable<ReadonlyMap<string, string>>;
  /** The rooms that somebody took this person out of. */
  removals: readonly Removal[];
  /** Devices of this person's account that they are asked about, and what can be done about one. */
  devices: readonly OwnDevice[];
  onCompare: (deviceId: string) => void;
  onMine: (deviceId: string) => void;
  onStranger: (device: OwnDevice) => void;
  /** The room on the page beside. */
  open: string | undefined;
  find: (typed: string) => Promise<readonly Choice[]>;
  userId: (typed: string) => string | undefined;
  /** Makes a room and returns its id; invites somebody to it; goes to it. */
  onCreate: (name: string) => Promise<string>;
  onInvite: (roomId: string, userId: string) => Promise<void>;
  onMade: (roomId: string) => void;
  onConverse: (userId: string) => Promise<void>;
  onJoin: (id: string) => Promise<void>;
  onDecline: (id: string) => Promise<void>;
  onDismiss: (id: string) => void;
}

/** The rooms one is in, and above them what waits for an answer. */
export function RoomList({ view, drafts, removals, devices, onCompare, onMine, onStranger, open, find, userId, onCreate, onInvite, onMade, onConverse, onJoin, onDecline, onDismiss }: Props) {
  const say = useSay();
  const [making, setMaking] = useState<'room' | 'conversation'>();
  const [focused, setFocused] = useState<string>();
  const close = (): void => setMaking(undefined);
  const none = view.ready && view.rooms.length + view.people.length + view.invitations.length === 0;
  // Tab stops once in the list: at the entry that has the focus, else at the open one, else at the first.
  const ids = [...view.rooms, ...view.people].map((entry) => entry.id);
  const stop = [focused, open].find((id) => id !== undefined && ids.includes(id)) ?? ids[0];
  const entryOf = (entry: RoomEntry) => <Entry key={entry.id} entry={entry} open={entry.id === open} stop={entry.id === stop} drafts={drafts} onFocus={setFocused} />;
  return (
    <nav className={look['list']} aria-label={say('rooms.title')} onKeyDown={goThrough} onBlur={() => setFocused(undefined)}>
      {open === undefined && <h1 className="unseen">{say('rooms.title')}</h1>}
      <div className={look['tools']}>
        <Button icon={IconNew} onClick={() => setMaking('room')}>
          {say('rooms.new')}
        </Button>
        <Button icon={IconPerson} onClick={() => setMaking('conversation')}>
          {say('rooms.talk')}
        </Button>
      </div>
      {view.invitations.length + devices.length > 0 && <h2>{say('rooms.invited')}</h2>}
      {devices.map((device) => (
        <DeviceCard key={device.id} device={device} onCompare={() => onCompare(device.id)} onMine={() => onMine(device.id)} onStranger={() => onStranger(device)} />
      ))}
      {view.invitations.map((invitation) => (
        <InvitationCard key={invitation.id} invitation={invitation} onJoin={onJoin} onDecline={onDecline} />
      ))}
      {removals.map((removal) => (
        <RemovalCard key={removal.room} removal={removal} onDismiss={() => onDismiss(removal.room)} />
      ))}
      {none && <p className={look['none']}>{say('rooms.none')}</p>}
      {!view.ready && view.rooms.length === 0 && <p className={look['none']}>{say('rooms.loading')}</p>}
      {view.rooms.length > 0 && <h2>{say('rooms.title')}</h2>}
      {view.rooms.map(entryOf)}
      {view.people.length > 0 && <h2>{say('rooms.people')}</h2>}
      {view.people.map(entryOf)}
      {making === 'room' && <NewRoom find={find} userId={userId} onClose={close} onCreate={onCreate} onInvite={onInvite} onDone={onMade} />}
      {making === 'conversation' && <NewConversation find={find} userId={userId} onClose={close} onConverse={onConverse} />}
    </nav>
  );
}

/** Arrow keys, Home and End go from entry to entry. */
function goThrough(event: KeyboardEvent<HTMLElement>): void {
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('a[data-entry]')];
  const at = entries.indexOf(event.target as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
  if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  entries[to]?.focus();
}

interface EntryProps {
  entry: RoomEntry;
  open: boolean;
  /** Whether Tab stops here. */
  stop: boolean;
  onFocus: (id: string) => void;
  drafts: Readable<ReadonlyMap<string, string>>;
}

// One is drawn again only where something about it changed: there may be hundreds, and the list changes with every message.
const Entry = memo(function Entry({ entry, open, stop, drafts, onFocus }: EntryProps) {
  const say = useSay();
  const time = useStore(now);
  const draft = usePart(drafts, (words) => words.get(entry.id));
  const { preview } = entry;
  const name = entry.name === '' ? say('room.unnamed') : entry.name;
  const text = preview && (preview.unreadable === undefined ? <span lang={preview.lang}>{preview.text}</span> : say(unreadableSays[preview.unreadable]));
  const words =
    draft !== undefined && !open
      ? rich(say, 'draft.mark', { text: <span lang={languageOf(draft)}>{draft.split('\n')[0]}</span> })
      : preview &&
        (preview.mine
          ? rich(say, 'rooms.preview.you', { text })
          : entry.with === undefined
            ? rich(say, 'rooms.preview.other', { name: <span lang={preview.sender.lang}>{preview.sender.name}</span>, text })
            : text);
  return (
    <a
      data-entry
      tabIndex={stop ? 0 : -1}
      className={entry.unread > 0 ? look['new'] : undefined}
      href={hrefOf({ at: 'room', id: entry.id })}
      aria-current={open ? 'page' : undefined}
      onFocus={() => onFocus(entry.id)}
    >
      {entry.with === undefined ? (
        <span className={look['mark']} aria-hidden="true">
          <RoomStamp id={entry.id} size="small">
            <Icon of={IconPeople} />
          </RoomStamp>
        </span>
      ) : (
        <span className={look['mark']}>
          <WhoStamp id={entry.with.id} name={entry.with.name} lang={entry.with.lang} small />
        </span>
      )}
      <b className={look['name']} lang={entry.lang} title={name}>
        {name}
      </b>
      {entry.at > 0 && (
        <time dateTime={new Date(entry.at).toISOString()} title={exact(entry.at)}>
          {short(entry.at, time)}
        </time>
      )}
      {words !== undefined && <span className="meta clip">{words}</span>}
      <span className={look['marks']}>
        {entry.mentioned && (
          <b className={look['at']} title={say('rooms.mentioned')}>
            <span aria-hidden="true">@</span>
            <span className="unseen">{say('rooms.mentioned')}</span>
          </b>
        )}
        {entry.unsure && (
          <span className={look['at']} title={say('rooms.unsure')}>
            <span aria-hidden="true">@?</span>
            <span className="unseen">{say('rooms.unsure')}</span>
          </span>
        )}
        <Count n={entry.unread} words={say('rooms.unread', { n: entry.unread })} />
      </span>
    </a>
  );
});
