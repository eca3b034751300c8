import { useEffect, useRef } from 'react';
import { Button } from '../kit/Button';
import { Icon } from '../kit/Icon';
import { IconClose, IconDone, IconDownload, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { useSay, rich } from '../lang/useSay';
import { useStore } from '../state/useStore';
import type { ShownWarrant, Warrants } from '../state/warrants';
import { Course } from './Course';
import { Deed } from './Deed';
import { Refused, saveFile, When } from './Parts';
import { Proof } from './Proof';
import look from './warrants.module.css';

interface Props {
  warrants: Pick<Warrants, 'snapshot' | 'subscribe' | 'open' | 'leave' | 'look' | 'see'>;
  /** Who one is. */
  me: string;
  onAppeal: (of: ShownWarrant) => void;
}

/** What was decided about the person at this device: until when, what, why, by whom, and how to object. */
export function DecidedPlace({ warrants, me, onAppeal }: Props) {
  const say = useSay();
  const { about, suspendedUntil, power, fault, unseen } = useStore(warrants);
  const ref = useRef<HTMLElement>(null);

  // It follows the server for as long as it is on the screen.
  useEffect(() => {
    warrants.open();
    ref.current?.focus();
    return () => warrants.leave();
  }, [warrants]);

  // What stands on the screen was seen.
  useEffect(() => {
    if (about !== undefined && fault === undefined && unseen) warrants.see();
  }, [warrants, about, fault, unseen]);

  return (
    <main className={look['wrap']} ref={ref} tabIndex={-1}>
      <header className={look['lead']}>
        {suspendedUntil !== undefined && <p className="meta">{say('decided.title')}</p>}
        <h1>{suspendedUntil === undefined ? say('decided.title') : rich(say, 'decided.suspended', { when: <When at={suspendedUntil} /> })}</h1>
      </header>
      {fault && (
        <Say kind="stop" icon={IconWithheld} title={say('decided.failed')} live>
          <p>
            <Refused fault={fault} />
          </p>
          <Button onClick={() => void warrants.look()}>{say('signin.failed.again')}</Button>
        </Say>
      )}
      {about === undefined && fault === undefined && (
        <p className="sub" role="status">
          {say('decided.loading')}
        </p>
      )}
      {about?.length === 0 && <p className="sub">{say('decided.none')}</p>}
      {suspendedUntil !== undefined && <Still />}
      {about?.map((of, n) => (
        <section key={of.hash} className={look['one']} aria-label={say('warrant.number', { short: of.short })}>
          <Deed of={of} me={me} withDeciders level="h2">
            <div className={look['act']}>
              {of.by.id !== me && (
                <Button {...(n === 0 ? { kind: 'do' } : {})} big onClick={() => onAppeal(of)}>
                  {say('decided.appeal')}
                </Button>
              )}
              <Button big icon={IconDownload} onClick={() => saveFile(`warrant-${of.short}.json`, of.file)}>
                {say('decided.save')}
              </Button>
            </div>
          </Deed>
          <div className={look['beside']}>
            <Course of={of} witnessed={power?.witnessed === true} title={say('warrant.course')} heading="h3" />
            <Proof of={of} heading="h3" />
          </div>
        </section>
      ))}
    </main>
  );
}

/** What a suspended person goes on doing. */
function Still() {
  const say = useSay();
  return (
    <section className="card">
      <div className="pad stack">
        <h2>{say('decided.can')}</h2>
        <ul className={look['can']}>
          {(['decided.can.read', 'decided.can.leave', 'decided.can.object'] as const).map((id) => (
            <li key={id}>
              <Icon of={IconDone} />
              {say(id)}
            </li>
          ))}
          <li className={look['cannot']}>
            <Icon of={IconClose} />
            {say('decided.cannot')}
          </li>
        </ul>
      </div>
    </section>
  );
}
