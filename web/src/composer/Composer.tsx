import { useState, type KeyboardEvent } from 'react';
import { Button } from '../kit/Button';
import { IconOffline } from '../kit/icons';
import { Say } from '../kit/Say';
import { useSay } from '../lang/useSay';
import type { ConnectionState } from '../state/connection';
import look from './Composer.module.css';

interface Props {
  /** How many others will get it. */
  others: number;
  mayWrite: boolean;
  connection: ConnectionState;
  onSend: (text: string) => Promise<void>;
}

/** Where one writes. It names its audience. Enter sends, Shift and Enter begin a new line. */
export function Composer({ others, mayWrite, connection, onSend }: Props) {
  const say = useSay();
  const [text, setText] = useState('');
  if (!mayWrite) return <p className={look['closed']}>{say('composer.mayNot')}</p>;
  const audience = others === 0 ? say('composer.writeAlone') : say('composer.write', { n: others });
  const empty = text.trim() === '';
  const send = (): void => {
    if (empty) return;
    setText('');
    void onSend(text.trim());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method is open, Enter chooses a character.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className={look['place']}>
      {(connection === 'offline' || connection === 'noServer') && (
        <Say kind="wait" icon={IconOffline} title={say(`connection.${connection}.title`)} live>
          {say(`connection.${connection}.text`)}
        </Say>
      )}
      <form
        className={look['write']}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <div className={look['grow']} data-text={text}>
          <textarea rows={1} aria-label={audience} placeholder={audience} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} />
        </div>
        <Button kind="do" type="submit" disabled={empty}>
          {say('composer.send')}
        </Button>
      </form>
    </div>
  );
}
