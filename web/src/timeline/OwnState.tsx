import { Button } from '../kit/Button';
import { IconNotConfirmed, IconSaved, IconStillHere, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Reader } from '../state/readers';
import type { Message } from '../state/timeline';
import { ReadBy } from './ReadBy';

interface Props {
  state: NonNullable<Message['state']>;
  /** Who is known to have read it, of how many others. */
  readers?: readonly Reader[] | undefined;
  others?: number;
  onRetry: (() => void) | undefined;
  /** Set where trying again can never help, and other words can. */
  onRewrite?: (() => void) | undefined;
  onDiscard: (() => void) | undefined;
}

/** Where one's own message is, as far as that is known. */
export function OwnState({ state, readers, others = 0, onRetry, onRewrite, onDiscard }: Props) {
  const say = useSay();
  return (
    <>
      <Where state={state} readers={readers} others={others} onRetry={onRetry} onRewrite={onRewrite} onDiscard={onDiscard} />
      {state.unkept && (
        <State icon={IconWithheld} kind="stop">
          {say('timeline.unkept')}
        </State>
      )}
    </>
  );
}

function Where({ state, readers, others = 0, onRetry, onRewrite, onDiscard }: Props) {
  const say = useSay();
  switch (state.is) {
    case 'waiting':
      return <State icon={IconStillHere}>{say('timeline.waiting')}</State>;
    case 'sending':
      return <State icon={IconNotConfirmed}>{say('timeline.sending')}</State>;
    case 'unknown':
      return (
        <State icon={IconNotConfirmed}>
          {state.fault === undefined ? say('timeline.unknown') : say('timeline.unknown.why', { why: sayFault(say, state.fault) })}
        </State>
      );
    case 'saved':
      return readers !== undefined ? <ReadBy readers={readers} others={others} /> : <State icon={IconSaved}>{say('timeline.saved')}</State>;
    case 'stopped':
      return (
        <>
          <State icon={IconWithheld} kind="stop">
            {say('timeline.notSent', { why: sayFault(say, state.fault) })}
          </State>
          {onRewrite && (
            <Button kind="quiet" onClick={onRewrite}>
              {say('timeline.rewrite')}
            </Button>
          )}
          {onRetry && (
            <Button kind="quiet" onClick={onRetry}>
              {say('timeline.retry')}
            </Button>
          )}
          {onDiscard && (
            <Button kind="quiet" onClick={onDiscard}>
              {say('timeline.discard')}
            </Button>
          )}
        </>
      );
  }
}
