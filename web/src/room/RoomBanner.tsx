import { IconLock, IconNotConfirmed, IconPlace, IconWarning, IconWithheld } from '../kit/icons';
import { Banner } from '../kit/Label';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import type { RoomTrustView } from '../state/roomtrust';
import type { RoomView } from '../state/roomview';

interface Props {
  room: RoomView;
  trust: Pick<RoomTrustView, 'changed' | 'unproven' | 'unverified' | 'guard'>;
  server: string;
}

/** What holds in a room, under its title: its label and what follows from it, who can read, whether members let each
 * other in and who is held back, whether one knows who they are, where it lives. */
export function RoomBanner({ room, trust, server }: Props) {
  const say = useSay();
  const { unverified, guard } = trust;
  const changed = trust.changed.length;
  return (
    <Banner level={0} word={say('room.label.none')} end={<State icon={IconPlace}>{say('room.livesOn', { server })}</State>}>
      <span className="row wrap">
        {room.way === 'encrypted' && <State icon={IconLock}>{say('room.encrypted')}</State>}
        {room.way === 'clear' && (
          <State icon={IconWithheld} kind="wait">
            {say('room.notEncrypted')}
          </State>
        )}
        {room.way === 'withheld' && (
          <State icon={IconWarning} kind="wait">
            {say('room.withheld')}
          </State>
        )}
        {trust.unproven.length > 0 && (
          <State icon={IconWarning} kind="stop">
            {say('trust.room.unproven', { n: trust.unproven.length })}
          </State>
        )}
        {changed > 0 && (
          <State icon={IconWarning} kind="wait">
            {say('trust.room.changed', { n: changed })}
          </State>
        )}
        {guard && guard.outside.length > 0 && (
          <State icon={IconWarning} kind="wait">
            {say(guard.only ? 'admission.room.held' : 'admission.room.told', { n: guard.outside.length })}
          </State>
        )}
        {room.way === 'encrypted' && guard === undefined && <State icon={IconNotConfirmed}>{say('admission.room.unchecked')}</State>}
        {room.way === 'encrypted' && unverified > changed && <State icon={IconNotConfirmed}>{say('trust.room.unverified', { n: unverified - changed })}</State>}
      </span>
    </Banner>
  );
}
