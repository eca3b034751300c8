import { useState } from 'react';
import { Area } from '../kit/Area';
import { Button } from '../kit/Button';
import { Choices } from '../kit/Choices';
import { Dialog } from '../kit/Dialog';
import type { SentenceId } from '../lang/lang';
import { rich, useSay } from '../lang/useSay';
import type { OneCase } from '../state/case';
import type { Act, Outcome, ShownCase } from '../state/cases';
import { useTask } from '../state/useTask';
import look from './cases.module.css';
import { Named } from './Named';
import { Refused } from './Refused';
import { useWritten, type Texts } from './useWritten';

interface Props {
  one: ShownCase;
  texts: Texts;
  act: OneCase['act'];
  /** Goes to the encrypted conversation with somebody. */
  onWrite: (userId: string) => Promise<void>;
}

/** What one may do in a case now. */
export function Acts({ one, texts, act, onWrite }: Props) {
  const say = useSay();
  const writing = useTask();
  const [asking, setAsking] = useState<'decide' | 'appeal' | 'withdraw'>();
  const other = one.part === 'reporter' ? one.inCharge : one.part === 'inCharge' ? one.reporter : undefined;
  const close = (): void => setAsking(undefined);
  const dialog = { one, texts, act, onClose: close };
  return (
    <>
      {(one.may.includes('decide') || one.may.includes('appeal')) && (
        <div className="row wrap buttons">
          {one.may.includes('decide') && (
            <Button kind="do" onClick={() => setAsking('decide')}>
              {say('cases.decide')}
            </Button>
          )}
          {one.may.includes('appeal') && (
            <Button kind="do" onClick={() => setAsking('appeal')}>
              {say('cases.appeal')}
            </Button>
          )}
        </div>
      )}
      {one.may.includes('say') && <Add one={one} texts={texts} act={act} />}
      {(other !== undefined || one.may.includes('withdraw')) && (
        <div className={look['others']}>
          {other !== undefined && <p className="sub">{say('cases.write.what')}</p>}
          <div className="row wrap buttons">
            {other !== undefined && (
              <Button disabled={writing.running} onClick={() => void writing.run(() => onWrite(other.id))}>
                <span>{rich(say, 'cases.write', { name: <Named of={other} /> })}</span>
              </Button>
            )}
            {one.may.includes('withdraw') && (
              <Button kind="stop" onClick={() => setAsking('withdraw')}>
                {say('cases.withdraw')}
              </Button>
            )}
          </div>
          {writing.fault && (
            <p className="hint error" role="alert">
              <Refused fault={writing.fault} />
            </p>
          )}
        </div>
      )}
      {asking === 'decide' && <Decide {...dialog} />}
      {asking === 'appeal' && <Ask {...dialog} what="appeal" label="cases.appeal.why" safe="common.cancel" empty="cases.empty" />}
      {asking === 'withdraw' && <Ask {...dialog} what="withdraw" label="cases.withdraw.why" safe="cases.withdraw.stay" />}
    </>
  );
}

interface In {
  one: ShownCase;
  texts: Texts;
  act: OneCase['act'];
}

function useAct({ one, texts, act }: In, what: Act) {
  const task = useTask();
  const text = useWritten(texts, `case ${one.number} ${what}`);
  const error = text.wrong ?? (task.fault && <Refused fault={task.fault} />);
  return {
    text,
    running: task.running,
    area: { ...text.field, ...(error === undefined ? {} : { error }) },
    /** Does it, unless something is wrong with the text. It resolves with whether it was done. */
    run: async (empty?: 'cases.empty', outcome?: Outcome): Promise<boolean> => {
      if (!text.check(empty) || !(await task.run(() => act(what, text.text, outcome)))) return false;
      text.sent();
      return true;
    },
  };
}

function Add(props: In) {
  const say = useSay();
  const { area, running, run } = useAct(props, 'say');
  const main = !props.one.may.includes('decide');
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void run('cases.empty');
      }}
    >
      <Area label={say('cases.say')} hint={say('cases.readable')} {...area} />
      <div className="row">
        <Button {...(main ? { kind: 'do' } : {})} type="submit" disabled={running}>
          {say('cases.say.do')}
        </Button>
      </div>
    </form>
  );
}

function Decide({ onClose, ...props }: In & { onClose: () => void }) {
  const say = useSay();
  const { one } = props;
  const { area, running, run } = useAct(props, 'decide');
  const [outcome, setOutcome] = useState<Outcome | ''>('');
  const [missing, setMissing] = useState(false);
  const submit = async (): Promise<void> => {
    setMissing(outcome === '');
    if (outcome !== '' && (await run('cases.empty', outcome))) onClose();
  };
  return (
    <Dialog
      title={say('cases.decide.title', { number: one.number })}
      onClose={onClose}
      onSubmit={() => void submit()}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={running}>
            {say('cases.decide.do')}
          </Button>
        </>
      }
    >
      <p>{rich(say, 'cases.decide.text', { name: <Named of={one.reporter} /> })}</p>
      <div>
        <Choices<Outcome | ''>
          label={say('cases.decide.which')}
          choices={[
            { value: 'upheld', words: say('cases.decide.upheld') },
            { value: 'not_upheld', words: say('cases.decide.not_upheld') },
          ]}
          chosen={outcome}
          onChoose={(value) => {
            setMissing(false);
            setOutcome(value);
          }}
        />
        {missing && (
          <p className="hint error" role="alert">
            {say('cases.decide.choose')}
          </p>
        )}
      </div>
      <Area label={say('cases.decide.reasons')} hint={say('cases.readable')} {...area} />
    </Dialog>
  );
}

interface AskProps extends In {
  what: 'appeal' | 'withdraw';
  label: Extract<SentenceId, 'cases.appeal.why' | 'cases.withdraw.why'>;
  safe: Extract<SentenceId, 'common.cancel' | 'cases.withdraw.stay'>;
  /** What is said where nothing is written; absent where nothing need be. */
  empty?: 'cases.empty';
  onClose: () => void;
}

/** Asks before an appeal, or before a case ends, and for the reasons. */
function Ask({ what, label, safe, empty, onClose, ...props }: AskProps) {
  const say = useSay();
  const { area, running, run } = useAct(props, what);
  return (
    <Dialog
      title={say(`cases.${what}.title`, { number: props.one.number })}
      onClose={onClose}
      onSubmit={() => {
        void run(empty).then((done) => {
          if (done) onClose();
        });
      }}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say(safe)}
          </Button>
          <Button kind={what === 'withdraw' ? 'stop' : 'do'} type="submit" disabled={running}>
            {say(`cases.${what}.do`)}
          </Button>
        </>
      }
    >
      <p>{say(`cases.${what}.text`)}</p>
      <Area label={say(label)} hint={say('cases.readable')} {...area} />
    </Dialog>
  );
}
