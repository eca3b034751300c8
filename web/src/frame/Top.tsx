import { useState } from 'react';
import { Brand } from '../kit/Brand';
import { Button } from '../kit/Button';
import { Count } from '../kit/Count';
import { Dialog } from '../kit/Dialog';
import { Dot } from '../kit/Dot';
import { Icon } from '../kit/Icon';
import { IconConnected, IconNotConfirmed, IconOffline, IconSearch, IconWithheld } from '../kit/icons';
import { Menu } from '../kit/Menu';
import { Say } from '../kit/Say';
import { State } from '../kit/State';
import { WhoStamp } from '../kit/WhoStamp';
import { changeLanguage } from '../lang/lang';
import { clock } from '../lang/dates';
import { languageNames, languages } from '../lang/languages';
import { languageOf } from '../lang/script';
import { useLanguage, useSay } from '../lang/useSay';
import type { ConnectionState } from '../state/connection';
import { organisation } from '../state/organisation';
import type { Person } from '../state/person';
import { hrefOf, route } from '../state/route';
import { theme, type Theme } from '../state/theme';
import { searchKey, searchShortcut, useSearchKey } from '../state/useSearchKey';
import { useStore } from '../state/useStore';
import look from './Top.module.css';

interface Props {
  me: Person;
  connection: ConnectionState;
  /** Whether something changed in a case that one has not seen. */
  news: boolean;
  /** How many warrants wait for this officer; undefined for everybody else. */
  desk: number | undefined;
  /** How many messages were written here and are not on the server. */
  unsent: () => number;
  onSignOut: () => void;
  /** Goes past the list of rooms. */
  onSkip: () => void;
}

const themes: Theme[] = ['system', 'light', 'dark'];

/** The bar on top of everything: where one is, the way to the server, oneself. */
export function Top({ me, connection, news, desk, unsent, onSignOut, onSkip }: Props) {
  const say = useSay();
  const named = useStore(organisation);
  const language = useLanguage();
  const { at } = useStore(route);
  const chosenTheme = useStore(theme);
  const [leaving, setLeaving] = useState<number>();
  useSearchKey(() => route.go({ at: 'search' }));
  return (
    <header className="top">
      <button type="button" className={`btn ${look['skip'] ?? ''}`} onClick={onSkip}>
        {say('shell.skip')}
      </button>
      <Brand name={named ?? say('shell.name')} lang={named === undefined ? undefined : languageOf(named)} />
      <nav className="nav">
        <a href="#/" aria-current={at === 'rooms' || at === 'room' ? 'page' : undefined}>
          {say('rooms.title')}
        </a>
        <a href={hrefOf({ at: 'cases' })} aria-current={at === 'cases' ? 'page' : undefined}>
          {say('cases.title')}
          {news && <Dot words={say('cases.unseen')} />}
        </a>
        <a href={hrefOf({ at: 'record' })} aria-current={at === 'record' ? 'page' : undefined}>
          {say('record.title')}
        </a>
        {desk !== undefined && (
          <a href={hrefOf({ at: 'desk' })} aria-current={at === 'desk' ? 'page' : undefined}>
            {say('desk.short')}
            <Count n={desk} words={say('desk.count', { n: desk })} />
          </a>
        )}
      </nav>
      <span className="grow" />
      <Way connection={connection} />
      <a className="btn icon" href={hrefOf({ at: 'search' })} aria-label={say('find.title')} aria-keyshortcuts={searchShortcut} title={say('find.title.key', { key: searchKey })} aria-current={at === 'search' ? 'page' : undefined}>
        <Icon of={IconSearch} />
      </a>
      <Menu
        label={say('me.menu', { name: me.name })}
        opener={(props) => (
          <button type="button" className="btn icon" aria-label={say('me.menu', { name: me.name })} title={me.name} {...props}>
            <WhoStamp id={me.id} name={me.name} lang={me.lang} small />
          </button>
        )}
        items={[
          { words: say('settings.open'), do: () => route.go({ at: 'settings', section: 'profile' }) },
          { words: say('decided.title'), do: () => route.go({ at: 'decided' }) },
          'rule',
          ...languages.map((one) => ({ words: languageNames[one], lang: one, chosen: one === language, do: () => changeLanguage(one) })),
          'rule',
          ...themes.map((one) => ({ words: say(`common.theme.${one}`), chosen: one === chosenTheme, do: () => theme.choose(one) })),
          'rule',
          { words: say('signout.ask'), kind: 'stop', do: () => setLeaving(unsent()) },
        ]}
      />
      {leaving !== undefined && <SignOut unsent={leaving} reached={connection.is === 'connected'} onStay={() => setLeaving(undefined)} onSignOut={onSignOut} />}
    </header>
  );
}

function Way({ connection }: { connection: ConnectionState }) {
  const say = useSay();
  const { is, since } = connection;
  const seen = {
    connecting: { icon: IconNotConfirmed, words: say('connection.connecting') },
    connected: { icon: IconConnected, words: say('connection.connected') },
    reconnecting: { icon: IconNotConfirmed, words: say('connection.reconnecting') },
    offline: { icon: IconOffline, words: since === undefined ? say('connection.offline') : say('connection.offline.since', { time: clock(since) }), kind: 'wait' },
    noServer: { icon: IconOffline, words: say('connection.noServer'), kind: 'wait' },
  } as const;
  const now = seen[is];
  return (
    <span role="status" className="row">
      <State icon={now.icon} title={now.words} {...('kind' in now ? { kind: now.kind } : {})}>
        <span className={look['words']}>{now.words}</span>
      </State>
    </span>
  );
}

function SignOut({ unsent, reached, onStay, onSignOut }: { unsent: number; reached: boolean; onStay: () => void; onSignOut: () => void }) {
  const say = useSay();
  return (
    <Dialog
      title={say('signout.title')}
      onClose={onStay}
      onSubmit={onSignOut}
      actions={
        <>
          <Button data-safe onClick={onStay}>
            {say('signout.stay')}
          </Button>
          <Button kind="stop" type="submit">
            {say('signout.do')}
          </Button>
        </>
      }
    >
      <p>{say('signout.text')}</p>
      {!reached && (
        <Say kind="wait" icon={IconOffline}>
          {say('signout.unreached')}
        </Say>
      )}
      {unsent > 0 && (
        <Say kind="stop" icon={IconWithheld}>
          {say('signout.unsent', { n: unsent })}
        </Say>
      )}
    </Dialog>
  );
}
