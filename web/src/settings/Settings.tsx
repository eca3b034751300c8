import { Icon, type Glyph } from '../kit/Icon';
import { IconBell, IconDevice, IconIgnored, IconInvite, IconPerson, IconSeen } from '../kit/icons';
import { useSay } from '../lang/useSay';
import { hrefOf, sections, type Section } from '../state/route';
import type { Session } from '../state/session';
import { DevicesPage } from './DevicesPage';
import { IgnoredPage } from './IgnoredPage';
import { InvitationsPage } from './InvitationsPage';
import { NotificationsPage } from './NotificationsPage';
import { PrivacyPage } from './PrivacyPage';
import { ProfilePage } from './ProfilePage';
import look from './Settings.module.css';

const icons: Record<Section, Glyph> = { profile: IconPerson, notifications: IconBell, privacy: IconSeen, ignored: IconIgnored, devices: IconDevice, invitations: IconInvite };

interface Props {
  session: Session;
  section: Section;
  onPicture: () => void;
  /** Makes another recovery key. */
  onNewKey: () => void;
  /** Compares emoji with another device. */
  onCompare: (deviceId: string) => void;
}

/** The settings: what there is to set on the left, one of it open. */
export function Settings({ session, section, onPicture, onNewKey, onCompare }: Props) {
  const say = useSay();
  return (
    <div className={look['settings']}>
      <nav className={look['sections']} aria-label={say('settings.title')}>
        <h2>{say('settings.title')}</h2>
        {sections.map((one) => (
          <a key={one} href={hrefOf({ at: 'settings', section: one })} aria-current={one === section ? 'page' : undefined}>
            <Icon of={icons[one]} />
            {say(`settings.${one}`)}
          </a>
        ))}
        <a className={look['back']} href={hrefOf({ at: 'rooms' })}>
          {say('settings.back')}
        </a>
      </nav>
      <main className={look['main']}>
        <div className={look['in']}>
          {section === 'profile' && <ProfilePage me={session.me} onName={session.nameMyself} onPicture={onPicture} />}
          {section === 'notifications' && <NotificationsPage pushing={session.pushing} />}
          {section === 'privacy' && <PrivacyPage courtesy={session.courtesy} />}
          {section === 'ignored' && <IgnoredPage ignoring={session.ignoring} />}
          {section === 'devices' && <DevicesPage devices={session.devices} passkeys={session.passkeys} mail={session.mail} onNewKey={onNewKey} onCompare={onCompare} />}
          {section === 'invitations' && <InvitationsPage invitations={session.invitations} />}
        </div>
      </main>
    </div>
  );
}
