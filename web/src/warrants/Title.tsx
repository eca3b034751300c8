import type { ReactNode } from 'react';
import { IconClock, IconDone, IconNotConfirmed, IconWithheld } from '../kit/icons';
import { State } from '../kit/State';
import type { Say } from '../lang/lang';
import { rich, useSay } from '../lang/useSay';
import type { ShownWarrant } from '../state/warrants';
import { Named, When } from './Parts';

/** What a warrant does, in a few words. */
export function titleOf(say: Say, of: ShownWarrant, me: string): ReactNode {
  const name = of.subject && <Named of={of.subject} />;
  const you = of.subject?.id === me;
  switch (of.kind) {
    case 'suspend': {
      const when = <When at={of.until ?? of.asked} />;
      return you ? rich(say, 'warrant.suspend.you', { when }) : rich(say, 'warrant.suspend', { name, when });
    }
    case 'restore':
      return you ? say('warrant.restore.you') : rich(say, 'warrant.restore', { name });
    case 'appoint':
      return of.charter === undefined ? say('warrant.appoint', { n: of.appoint.length }) : say('warrant.appoint.first');
    case 'dismiss':
      return say('warrant.dismiss', { n: of.dismiss.length });
    case 'amend':
      return say('warrant.amend');
  }
}

/** How far it has come, in words. */
export function Progress({ of }: { of: ShownWarrant }) {
  const say = useSay();
  switch (of.state) {
    case 'open':
      return <State icon={IconNotConfirmed}>{span(rich(say, 'warrant.state.open', { when: <When at={of.approveBy} /> }))}</State>;
    case 'expired':
      return <State icon={IconWithheld}>{say('warrant.state.expired')}</State>;
    case 'authorised':
      return (
        <State icon={IconClock} kind="wait">
          {span(rich(say, 'warrant.state.authorised', { when: <When at={of.from ?? of.asked} /> }))}
        </State>
      );
    case 'executed':
    case 'done':
      return (
        <State icon={IconDone} kind="seal">
          {span(rich(say, 'warrant.state.executed', { when: <When at={of.executed ?? of.asked} /> }))}
        </State>
      );
    case 'over':
      return <State icon={IconDone}>{of.executed === undefined ? say('warrant.state.never') : span(rich(say, 'warrant.state.over', { when: <When at={of.executed} /> }))}</State>;
  }
}

// The icon stands beside the words, whatever they are made of.
function span(words: ReactNode): ReactNode {
  return <span>{words}</span>;
}
