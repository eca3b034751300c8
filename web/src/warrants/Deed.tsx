import type { ReactNode } from 'react';
import { IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { region } from '../lang/region';
import { languageOf } from '../lang/script';
import { rich, useSay } from '../lang/useSay';
import type { InOffice, ShownWarrant } from '../state/warrants';
import { Named, OfficerLine, Seal, When } from './Parts';
import { Progress, titleOf } from './Title';
import look from './warrants.module.css';

/** The headings below one. */
export const below = { h1: 'h2', h2: 'h3' } as const;
export type Heading = (typeof below)[keyof typeof below];

interface Props {
  of: ShownWarrant;
  me: string;
  /** For the person whom it is about: with who decided it. The officers see that beside it. */
  withDeciders?: boolean;
  level: 'h1' | 'h2';
  /** What can be done, below. */
  children?: ReactNode;
}

/** All that a warrant says: the same for its officers and for the person whom it is about. */
export function Deed({ of, me, withDeciders, level: Title, children }: Props) {
  const say = useSay();
  const Sub = below[Title];
  const done = of.executed !== undefined;
  return (
    <article className={`deed ${look['deed'] ?? ''}`} aria-label={say('warrant.number', { short: of.short })}>
      <header>
        <div className="grow">
          <p className="meta">
            {say('warrant.number', { short: of.short })} · {rich(say, 'warrant.asked', { when: <When at={of.asked} />, name: <Named of={of.by} /> })}
            {of.byOffice !== undefined && <> · {say(`office.${of.byOffice}`)}</>}
          </p>
          <Title>{titleOf(say, of, me)}</Title>
          <Progress of={of} />
        </div>
        <Seal open={!done} />
      </header>
      {!of.agrees && (
        <Say kind="stop" icon={IconWithheld} title={say('warrant.differs')}>
          <p>{say('warrant.differs.text')}</p>
        </Say>
      )}
      <section>
        <dl className="kv">
          <dt>{say('warrant.scope')}</dt>
          <dd>
            <Written text={of.scope} />
          </dd>
          <dt>{say('warrant.ground')}</dt>
          <dd>
            <Written text={of.ground} />
            <br />
            <span className="meta">{say(of.contract ? 'warrant.ground.contract' : 'warrant.ground.law')}</span>
          </dd>
          <dt>{say('warrant.law')}</dt>
          <dd>
            {region(of.law)} <span className="meta">{of.law}</span>
          </dd>
          {of.outside !== '' && (
            <>
              <dt>{say('warrant.outside')}</dt>
              <dd>
                <Written text={of.outside} />
              </dd>
            </>
          )}
          {of.automated && (
            <>
              <dt>{say('warrant.automated')}</dt>
              <dd>{say('warrant.automated.program')}</dd>
            </>
          )}
          {of.until !== undefined && (
            <>
              <dt>{say('warrant.until')}</dt>
              <dd>
                <When at={of.until} />
              </dd>
            </>
          )}
          {of.charter !== undefined && (
            <>
              <dt>{say('warrant.charter')}</dt>
              <dd>
                {say('warrant.charter.approvals', { n: of.charter.approvals })}
                <br />
                {of.charter.seal_days === 0 ? say('warrant.charter.noSeal') : say('warrant.charter.seal', { n: of.charter.seal_days })}
                <br />
                {say(of.charter.state_secrets ? 'warrant.charter.secrets' : 'warrant.charter.noSecrets')}
              </dd>
            </>
          )}
        </dl>
      </section>
      <Whom heading={Sub} people={[...of.appoint, ...of.dismiss]} />
      <Part of={Sub} title={say('warrant.reasons')}>
        <Written text={of.reasons} />
      </Part>
      {withDeciders === true && <Deciders of={of} heading={Sub} />}
      <section>
        <Sub>{say('warrant.evidence')}</Sub>
        {of.evidence.length === 0 && <p className="sub">{say('warrant.evidence.none')}</p>}
        <ul className={look['evidence']}>
          {of.evidence.map((one, n) => (
            <li key={n}>
              <b>
                <Written text={one.what} />
              </b>
              <p>{rich(say, 'warrant.evidence.shows', { text: <Written text={one.shows} /> })}</p>
              <p>{one.not ? rich(say, 'warrant.evidence.not', { text: <Written text={one.not} /> }) : say('warrant.evidence.notSaid')}</p>
              {one.sha256 && <code className={look['digest']}>{one.sha256}</code>}
            </li>
          ))}
        </ul>
      </section>
      {of.milder !== '' && (
        <Part of={Sub} title={say('warrant.milder')}>
          <Written text={of.milder} />
        </Part>
      )}
      {of.words.length > 0 && (
        <section>
          <Sub>{say('warrant.said')}</Sub>
          <ul className="stack">
            {of.words.map((one) => (
              <li key={`${one.at} ${one.by.id}`}>
                <p className="meta">
                  {one.refused ? rich(say, 'warrant.refused', { name: <Named of={one.by} /> }) : <Named of={one.by} />} · <When at={one.at} />
                </p>
                <p className={look['text']} lang={one.lang} dir="auto">
                  {one.text}
                </p>
              </li>
            ))}
          </ul>
        </section>
      )}
      <Part of={Sub} title={say('warrant.appeal')}>
        <Written text={of.appeal} />
      </Part>
      {children}
    </article>
  );
}

function Part({ of: Sub, title, children }: { of: Heading; title: string; children: ReactNode }) {
  return (
    <section>
      <Sub>{title}</Sub>
      <p className={look['text']}>{children}</p>
    </section>
  );
}

/** What an officer wrote, in the shapes of its own language. */
function Written({ text }: { text: string }) {
  return (
    <span lang={languageOf(text)} dir="auto">
      {text}
    </span>
  );
}

function Whom({ heading: Sub, people }: { heading: Heading; people: readonly InOffice[] }) {
  const say = useSay();
  if (people.length === 0) return null;
  return (
    <section>
      <Sub>{say('warrant.people')}</Sub>
      <ul className={look['officers']}>
        {people.map((one) => (
          <OfficerLine key={one.key} of={one}>
            {one.until !== undefined && <span className="meta">{rich(say, 'warrant.term', { day: <When at={one.until} dayOnly /> })}</span>}
          </OfficerLine>
        ))}
      </ul>
    </section>
  );
}

function Deciders({ of, heading: Sub }: { of: ShownWarrant; heading: Heading }) {
  const say = useSay();
  const first = of.kind === 'appoint' && of.charter !== undefined;
  return (
    <section>
      <Sub>{say('decided.who')}</Sub>
      <ul className={look['officers']}>
        {of.approvals.map((one) => (
          <OfficerLine key={one.key} of={one} />
        ))}
      </ul>
      <p className="sub">{rich(say, first ? 'decided.first' : 'decided.askedBy', { name: <Named of={of.by} /> })}</p>
    </section>
  );
}
