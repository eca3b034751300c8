import { Button } from '../kit/Button';
import { Choices } from '../kit/Choices';
import { Field } from '../kit/Field';
import { useSay } from '../lang/useSay';
import { newOfficer, offices, type AskForm, type FormOfficer } from '../state/askwarrant';

interface Props {
  of: AskForm['appoint'];
  wrong: (field: string) => string | undefined;
  onChange: (next: AskForm['appoint']) => void;
}

/** Who becomes an officer, of which office, with which key, until when. */
export function AskOfficers({ of, wrong, onChange }: Props) {
  const say = useSay();
  const put = (n: number, part: Partial<FormOfficer>): void => onChange(of.map((one, at) => (at === n ? { ...one, ...part } : one)));
  const few = wrong('appoint');
  return (
    <div className="stack">
      {of.map((one, n) => (
        <fieldset key={n}>
          <legend>{say('ask.officer.n', { n: n + 1 })}</legend>
          <Field label={say('ask.officer.account')} autoCapitalize="none" spellCheck={false} autoComplete="off" value={one.user} error={wrong(`appoint.${n}.user`)} onChange={(event) => put(n, { user: event.target.value })} />
          <Choices label={say('ask.officer.office')} choices={offices.map((value) => ({ value, words: say(`office.${value}`) }))} chosen={one.office} onChoose={(office) => put(n, { office })} />
          <Field mono label={say('ask.officer.key')} hint={say('ask.officer.key.hint')} autoCapitalize="none" spellCheck={false} autoComplete="off" value={one.key} error={wrong(`appoint.${n}.key`)} onChange={(event) => put(n, { key: event.target.value })} />
          <Field type="date" label={say('ask.officer.until')} value={one.until} error={wrong(`appoint.${n}.until`)} onChange={(event) => put(n, { until: event.target.value })} />
          {of.length > 1 && (
            <div className="row">
              <Button kind="quiet" onClick={() => onChange(of.filter((_, at) => at !== n))}>
                {say('ask.remove')}
              </Button>
            </div>
          )}
        </fieldset>
      ))}
      {few !== undefined && (
        <p className="hint error" role="alert">
          {few}
        </p>
      )}
      {of.length < 9 && (
        <div className="row">
          <Button onClick={() => onChange([...of, newOfficer('staff', Date.now())])}>{say('ask.officer.add')}</Button>
        </div>
      )}
    </div>
  );
}
