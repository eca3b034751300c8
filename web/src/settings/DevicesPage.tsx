import { useEffect, useState } from 'react';
import { Button } from '../kit/Button';
import { Icon } from '../kit/Icon';
import { IconDevice, IconNotConfirmed, IconPhone, IconVerified, IconWarning, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { State } from '../kit/State';
import { Tag } from '../kit/Tag';
import { date } from '../lang/dates';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import { unknownDevices, type Devices, type OwnDevice } from '../state/devices';
import { now } from '../state/now';
import type { OwnMail } from '../state/mail';
import type { Passkeys } from '../state/passkeys';
import { useStore } from '../state/useStore';
import { MailPart } from './MailPart';
import { PasskeysPart } from './PasskeysPart';
import { Rename } from './Rename';
import { RecoveryKey } from './RecoveryKey';
import { SignOutDevice } from './SignOutDevice';
import look from './DevicesPage.module.css';

type Asked = { device: OwnDevice; what: 'rename' | 'signOut' | 'stranger' };

/** This person's devices: which of them are signed, and what one may do about each. */
export function DevicesPage({ devices, passkeys, mail, onNewKey, onCompare }: { devices: Devices; passkeys: Passkeys; mail: OwnMail; onNewKey: () => void; onCompare: (deviceId: string) => void }) {
  const say = useSay();
  const { list, fault, mayRenew, renewed } = useStore(devices);
  const [asked, setAsked] = useState<Asked>();

  // The list is followed for as long as somebody is in; the server is asked once more by whoever comes to look.
  useEffect(() => void devices.look(), [devices]);
  // The keys may have come from another device since: the server and the crypto library are asked.
  useEffect(() => void devices.askKeys(), [devices, list]);

  return (
    <>
      <div>
        <h1>{say('settings.devices')}</h1>
        <p className="sub">{say('devices.what')}</p>
      </div>
      {fault && (
        <Say kind="stop" icon={IconWithheld} live>
          {sayFault(say, fault)}
        </Say>
      )}
      {list === undefined && fault === undefined && (
        <p className="sub" role="status">
          {say('devices.loading')}
        </p>
      )}
      {unknownDevices({ list: list ?? [] }).map((one) => (
        <Doubt key={one.id} device={one} onCompare={() => onCompare(one.id)} onMine={() => void devices.recognise(one.id)} onStranger={() => setAsked({ device: one, what: 'stranger' })} />
      ))}
      <ul className={look['devices']}>
        {list?.map((one) => (
          <Device key={one.id} device={one} onRename={() => setAsked({ device: one, what: 'rename' })} onSignOut={() => setAsked({ device: one, what: 'signOut' })} />
        ))}
      </ul>
      {mayRenew !== undefined && (
        <RecoveryKey mayRenew={mayRenew} renewed={renewed === true} others={list?.filter((one) => one.signed && !one.here) ?? []} onNewKey={onNewKey} onCompare={onCompare} />
      )}
      <p className="meta">{say('devices.kept')}</p>
      <PasskeysPart passkeys={passkeys} />
      <MailPart mail={mail} />
      {asked?.what === 'rename' && <Rename name={asked.device.name} onStay={() => setAsked(undefined)} onRename={(name) => devices.rename(asked.device.id, name)} />}
      {asked !== undefined && asked.what !== 'rename' && (
        <SignOutDevice name={asked.device.called} stranger={asked.what === 'stranger'} signed={asked.device.signed} onStay={() => setAsked(undefined)} onSignOut={(password) => devices.signOut(asked.device.id, password)} />
      )}
    </>
  );
}

function Doubt({ device, onCompare, onMine, onStranger }: { device: OwnDevice; onCompare: () => void; onMine: () => void; onStranger: () => void }) {
  const say = useSay();
  return (
    <section className={look['doubt']}>
      <Icon of={IconWarning} />
      <div className="stack">
        <h2>{say(device.signed ? 'devices.added' : 'devices.doubt')}</h2>
        <p>{rich(say, device.signed ? 'devices.added.text' : 'devices.doubt.text', { name: <b>{device.called}</b> })}</p>
        {!device.signed && <p>{say('devices.doubt.yes')}</p>}
        <div className="row wrap">
          {device.signed ? <Button onClick={onMine}>{say('devices.added.mine')}</Button> : <Button onClick={onCompare}>{say('devices.doubt.compare')}</Button>}
          <Button kind="stop" onClick={onStranger}>
            {say(device.signed ? 'devices.added.no' : 'devices.doubt.no')}
          </Button>
        </div>
      </div>
    </section>
  );
}

function Device({ device, onRename, onSignOut }: { device: OwnDevice; onRename: () => void; onSignOut: () => void }) {
  const say = useSay();
  const nameId = `device-${device.id}`;
  const today = useStore(now);
  return (
    <li>
      <Icon of={/Android|iOS/.test(device.name) ? IconPhone : IconDevice} />
      <div>
        <b id={nameId}>{device.called}</b> {device.here && <Tag kind="ink">{say('devices.here')}</Tag>}
        <p className="sub">
          {device.lastDay === undefined
            ? say('devices.neverUsed')
            : device.lastDay === Math.floor(today / 86_400_000)
              ? say('devices.today')
              : say('devices.last', { day: date(device.lastDay, today) })}
        </p>
      </div>
      {device.signed ? (
        <State kind="ok" icon={IconVerified}>
          {say('devices.signed')}
        </State>
      ) : (
        <State kind="wait" icon={IconNotConfirmed}>
          {say('devices.unsigned')}
        </State>
      )}
      <div className="row">
        <Button kind="quiet" aria-describedby={nameId} onClick={onRename}>
          {say('devices.rename')}
        </Button>
        {!device.here && (
          <Button aria-describedby={nameId} onClick={onSignOut}>
            {say('signout.ask')}
          </Button>
        )}
      </div>
    </li>
  );
}
