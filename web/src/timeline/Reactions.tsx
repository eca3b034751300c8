import { IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Message, ShownReaction } from '../state/timeline';
import { useTask } from '../state/useTask';
import type { Acts } from './acts';
import { OwnState } from './OwnState';
import look from './Reactions.module.css';

/** The reactions under a message: how many of each, and whose. Pressing one adds or takes back one's own. */
export function Reactions({ item, acts, mayWrite }: { item: Message; acts: Acts; mayWrite: boolean }) {
  if (item.reactions.length === 0) return null;
  return (
    <div className={look['reactions']}>
      {item.reactions.map((reaction) => (
        <One key={reaction.key} reaction={reaction} item={item} acts={acts} mayWrite={mayWrite} />
      ))}
    </div>
  );
}

function One({ reaction, item, acts, mayWrite }: { reaction: ShownReaction; item: Message; acts: Acts; mayWrite: boolean }) {
  const say = useSay();
  const back = useTask();
  const { key, who, mine } = reaction;
  const out = mine?.out;
  const names = say('timeline.reaction', { key, names: who.map((person) => person.name).join(', ') });
  const press = (): void => {
    if (mine === undefined) return acts.react(item, key);
    const { id } = mine;
    if (id !== undefined) void back.run(() => acts.unreact(id));
  };
  return (
    <>
      <button
        type="button"
        className={out === undefined ? look['one'] : `${look['one'] ?? ''} ${look['held'] ?? ''}`}
        aria-pressed={mine !== undefined}
        title={names}
        disabled={!mayWrite || item.id === undefined || back.running || (mine !== undefined && mine.id === undefined)}
        onClick={press}
      >
        <span className={look['key']} aria-hidden="true">
          {key}
        </span>
        <span aria-hidden="true">{who.length}</span>
        <span className="unseen">{names}</span>
      </button>
      {out?.state.is === 'stopped' && (
        <>
          <State icon={IconWithheld} kind="stop">
            {say('timeline.reaction.notSent', { key })}
          </State>
          <OwnState state={out.state} onRetry={() => acts.retry(out.key)} onDiscard={() => acts.discard(out.key)} />
        </>
      )}
      {back.fault && (
        <State icon={IconWithheld} kind="stop">
          {say('timeline.reaction.kept', { key, why: sayFault(say, back.fault) })}
        </State>
      )}
    </>
  );
}
