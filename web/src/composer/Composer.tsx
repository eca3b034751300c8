import { useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent, type ReactNode } from 'react';
import { Button, IconButton } from '../kit/Button';
import { IconAttach, IconClose } from '../kit/icons';
import { useSay } from '../lang/useSay';
import type { Message } from '../state/timeline';
import type { Choice } from '../kit/Picker';
import look from './Composer.module.css';
import { useNaming } from './Naming';

interface Props {
  /** How many others will get it. */
  others: number;
  /** Whether it stands under a thread. */
  inThread?: boolean;
  mayWrite: boolean;
  /** The message that is answered or edited. */
  about: { readonly is: 'reply' | 'edit'; readonly message: Message } | undefined;
  /** Finds people to name, by what is typed behind an @. */
  find: (typed: string) => Promise<readonly Choice[]>;
  /** Back to a message of its own. */
  onDrop: () => void;
  /** Arrow up in the empty field. */
  onEditLast: () => void;
  onSend: (text: string) => Promise<void>;
  /** Files were chosen or pasted. */
  onFiles: (files: readonly File[]) => void;
  /** Stands above the place to write: that the server is not reached, the files on their way. */
  children?: ReactNode;
}

/** Where one writes. It names its audience. Enter sends, Shift and Enter begin a new line. */
export function Composer({ others, inThread = false, mayWrite, about, find, onDrop, onEditLast, onSend, onFiles, children }: Props) {
  const say = useSay();
  const picker = useRef<HTMLInputElement>(null);
  const ref = useRef<HTMLTextAreaElement>(null);
  const [draft, setDraft] = useState('');
  const [edited, setEdited] = useState({ key: '', text: '' });
  const editing = about?.is === 'edit' ? about.message : undefined;
  const text = editing === undefined ? draft : edited.key === editing.key ? edited.text : editing.body;
  const setText = (next: string): void => (editing === undefined ? setDraft(next) : setEdited({ key: editing.key, text: next }));

  const naming = useNaming(ref, find, setText);

  // The focus is the browser's. Whoever chose to answer or edit goes on by writing.
  const subject = about === undefined ? '' : about.is + about.message.key;
  useEffect(() => {
    if (subject !== '') ref.current?.focus();
  }, [subject]);

  if (!mayWrite) return <p className={look['closed']}>{say('composer.mayNot')}</p>;
  const audience = others === 0 ? say(inThread ? 'thread.writeAlone' : 'composer.writeAlone') : say(inThread ? 'thread.write' : 'composer.write', { n: others });
  const empty = text.trim() === '';
  const send = (): void => {
    if (empty) return;
    setText('');
    setEdited({ key: '', text: '' });
    onDrop();
    if (text.trim() !== editing?.body) void onSend(text.trim());
  };
  const drop = (): void => {
    setEdited({ key: '', text: '' });
    onDrop();
    ref.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method is open, Enter chooses a character.
    if (event.nativeEvent.isComposing) return;
    if (naming.onKey(event)) return;
    if (event.key === 'Escape' && about !== undefined) {
      event.stopPropagation(); // a thread around it stays open
      drop();
    }
    if (event.key === 'ArrowUp' && text === '' && about === undefined) {
      event.preventDefault();
      onEditLast();
    }
    if (event.key !== 'Enter' || event.shiftKey) return;
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
      {children}
      {about && (
        <div className={look['about']}>
          <b lang={about.is === 'reply' ? about.message.sender.lang : undefined}>
            {about.is === 'edit' ? say('composer.editing') : say('composer.replying', { name: about.message.sender.name })}
          </b>
          <span className="clip" lang={about.message.lang}>
            {about.message.body}
          </span>
          <IconButton icon={IconClose} label={say('common.cancel')} onClick={drop} />
        </div>
      )}
      <form
        className={look['write']}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {naming.list}
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
          <textarea
            ref={ref}
            rows={1}
            aria-label={audience}
            placeholder={audience}
            value={text}
            {...naming.field}
            onChange={(event) => {
              setText(event.target.value);
              naming.look();
            }}
            onSelect={naming.look}
            onBlur={naming.leave}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
          />
        </div>
        <Button kind="do" type="submit" disabled={empty}>
          {say(editing === undefined ? 'composer.send' : 'composer.saveEdit')}
        </Button>
      </form>
    </div>
  );
}
