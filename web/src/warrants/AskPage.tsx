import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Area } from '../kit/Area';
import { Button } from '../kit/Button';
import { Choices } from '../kit/Choices';
import { Field } from '../kit/Field';
import { Picker, type Choice } from '../kit/Picker';
import { Switch } from '../kit/Switch';
import { useSay } from '../lang/useSay';
import { askedOf, blankForm, type AskForm, type Wrongs } from '../state/askwarrant';
import type { Asking } from '../state/route';
import { useTask } from '../state/useTask';
import type { Power, ShownWarrant, Warrants } from '../state/warrants';
import { AskEvidence } from './AskEvidence';
import { AskOfficers } from './AskOfficers';
import { OfficerLine, Refused } from './Parts';
import { titleOf } from './Title';
import { Unwitnessed } from './OnTheDesk';
import look from './warrants.module.css';

interface Props {
  kind: Asking;
  /** What is to be ended. */
  ends: ShownWarrant | undefined;
  warrants: Pick<Warrants, 'ask' | 'written' | 'keep'>;
  power: Power;
  find: (typed: string) => Promise<readonly Choice[]>;
  userId: (typed: string) => string | undefined;
  onDone: (of: ShownWarrant) => void;
}

/** What somebody fills in to ask for a warrant: everything that its officers and the person will read. */
export function AskPage({ kind, ends, warrants, power, find, userId, onDone }: Props) {
  const say = useSay();
  const first = power.charter === undefined;
  const name = `ask ${kind} ${ends?.hash ?? ''}`;
  const [form, setForm] = useState<AskForm>(() => {
    const kept = warrants.written(name);
    return kept === '' ? blankForm({ scope: say(`ask.scope.${kind}`), appeal: say('ask.appeal.text') }, first, Date.now()) : (JSON.parse(kept) as AskForm);
  });
  const [chosen, setChosen] = useState<readonly Choice[]>([]);
  const [wrongs, setWrongs] = useState<Wrongs>({});
  const ref = useRef<HTMLFormElement>(null);
  const task = useTask();

  // Whoever asked without having filled in all of it goes on at the first that is missing.
  useEffect(() => ref.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus(), [wrongs]);

  const write = (part: Partial<AskForm>): void => {
    const next = { ...form, ...part };
    setForm(next);
    warrants.keep(name, JSON.stringify(next));
  };
  const wrong = (field: string): string | undefined => {
    const is = wrongs[field];
    return is === undefined ? undefined : say(`ask.wrong.${is}`);
  };
  const submit = async (): Promise<void> => {
    const subject = chosen[0]?.id ?? form.subject;
    const is = askedOf(kind, { ...form, subject }, { first, reverses: ends?.entry, userId, now: Date.now() });
    setWrongs('wrongs' in is ? is.wrongs : {});
    if ('wrongs' in is) return;
    await task.run(async () => {
      const made = await warrants.ask(is.asked);
      warrants.keep(name, '');
      onDone(made);
    });
  };
  const text = (field: 'scope' | 'ground' | 'law' | 'outside' | 'appeal' | 'approvals' | 'sealDays' | 'until') => ({
    value: form[field], onChange: (event: { target: { value: string } }) => write({ [field]: event.target.value }), error: wrong(field),
  });
  const area = (field: 'reasons' | 'milder') => {
    const error = wrong(field);
    return { value: form[field], onChange: (event: { target: { value: string } }) => write({ [field]: event.target.value }), ...(error === undefined ? {} : { error }) };
  };
  return (
    <form
      ref={ref}
      className={look['form']}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <header className="stack">
        <h1>{say(kind === 'appoint' && first ? 'warrant.appoint.first' : (`desk.ask.${kind}` as const)).replace(/…$/, '')}</h1>
        <p className="sub">{say(first ? 'ask.what.first' : 'ask.what')}</p>
        <Unwitnessed power={power} />
      </header>
      {kind === 'suspend' && (
        <>
          <Picker
            label={say('ask.person')}
            hint={say('ask.person.hint')}
            error={wrong('subject')}
            chosen={chosen}
            typed={form.subject}
            onChoose={(all) => setChosen(all.slice(-1))}
            onType={(subject) => write({ subject })}
            find={find}
            remove={(of) => say('picker.remove', { name: of })}
            bot={say('people.bot')}
            found={(n) => say('picker.found', { n })}
          />
          <Field type="datetime-local" label={say('ask.until')} hint={say('ask.until.hint')} {...text('until')} />
        </>
      )}
      {kind === 'restore' && ends !== undefined && <p>{titleOf(say, ends, '')}</p>}
      {kind === 'appoint' && <AskOfficers of={form.appoint} wrong={wrong} onChange={(appoint) => write({ appoint })} />}
      {kind === 'appoint' && first && (
        <>
          <Field inputMode="numeric" label={say('ask.approvals')} hint={say('ask.approvals.hint')} {...text('approvals')} />
          <Field inputMode="numeric" label={say('ask.seal')} hint={say('ask.seal.hint')} {...text('sealDays')} />
          <Switch label={say('ask.secrets')} on={form.stateSecrets} onChange={(stateSecrets) => write({ stateSecrets })}>
            {say('ask.secrets.hint')}
          </Switch>
        </>
      )}
      {kind === 'dismiss' && (
        <fieldset>
          <legend>{say('ask.dismiss')}</legend>
          <ul className="stack">
            {power.officers.map((one) => (
              <li key={one.key}>
                <label className={look['tick']}>
                  <input type="checkbox" checked={form.dismiss.includes(one.key)} onChange={(event) => write({ dismiss: event.target.checked ? [...form.dismiss, one.key] : form.dismiss.filter((key) => key !== one.key) })} />
                  <ul className="grow">
                    <OfficerLine of={one} />
                  </ul>
                </label>
              </li>
            ))}
          </ul>
          <Wrong>{wrong('dismiss')}</Wrong>
        </fieldset>
      )}
      <Field label={say('ask.scope')} {...text('scope')} />
      <div>
        <Choices<'law' | 'contract' | ''>
          label={say('ask.ground.kind')}
          choices={[
            { value: 'law', words: say('warrant.ground.law') },
            { value: 'contract', words: say('warrant.ground.contract') },
          ]}
          chosen={form.contract === undefined ? '' : form.contract ? 'contract' : 'law'}
          onChoose={(value) => write({ contract: value === 'contract' })}
        />
        <Wrong>{wrong('contract')}</Wrong>
      </div>
      <Field label={say('ask.ground')} {...text('ground')} />
      <div className={look['two']}>
        <Field label={say('ask.law')} hint={say('ask.law.hint')} maxLength={2} autoCapitalize="characters" {...text('law')} />
        <Field label={say('ask.outside')} {...text('outside')} />
      </div>
      <Area label={say('ask.reasons')} {...area('reasons')} />
      <AskEvidence of={form.evidence} wrong={wrong} onChange={(evidence) => write({ evidence })} />
      {kind === 'suspend' && (
        <>
          <Switch label={say('ask.automated')} on={form.automated} onChange={(automated) => write({ automated })}>
            {say('ask.automated.hint')}
          </Switch>
          <Area label={say('ask.milder')} {...area('milder')} />
        </>
      )}
      <Field label={say('ask.appeal')} {...text('appeal')} />
      <div className="row">
        <Button kind="do" type="submit" disabled={task.running}>
          {say('ask.do')}
        </Button>
      </div>
      <Wrong>{Object.keys(wrongs).length > 0 ? say('ask.wrong') : task.fault && <Refused fault={task.fault} />}</Wrong>
    </form>
  );
}

function Wrong({ children }: { children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <p className="hint error" role="alert">
      {children}
    </p>
  );
}
