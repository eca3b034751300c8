import { useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode } from 'react';
import { Button, IconButton } from '../kit/Button';
import { IconAttach, IconOffline } from '../kit/icons';
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
  /** Files were chosen or pasted. */
  onFiles: (files: readonly File[]) => void;
  /** Stands above the place to write: the files on their way. */
  children?: ReactNode;
}

/** Where one writes. It names its audience. Enter sends, Shift and Enter begin a new line. */
export function Composer({ others, mayWrite, connection, onSend, onFiles, children }: Props) {
  const say = useSay();
  const [text, setText] = useState('');
  const picker = useRef<HTMLInputElement>(null);
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
  const onPaste = (event: ClipboardEvent): void => {
    const files = [...event.clipboardData.files];
    // Tables and pages are copied as words and as a picture of them: the words are meant.
    if (files.length === 0 || event.clipboardData.types.includes('text/plain')) return;
    event.preventDefault();
    onFiles(files);
  };
  return (
    <div className={look['place']}>
      {(connection === 'offline' || connection === 'noServer') && (
        <Say kind="wait" icon={IconOffline} title={say(`connection.${connection}.title`)} live>
          {say(`connection.${connection}.text`)}
        </Say>
      )}
      {children}
      <form
        className={look['write']}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <IconButton icon={IconAttach} label={say('files.attach')} onClick={() => picker.current?.click()} />
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            onFiles([...(event.target.files ?? [])]);
            event.target.value = ''; // the same file may be chosen again
          }}
        />
        <div className={look['grow']} data-text={text}>
          <textarea rows={1} aria-label={audience} placeholder={audience} value={text} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} onPaste={onPaste} />
        </div>
        <Button kind="do" type="submit" disabled={empty}>
          {say('composer.send')}
        </Button>
      </form>
    </div>
  );
}
