import { IconLock, IconPlace, IconWithheld } from '../kit/icons';
import { Banner } from '../kit/Label';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import type { RoomView } from '../state/roomview';

/** What holds in a room, under its title: its label and what follows from it, who can read, where it lives. */
export function RoomBanner({ room, server }: { room: RoomView; server: string }) {
  const say = useSay();
  return (
    <Banner level={0} word={say('room.label.none')} end={<State icon={IconPlace}>{say('room.livesOn', { server })}</State>}>
      {room.encrypted ? (
        <State icon={IconLock}>{say('room.encrypted')}</State>
      ) : (
        <State icon={IconWithheld} kind="wait">
          {say('room.notEncrypted')}
        </State>
      )}
    </Banner>
  );
}
