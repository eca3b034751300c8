import { useState } from 'react';
import { Button } from '../kit/Button';
import { IconDone, IconNotConfirmed, IconSign } from '../kit/icons';
import { State } from '../kit/State';
import { useSay } from '../lang/useSay';
import type { Asking } from '../state/route';
import type { Power, ShownWarrant, Warrants } from '../state/warrants';
import { Course } from './Course';
import { Deed } from './Deed';
import { Unwitnessed } from './OnTheDesk';
import { Named, OfficerLine } from './Parts';
import { Proof } from './Proof';
import { Refuse } from './Refuse';
import { Sign } from './Sign';
import look from './warrants.module.css';

interface Props {
  of: ShownWarrant;
  me: string;
  warrants: Pick<Warrants, 'approve' | 'refuse' | 'written' | 'keep'>;
  power: Power;
  onAsk: (ask: Asking, of: ShownWarrant) => void;
}

/** A warrant on the desk: the deed, who has signed it, and what an officer may do. */
export function DeskPage({ of, me, warrants, power, onAsk }: Props) {
  const say = useSay();
  const [doing, setDoing] = useState<'sign' | 'refuse'>();
  const waits = of.state === 'open';
  const mayRestore = power.own !== undefined && of.kind === 'suspend' && of.entry !== undefined && of.state !== 'over';
  const close = (): void => setDoing(undefined);
  return (
    <div className={look['desk']}>
      <Deed of={of} me={me} level="h1">
        {waits && (
          <div className={look['act']}>
            {(of.mine === 'open' || of.mine === 'refused') && of.agrees && (
              <Button kind="do" icon={IconSign} onClick={() => setDoing('sign')}>
                {say('desk.approve')}
              </Button>
            )}
            {of.mine === 'open' && <Button onClick={() => setDoing('refuse')}>{say('desk.refuse')}</Button>}
            {of.mine !== 'open' && <span className="sub">{say(`desk.mine.${of.mine}`)}</span>}
          </div>
        )}
        {mayRestore && (
          <div className={look['act']}>
            <Button onClick={() => onAsk('restore', of)}>{say('desk.ask.restore')}</Button>
          </div>
        )}
      </Deed>
      <div className={look['beside']}>
        <Approvals of={of} me={me} />
        <Course of={of} witnessed={power.witnessed} title={say(waits ? 'warrant.next' : 'warrant.course')} heading="h2" />
        {waits && <Unwitnessed power={power} />}
        <Proof of={of} heading="h2" />
      </div>
      {doing === 'sign' && <Sign of={of} warrants={warrants} onClose={close} />}
      {doing === 'refuse' && <Refuse of={of} warrants={warrants} onClose={close} />}
    </div>
  );
}

function Approvals({ of, me }: { of: ShownWarrant; me: string }) {
  const say = useSay();
  const { approvals, may, needs } = of;
  const have = approvals.length;
  // All whom the first one appoints are known; of the others, any may come.
  const named = of.state === 'open' && of.kind === 'appoint' && of.charter !== undefined;
  const left = of.state === 'open' && !named ? Math.max(0, needs - have) : 0;
  const oneOffice = new Set(approvals.map(({ office }) => office)).size < 2 && have > 0;
  return (
    <section className="card">
      <div className="pad stack">
        <h2>{say('warrant.approvals', { have, needs: Math.max(needs, have) })}</h2>
        <ul className={look['officers']}>
          {approvals.map((one) => (
            <OfficerLine key={one.key} of={one}>
              <State icon={IconDone} kind="ok">
                {say('warrant.signed')}
              </State>
            </OfficerLine>
          ))}
          {named &&
            may.map((one) => (
              <li key={one.key} className="row">
                <span className={look['slot']} />
                <div className="grow">
                  {one.person.id === me ? <b>{say('people.you')}</b> : <Named of={one.person} />}
                  <br />
                  <span className="meta">{say(`office.${one.office}`)}</span>
                </div>
                <State icon={IconNotConfirmed}>{say('warrant.slot')}</State>
              </li>
            ))}
          {Array.from({ length: left }, (_, n) => (
            <li key={n} className="row">
              <span className={look['slot']} />
              <div className="grow">
                {say(oneOffice && n === left - 1 ? 'warrant.slot.office' : 'warrant.slot.any')}
                <br />
                <span className="meta">{say('warrant.slot.may', { n: may.length })}</span>
              </div>
              <State icon={IconNotConfirmed}>{say('warrant.slot')}</State>
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
