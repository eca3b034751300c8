import { Button } from '../kit/Button';
import { IconDone, IconWarning, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { HandedMessage, MissingItem } from '../state/timeline';
import { useTask } from '../state/useTask';
import type { Acts } from './acts';
import look from './Missing.module.css';

interface Props {
  item: MissingItem;
  acts: Acts['missing'];
}

/** A gap: something that others saw has not come, or does not fit. It can be asked for, and reported. */
export function Missing({ item, acts }: Props) {
  const say = useSay();
  const { gap, handed, sender } = item;
  const name = <span lang={sender.lang}>{sender.name}</span>;
  const said = gap.is === 'missing' ? rich(say, 'missing.message', { name, count: gap.count }) : rich(say, `missing.${gap.is}`, { name });
  const askable = acts !== undefined && (gap.is === 'missing' || gap.is === 'named') && handed.length === 0;
  return (
    <section className={look['missing']} data-said data-gap>
      <State icon={IconWithheld} kind="stop">
        <span>{said}</span>
      </State>
      <p>{say('missing.why')}</p>
      {handed.map((one) => (
        <Handed key={one.id} one={one} />
      ))}
      {acts && (
        <div className={look['acts']}>
          {askable && <Ask asked={gap.asked} onAsk={() => acts.ask(gap)} />}
          <Button kind="quiet" onClick={acts.report}>
            {say('missing.report')}
          </Button>
        </div>
      )}
    </section>
  );
}

function Ask({ asked, onAsk }: { asked: number | undefined; onAsk: () => Promise<unknown> }) {
  const say = useSay();
  const { running, fault, run } = useTask();
  const says = (): string => {
    if (running) return say('missing.asking');
    if (fault !== undefined) return say('missing.notAsked', { why: sayFault(say, fault) });
    if (asked === undefined) return '';
    return asked === 0 ? say('missing.nobody') : say('missing.asked', { count: asked });
  };
  return (
    <>
      <Button disabled={running} onClick={() => void run(onAsk)}>
        {say(asked === undefined ? 'missing.ask' : 'missing.again')}
      </Button>
      <span role="status" className="meta">
        {says()}
      </span>
    </>
  );
}

function Handed({ one: { by, sender, body, lang, checked } }: { one: HandedMessage }) {
  const say = useSay();
  const names = { name: <span lang={sender.lang}>{sender.name}</span>, by: <span lang={by.lang}>{by.name}</span> };
  return (
    <div>
      <blockquote lang={body === '' ? undefined : lang} dir="auto">
        {body === '' ? say('missing.handed.other') : body}
      </blockquote>
      <State icon={checked ? IconDone : IconWarning} kind={checked ? 'ok' : 'wait'}>
        <span>{rich(say, checked ? 'missing.handed' : 'missing.handed.unchecked', names)}</span>
      </State>
    </div>
  );
}
