import type { ReactNode } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { IconNotConfirmed, IconVerified, IconWithheld } from '../kit/icons';
import { Say } from '../kit/Say';
import { sayFault } from '../lang/sayFault';
import { rich, useSay } from '../lang/useSay';
import type { Verifications, Verifying } from '../state/verifications';
import { Emoji } from './Emoji';

interface Props {
  one: Verifying;
  verifications: Verifications;
  /** Closes the dialog; the verification goes on. */
  onClose: () => void;
  /** Another verification takes this one's place. */
  onAgain: (id: number) => void;
}

/** One verification, step by step. Each step is a dialog of its own, so that its title is read aloud and the focus is in its place. */
export function VerifyDialog({ one, verifications, onClose, onAgain }: Props) {
  const say = useSay();
  const { stage, id } = one;
  const own = one.with === undefined;
  const name = <span lang={one.with?.lang}>{one.with?.name}</span>;
  const title = own ? say('verify.own.title') : rich(say, 'verify.title', { name });
  const done = (): void => {
    verifications.dismiss(id);
    onClose();
  };
  const stop = (): void => {
    void verifications.cancel(id);
    onClose();
  };
  const again = (
    <>
      <Button data-safe onClick={done}>
        {say('common.close')}
      </Button>
      <Button kind="do" onClick={() => onAgain(verifications.again(id))}>
        {say('verify.again')}
      </Button>
    </>
  );
  const wait = (words: ReactNode, more?: ReactNode) => (
    <Dialog
      key="wait"
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={stop}>{say('verify.stop')}</Button>
          <Button data-safe onClick={onClose}>
            {say('verify.later')}
          </Button>
        </>
      }
    >
      <p role="status">{words}</p>
      {more}
    </Dialog>
  );
  switch (stage.at) {
    case 'starting':
      return wait(say('verify.starting'));
    case 'asked':
      if (own) return wait(say('verify.own.asked'));
      return wait(
        <>
          {rich(say, 'verify.asked', { name })} {one.invited && rich(say, 'verify.invited', { name })}
        </>,
        <p>{say('verify.meet')}</p>,
      );
    case 'preparing':
      return wait(say('verify.preparing'));
    case 'matched':
      return wait(own ? say('verify.own.matched') : rich(say, 'verify.matched', { name }));
    case 'asks':
      return (
        <Dialog
          key="asks"
          title={own ? say('verify.own.asks') : rich(say, 'verify.asks', { name })}
          onClose={onClose}
          actions={
            <>
              <Button data-safe onClick={stop}>
                {say('verify.decline')}
              </Button>
              <Button kind="do" onClick={() => void verifications.accept(id)}>
                {say('verify.begin')}
              </Button>
            </>
          }
        >
          <p>{say(own ? 'verify.own.asks.text' : 'verify.asks.text')}</p>
          {!own && <p>{say('verify.meet')}</p>}
        </Dialog>
      );
    case 'compare':
      return (
        <Dialog
          key="compare"
          title={say('verify.compare')}
          onClose={onClose}
          actions={
            <>
              <Button kind="stop" onClick={() => verifications.mismatch(id)}>
                {say('verify.differ')}
              </Button>
              <Button kind="do" onClick={() => void verifications.match(id)}>
                {say('verify.match')}
              </Button>
            </>
          }
        >
          <Emoji emoji={stage.emoji} />
          <p>{own ? say('verify.own.compare.text') : rich(say, 'verify.compare.text', { name })}</p>
          <p className="hint">{say('verify.compare.time')}</p>
        </Dialog>
      );
    case 'done':
      return (
        <Dialog
          key="done"
          title={own ? say('verify.own.done') : rich(say, 'verify.done', { name })}
          onClose={done}
          actions={
            <Button data-safe kind="do" onClick={done}>
              {say('common.close')}
            </Button>
          }
        >
          <Say kind="ok" icon={IconVerified}>
            {own ? say('verify.own.done.text') : rich(say, 'verify.done.text', { name })}
          </Say>
        </Dialog>
      );
    case 'ended':
      return (
        <Dialog key="ended" title={say(stage.why === 'mismatch' ? 'verify.mismatch' : 'verify.ended')} onClose={done} actions={again}>
          {stage.why === 'mismatch' ? (
            <Say kind="stop" icon={IconWithheld} live>
              {own ? say('verify.own.mismatch.text') : rich(say, 'verify.mismatch.text', { name })}
            </Say>
          ) : (
            <Say kind="wait" icon={IconNotConfirmed} live>
              {say(`verify.ended.${stage.why}`)}
            </Say>
          )}
        </Dialog>
      );
    case 'fault':
      return (
        <Dialog key="ended" title={say('verify.ended')} onClose={done} actions={again}>
          <Say kind="stop" icon={IconWithheld} live>
            {sayFault(say, stage.fault)} <code>{stage.fault.code}</code>
          </Say>
        </Dialog>
      );
  }
}
