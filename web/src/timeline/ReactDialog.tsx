import { useState } from 'react';
import { Button } from '../kit/Button';
import { Dialog } from '../kit/Dialog';
import { Field } from '../kit/Field';
import { useSay } from '../lang/useSay';
import look from './Reactions.module.css';

const offered = ['👍', '✅', '👀', '🙏', '❤️', '🎉', '😄', '🤔', '👎', '❌', '➕', '❓'];
/** In UTF-16 units; room for a flag or a family, not for a sentence. */
const longest = 24;

/** Asks for a reaction: one of a dozen, or another that the person types. */
export function ReactDialog({ onReact, onClose }: { onReact: (key: string) => void; onClose: () => void }) {
  const say = useSay();
  const [own, setOwn] = useState('');
  const react = (key: string): void => {
    onReact(key);
    onClose();
  };
  return (
    <Dialog
      title={say('timeline.react.title')}
      onClose={onClose}
      onSubmit={() => {
        if (own.trim() !== '') react(own.trim());
      }}
      actions={
        <>
          <Button data-safe onClick={onClose}>
            {say('common.cancel')}
          </Button>
          <Button kind="do" type="submit" disabled={own.trim() === ''}>
            {say('timeline.react.do')}
          </Button>
        </>
      }
    >
      <div className={look['offered']}>
        {offered.map((key, n) => (
          <Button key={key} onClick={() => react(key)} {...(n === 0 ? { 'data-first': true } : {})}>
            {key}
          </Button>
        ))}
      </div>
      <Field label={say('timeline.react.own')} value={own} maxLength={longest} onChange={(event) => setOwn(event.target.value)} />
    </Dialog>
  );
}
