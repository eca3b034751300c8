import { useEffect, useRef } from 'react';
import { Button, IconButton } from '../kit/Button';
import { IconBack, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { Tag } from '../kit/Tag';
import { useSay } from '../lang/useSay';
import type { OneCase } from '../state/case';
import type { ShownAbout, ShownCase } from '../state/cases';
import type { Person } from '../state/person';
import { hrefOf } from '../state/route';
import { useStore } from '../state/useStore';
import { Acts } from './Acts';
import look from './cases.module.css';
import { Named } from './Named';
import { Refused } from './Refused';
import { Standing } from './Standing';
import { Steps } from './Steps';
import { subjectOf } from './Subject';
import type { Texts } from './useWritten';
import { When } from './When';

interface Props {
  one: OneCase;
  texts: Texts & { lookedAt: (one: ShownCase) => void };
  me: string;
  /** Shows who somebody is; absent where this device cannot. */
  onPerson: (person: Person) => (() => void) | undefined;
  onWrite: (userId: string) => Promise<void>;
  /** Back to the list. */
  onBack: () => void;
}

/** One case: what it is about, all that was done in it, and what one may do now. */
export function CasePage({ one, texts, me, onPerson, onWrite, onBack }: Props) {
  const say = useSay();
  const { is, fault } = useStore(one);
  const ref = useRef<HTMLElement>(null);

  // It follows the server for as long as it is on the screen. Whoever opens it goes on in it.
  useEffect(() => {
    one.open();
    ref.current?.focus();
    return () => one.close();
  }, [one]);

  // What stands on the screen was looked at.
  useEffect(() => {
    if (is !== undefined) texts.lookedAt(is);
  }, [texts, is]);

  const person = (who: Person) => (
    <>
      <Named of={who} /> {who.id === me && <Tag kind="ink">{say('people.you')}</Tag>}
    </>
  );
  return (
    <article className={look['case']} ref={ref} tabIndex={-1} aria-label={say('cases.number', { number: one.number })}>
      <div className="row">
        <span className={look['back']}>
          <IconButton icon={IconBack} label={say('cases.back')} onClick={onBack} />
        </span>
        <p className="meta">{say('cases.number', { number: one.number })}</p>
      </div>
      {fault && (
        <Say kind="stop" icon={IconWithheld} live>
          <p>
            <Refused fault={fault} />
          </p>
          <Button onClick={() => void one.look()}>{say('signin.failed.again')}</Button>
        </Say>
      )}
      {is === undefined && fault === undefined && (
        <p className="sub" role="status">
          {say('cases.loading')}
        </p>
      )}
      {is !== undefined && (
        <>
          <header className={look['head']}>
            <h1>{subjectOf(say, is.about)}</h1>
            <Standing of={is} />
          </header>
          <Where about={is.about} onPerson={onPerson} />
          <dl className="kv">
            <dt>{say('cases.reporter')}</dt>
            <dd>{person(is.reporter)}</dd>
            <dt>{say('cases.inCharge')}</dt>
            <dd>{is.inCharge === undefined ? say('cases.inCharge.nobody') : person(is.inCharge)}</dd>
            <dt>{say('cases.opened')}</dt>
            <dd>
              <When at={is.opened} exactly />
            </dd>
            {is.state === 'open' && is.inCharge === undefined && (
              <>
                <dt>{say('cases.due')}</dt>
                <dd>
                  <When at={is.due} />
                </dd>
              </>
            )}
          </dl>
          <section className="stack">
            <h2>{say('cases.steps')}</h2>
            <Steps of={is} />
          </section>
          <Acts key={is.number} one={is} texts={texts} act={one.act} onWrite={onWrite} />
        </>
      )}
    </article>
  );
}

/** The way to what a case is about, where this device can show it; else why not. */
function Where({ about, onPerson }: { about: ShownAbout; onPerson: Props['onPerson'] }) {
  const say = useSay();
  if (about.is === 'person') {
    const show = onPerson(about.person);
    return (
      <div className="row wrap">
        <span className="meta">{about.person.id}</span>
        {show && (
          <Button kind="quiet" aria-haspopup="dialog" onClick={show}>
            {say('trust.about')}
          </Button>
        )}
      </div>
    );
  }
  const { where } = about;
  const event = about.is === 'message' ? about.event : undefined;
  if (where.here) {
    return (
      <div>
        <a className={look['go']} href={hrefOf({ at: 'room', id: where.id, ...(event === undefined ? {} : { event }) })}>
          {say(`cases.about.show.${about.is}`)}
        </a>
      </div>
    );
  }
  return (
    <div className={look['away']}>
      <p className="sub">{say('cases.about.away')}</p>
      <p className="meta mono" translate="no">
        {where.id}
      </p>
      {event !== undefined && (
        <p className="meta mono" translate="no">
          {event}
        </p>
      )}
    </div>
  );
}
