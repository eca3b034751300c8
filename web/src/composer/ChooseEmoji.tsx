import { useState, type KeyboardEvent } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { emojiToWrite } from '../lang/emoji';
import { useLanguage, useSay } from '../lang/useSay';
import look from './ChooseEmoji.module.css';

const across = 8;

/** A small set of emoji for writing, each with its name. The arrow keys go through it; others come from the device's own keyboard. */
export function ChooseEmoji({ onChoose, onClose }: { onChoose: (emoji: string) => void; onClose: () => void }) {
  const say = useSay();
  const language = useLanguage();
  const [stop, setStop] = useState(0);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[event.key];
    const to = step === undefined ? undefined : event.currentTarget.querySelectorAll('button')[stop + step];
    if (to === undefined) return;
    event.preventDefault();
    to.focus();
  };
  return (
    <Dialog
      title={say('composer.emoji.title')}
      onClose={onClose}
      actions={
        <Button data-safe onClick={onClose}>
          {say('common.cancel')}
        </Button>
      }
    >
      <div className={look['emoji']} role="group" aria-label={say('composer.emoji')} onKeyDown={onKeyDown}>
        {emojiToWrite.map(([emoji, names], n) => (
          <button
            key={emoji}
            type="button"
            tabIndex={n === stop ? 0 : -1}
            aria-label={names[language]}
            title={names[language]}
            onFocus={() => setStop(n)}
            onClick={() => onChoose(emoji)}
            {...(n === 0 ? { 'data-first': true } : {})}
          >
            {emoji}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
