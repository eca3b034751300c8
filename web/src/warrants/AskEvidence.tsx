import { Button } from '../kit/Button';
import { Field } from '../kit/Field';
import { useSay } from '../lang/useSay';
import { noEvidence, type AskForm } from '../state/askwarrant';
import look from './warrants.module.css';

interface Props {
  of: AskForm['evidence'];
  wrong: (field: string) => string | undefined;
  onChange: (next: AskForm['evidence']) => void;
}

/** The pieces of evidence: each with what it proves, and what it does not. */
export function AskEvidence({ of, wrong, onChange }: Props) {
  const say = useSay();
  const field = (n: number, name: keyof typeof noEvidence) => ({
    label: say(`ask.evidence.${name}`),
    value: of[n]?.[name] ?? '',
    error: wrong(`evidence.${n}.${name}`),
    onChange: (event: { target: { value: string } }) => onChange(of.map((one, at) => (at === n ? { ...one, [name]: event.target.value } : one))),
  });
  return (
    <div className="stack">
      {of.map((_, n) => (
        <fieldset key={n}>
          <legend>{say('ask.evidence.n', { n: n + 1 })}</legend>
          <Field {...field(n, 'what')} />
          <div className={look['two']}>
            <Field {...field(n, 'shows')} />
            <Field {...field(n, 'not')} />
          </div>
          <Field mono spellCheck={false} {...field(n, 'sha256')} />
          <div className="row">
            <Button kind="quiet" onClick={() => onChange(of.filter((__, at) => at !== n))}>
              {say('ask.remove')}
            </Button>
          </div>
        </fieldset>
      ))}
      <div className="row">
        <Button onClick={() => onChange([...of, noEvidence])}>{say('ask.evidence.add')}</Button>
      </div>
    </div>
  );
}
