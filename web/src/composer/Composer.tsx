import { useEffect, useRef, type ClipboardEvent, type KeyboardEvent, type ReactNode } from 'react';
import { Button, IconButton } from '../kit/Button';
import { isComposing } from '../kit/composing';
import { IconAttach, IconClose } from '../kit/icons';
import { rich, useSay } from '../lang/useSay';
import type { Choice } from '../kit/Picker';
import type { Subject, Draft } from '../state/draft';
import { useStore } from '../state/useStore';
import look from './Composer.module.css';
import { useNaming } from './Naming';
import { Tools } from './Tools';

interface Props {
  /** How many others will get it. */
  others: number;
  /** Whether it stands under a thread. */
  inThread?: boolean;
  mayWrite: boolean;
  /** Whether one is in the room. */
  joined?: boolean;
  /** What is written here, and what it is about. */
  draft: Draft;
  /** Something was typed. */
  onType: (empty: boolean) => void;
  /** Finds people to name, by what is typed behind an @. */
  find: (typed: string) => Promise<readonly Choice[]>;
  /** Arrow up in the empty field. */
  onEditLast: () => void;
  onSend: (text: string, about: Subject | undefined) => Promise<void>;
  /** Files were chosen or pasted. */
  onFiles: (files: readonly File[]) => void;
  /** Stands above the place to write: that the server is not reached, the files on their way. */
  children?: ReactNode;
}

/**
 * Where one writes. It names its audience. Enter sends, Shift and Enter begin a new line. On touch, where there is no
 * Shift to hold, Enter begins a new line and the button sends; so do Control or Command and Enter, for a keyboard beside it.
 */
export function Composer({ others, inThread = false, mayWrite, joined = true, draft, find, onType, onEditLast, onSend, onFiles, children }: Props) {
  const say = useSay();
  const picker = useRef<HTMLInputElement>(null);
  const ref = useRef<HTMLTextAreaElement>(null);
  const { text: own, about, edited } = useStore(draft);
  const editing = about?.is === 'edit' ? about.message : undefined;
  const text = editing === undefined ? own : (edited ?? editing.body);
  const setText = (next: string): void => {
    draft.write(next);
    onType(next.trim() === '');
  };

  const naming = useNaming(ref, find, setText);

  // The focus is the browser's. Whoever chose to answer or edit goes on by writing.
  const subject = about === undefined ? '' : about.is + about.message.key;
  const before = useRef(subject);
  useEffect(() => {
    if (subject !== '' && subject !== before.current) ref.current?.focus();
    before.current = subject;
    // What is there already is written on at its end.
    ref.current?.setSelectionRange(ref.current.value.length, ref.current.value.length);
  }, [subject]);

  if (!mayWrite) return <p className={look['closed']}>{say(joined ? 'composer.mayNot' : 'room.notIn')}</p>;
  const audience = others === 0 ? say(inThread ? 'thread.writeAlone' : 'composer.writeAlone') : say(inThread ? 'thread.write' : 'composer.write', { n: others });
  const empty = text.trim() === '';
  const send = (): void => {
    if (empty) return;
    if (text.trim() !== editing?.body) void onSend(text.trim(), about);
    draft.sent(); // not before the outbox has it
  };
  const drop = (): void => {
    draft.drop();
    ref.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method is open, Enter chooses a character.
    if (isComposing(event)) return;
    if (naming.onKey(event)) return;
    if (event.key === 'Escape' && about !== undefined) {
      event.stopPropagation(); // a thread around it stays open
      drop();
    }
    if (event.key === 'ArrowUp' && text === '' && about === undefined) {
      event.preventDefault();
      onEditLast();
    }
    if (event.key !== 'Enter' || event.shiftKey || (touched() && !event.ctrlKey && !event.metaKey)) return;
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
          <b>
            {about.is === 'edit'
              ? say('composer.editing')
              : rich(say, 'composer.replying', { name: <span lang={about.message.sender.lang}>{about.message.sender.name}</span> })}
          </b>
          <span className="clip" lang={about.message.lang}>
            {about.message.body}
          </span>
          <IconButton icon={IconClose} label={say('common.cancel')} onClick={drop} />
        </div>
      )}
      <form
        className={look['write']}
        onBlur={() => onType(true)}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {naming.list}
        <div className={look['grow']} data-text={text || audience}>
          <textarea
            ref={ref}
            rows={1}
            aria-label={audience}
            placeholder={audience}
            enterKeyHint={touched() ? 'enter' : 'send'}
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
        <div className={look['tools']}>
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
          <Tools field={ref} onText={setText} />
          <span className="grow" />
          <Button kind="do" type="submit" disabled={empty}>
            {say(editing === undefined ? 'composer.send' : 'composer.saveEdit')}
          </Button>
        </div>
      </form>
    </div>
  );
}

function touched(): boolean {
  return matchMedia('(pointer: coarse)').matches;
}
