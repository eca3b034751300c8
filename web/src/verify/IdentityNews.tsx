import { useState } from 'react';
import { Button } from '../kit/Button';
import { IconWarning } from '../kit/icons';
import { Say } from '../kit/Say';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import type { RoomTrust } from '../state/roomtrust';
import { useStore } from '../state/useStore';
import { useTask } from '../state/useTask';
import { AcceptIdentity } from './AcceptIdentity';
import look from './verify.module.css';

interface Props {
  trust: RoomTrust;
  onVerify: (userId: string) => void;
}

/** People of a room who have another identity than before: a statement where they were verified, a quiet line where not; and those whose identity is not in the public record. */
export function IdentityNews({ trust, onVerify }: Props) {
  const say = useSay();
  const { changed, renewed, unproven } = useStore(trust);
  const known = (person: Person): boolean => !unproven.some((one) => one.id === person.id);
  const task = useTask();
  const [accepting, setAccepting] = useState<Person>();
  if (changed.length + renewed.length + unproven.length === 0) return null;
  return (
    <div className={look['news']}>
      {unproven.map((person) => {
        const name = <span lang={person.lang}>{person.name}</span>;
        return (
          <Say key={person.id} kind="stop" icon={IconWarning} title={rich(say, 'trust.unproven.title', { name })} live>
            {rich(say, 'trust.unproven.text', { name })}
            <div className="row wrap">
              <Button onClick={() => void task.run(trust.proveAgain)}>{say('trust.unproven.again')}</Button>
              <Button kind="quiet" onClick={() => onVerify(person.id)}>
                {say('verify.person')}
              </Button>
            </div>
          </Say>
        );
      })}
      {changed.filter(known).map((person) => {
        const name = <span lang={person.lang}>{person.name}</span>;
        return (
          <Say key={person.id} kind="wait" icon={IconWarning} title={rich(say, 'trust.changed.title', { name })} live>
            {rich(say, 'trust.changed.text', { name })}
            <div className="row wrap">
              <Button onClick={() => onVerify(person.id)}>{say('trust.verifyAgain')}</Button>
              <Button kind="quiet" onClick={() => setAccepting(person)}>
                {say('trust.accept')}
              </Button>
            </div>
          </Say>
        );
      })}
      {renewed.filter(known).map((person) => (
        <div key={person.id} className={look['quiet']} role="status">
          <span>{rich(say, 'trust.renewed.text', { name: <span lang={person.lang}>{person.name}</span> })}</span>
          <Button kind="quiet" onClick={() => onVerify(person.id)}>
            {say('verify.person')}
          </Button>
          <Button kind="quiet" onClick={() => void task.run(() => trust.accept(person.id))}>
            {say('trust.noted')}
          </Button>
        </div>
      ))}
      {accepting && <AcceptIdentity person={accepting} onAccept={() => trust.accept(accepting.id)} onStay={() => setAccepting(undefined)} />}
    </div>
  );
}
