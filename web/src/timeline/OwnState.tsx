import { Button } from '../kit/Button';
import { IconNotConfirmed, IconStillHere, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import { sayFault } from '../lang/sayFault';
import { useSay } from '../lang/useSay';
import type { Delivery } from '../state/delivery';
import { hrefOf } from '../state/route';
import type { Reader } from '../state/readers';
import type { Message } from '../state/timeline';
import { Reach } from './Reach';

interface Props {
  state: NonNullable<Message['state']>;
  /** Who is known to have read it, of how many others. */
  readers?: readonly Reader[] | undefined;
  others?: number;
  /** Whose devices are known to have it. */
  delivery?: Delivery | undefined;
  /** When it was sent. */
  at?: number;
  onRetry: (() => void) | undefined;
  /** Set where trying again can never help, and other words can. */
  onRewrite?: (() => void) | undefined;
  onDiscard: (() => void) | undefined;
}

/** Where one's own message is, as far as that is known. */
export function OwnState({ state, ...rest }: Props) {
  const say = useSay();
  return (
    <>
      <Where state={state} {...rest} />
      {state.unkept && (
        <State icon={IconWithheld} kind="stop">
          {say('timeline.unkept')}
        </State>
      )}
    </>
  );
}

function Where({ state, readers, others = 0, delivery, at = 0, onRetry, onRewrite, onDiscard }: Props) {
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
      return <Reach readers={readers} others={others} delivery={delivery} at={at} />;
    case 'stopped':
      return (
        <>
          <State icon={IconWithheld} kind="stop">
            {say('timeline.notSent', { why: sayFault(say, state.fault) })}
          </State>
          {state.fault.id === 'fault.suspended' && <a href={hrefOf({ at: 'decided' })}>{say('decided.title')}</a>}
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
