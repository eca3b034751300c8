import { RoomList } from './roomlist/RoomList';
import { unknownDevices, type OwnDevice } from './state/devices';
import { goTo } from './state/route';
import type { Session } from './state/session';
import { useStore } from './state/useStore';

interface RoomsProps {
  session: Session;
  open: string | undefined;
  /** A device that one is asked about is to be compared with, or is not one's own. */
  onCompare: (deviceId: string) => void;
  onStranger: (device: OwnDevice) => void;
}

/** The list of rooms, of its own: it changes with every message anywhere, and what is not about it is not drawn again for that. */
export function Rooms({ session, open, onCompare, onStranger }: RoomsProps) {
  return (
    <RoomList
      view={useStore(session.rooms)}
      drafts={session.drafts}
      removals={useStore(session.removals)}
      devices={unknownDevices(useStore(session.devices))}
      onCompare={onCompare}
      onMine={(deviceId) => void session.devices.recognise(deviceId)}
      onStranger={onStranger}
      open={open}
      find={session.findPeople}
      userId={(typed) => session.userId(typed)}
      onCreate={session.createRoom}
      onInvite={session.inviteTo}
      onMade={goTo}
      onConverse={async (userId) => goTo(await session.converse(userId))}
      onJoin={async (roomId) => {
        await session.join(roomId);
        goTo(roomId);
      }}
      onDecline={(roomId) => session.decline(roomId)}
      onDismiss={session.removals.dismiss}
    />
  );
}
