import { useEffect, useState, type ReactNode } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconNotConfirmed, IconVerified } from '../kit/icons';
import { looksOf, State } from '../kit/State';
import { WhoStamp } from '../kit/WhoStamp';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import type { Device, RoomTrust } from '../state/roomtrust';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import { AcceptIdentity } from './AcceptIdentity';
import look from './verify.module.css';

interface Props {
  person: Person;
  trust: RoomTrust;
  onVerify: () => void;
  onClose: () => void;
  /** What else there is to do about them. */
  children?: ReactNode;
}

/** Who somebody is, as far as this device knows, and which of their devices they have signed. */
export function PersonCard({ person, trust, onVerify, onClose, children }: Props) {
  const say = useSay();
  const standing = useStore(trust).standing.get(person.id) ?? 'none';
  const [devices, setDevices] = useState<readonly Device[]>();
  const [accepting, setAccepting] = useState(false);
  const { run, fault } = useTask();

  // The list comes from the server; it is asked for anew where the person's standing changes.
  useEffect(() => {
    void run(async () => setDevices(await trust.devicesOf(person.id)));
  }, [run, trust, person.id, standing]);

  const name = <span lang={person.lang}>{person.name}</span>;
  if (accepting) return <AcceptIdentity person={person} onAccept={() => trust.accept(person.id)} onStay={() => setAccepting(false)} />;
  return (
    <Dialog
      title={name}
      onClose={onClose}
      actions={
        <>
          {standing === 'changed' && <Button onClick={() => setAccepting(true)}>{say('trust.accept')}</Button>}
          <Button data-safe onClick={onClose}>
            {say('common.close')}
          </Button>
          {standing !== 'verified' && standing !== 'none' && (
            <Button kind="do" onClick={onVerify}>
              {say(standing === 'changed' ? 'trust.verifyAgain' : 'verify.person')}
            </Button>
          )}
        </>
      }
    >
      <div className={look['person']}>
        <WhoStamp id={person.id} name={person.name} lang={person.lang} />
        <span className="grow">
          <span className="meta">{person.id}</span>
          <br />
          <State {...looksOf[standing]}>{say(`trust.${standing}`)}</State>
        </span>
      </div>
      <p>{rich(say, `trust.${standing}.text`, { name })}</p>
      <h3>{say('trust.devices')}</h3>
      {fault && (
        <p className="hint error" role="alert">
          {sayFault(say, fault)}
        </p>
      )}
      {devices === undefined && fault === undefined && (
        <p className="sub" role="status">
          {say('trust.devices.loading')}
        </p>
      )}
      <ul className={look['devices']}>
        {devices?.map((one) => (
          <li key={one.id}>
            {one.name}
            {one.signed ? (
              <State kind="ok" icon={IconVerified}>
                {say('trust.device.signed')}
              </State>
            ) : (
              <State kind="wait" icon={IconNotConfirmed}>
                {say('trust.device.unsigned')}
              </State>
            )}
          </li>
        ))}
      </ul>
      {children}
    </Dialog>
  );
}
