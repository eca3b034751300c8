import { useEffect, useRef } from 'react';
import { Button, IconButton } from '../kit/Button';
import { IconBack } from '../kit/icons';
import { useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import type { Asking } from '../state/route';
import { useStore } from '../state/useStore';
import type { ShownWarrant, Warrants } from '../state/warrants';
import { AskPage } from './AskPage';
import { DeskList } from './DeskList';
import { DeskPage } from './DeskPage';
import { OnTheDesk } from './OnTheDesk';
import look from './warrants.module.css';

interface Props {
  warrants: Warrants;
  /** The warrant on the page, or what is asked for, and the warrant that it ends. */
  hash: string | undefined;
  ask: Asking | undefined;
  of: string | undefined;
  me: string;
  find: (typed: string) => Promise<readonly Person[]>;
  userId: (typed: string) => string | undefined;
  onShow: (of: ShownWarrant) => void;
  onAsk: (ask: Asking, of?: ShownWarrant) => void;
  onBack: () => void;
}

/** The officers' desk: what waits and what was decided, and one of it open; on a phone one or the other. */
export function DeskPlace({ warrants, hash, ask, of, me, find, userId, onShow, onAsk, onBack }: Props) {
  const say = useSay();
  const { list, power, more } = useStore(warrants);
  const ref = useRef<HTMLElement>(null);

  // It follows the server for as long as it is on the screen.
  useEffect(() => {
    warrants.open();
    return () => warrants.leave();
  }, [warrants]);

  // Whoever opens one goes on in it.
  useEffect(() => {
    if (hash !== undefined || ask !== undefined) ref.current?.focus();
  }, [hash, ask]);

  const opened = hash !== undefined || ask !== undefined;
  const is = list?.find((one) => one.hash === (hash ?? of));
  const page = () => {
    if (power === undefined || list === undefined) return <p className="sub">{say('decided.loading')}</p>;
    if (ask !== undefined && (power.own !== undefined || power.founder)) {
      return <AskPage key={`${ask} ${of ?? ''}`} kind={ask} ends={is} warrants={warrants} power={power} find={find} userId={userId} onDone={onShow} />;
    }
    if (hash === undefined || ask !== undefined) return <OnTheDesk power={power} list={list} onAsk={onAsk} />;
    if (is !== undefined) return <DeskPage key={is.hash} of={is} me={me} warrants={warrants} power={power} onAsk={onAsk} />;
    return (
      <div className="stack">
        <p className="sub">{say('desk.notHere')}</p>
        {more && (
          <div className="row">
            <Button onClick={() => void warrants.more()}>{say('desk.older')}</Button>
          </div>
        )}
      </div>
    );
  };
  return (
    <main className={`${look['place'] ?? ''} ${opened ? (look['opened'] ?? '') : ''}`}>
      <DeskList warrants={warrants} open={hash} first={opened} me={me} onAsk={onAsk} />
      <section className={look['page']} ref={ref} tabIndex={0} aria-label={say('desk.title')}>
        <div className={look['back']}>
          <IconButton icon={IconBack} label={say('desk.back')} onClick={onBack} />
        </div>
        {page()}
      </section>
    </main>
  );
}
