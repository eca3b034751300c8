import { useState, type RefObject } from 'react';
import { createPortal } from 'react-dom';
import { Button, IconButton } from '../kit/Button';
import { IconEmoji } from '../kit/icons';
import { Menu } from '../kit/Menu';
import { useSay } from '../lang/useSay';
import { ChooseEmoji } from './ChooseEmoji';
import { marks, withMark, type Chosen } from './marks';

interface Props {
  field: RefObject<HTMLTextAreaElement | null>;
  onText: (text: string) => void;
}

/** What helps with writing: emoji, and the marks that are understood, each with how it is typed. */
export function Tools({ field, onText }: Props) {
  const say = useSay();
  const [choosing, setChoosing] = useState(false);
  const change = (how: (chosen: Chosen) => Chosen): void => {
    const box = field.current;
    if (box === null) return;
    const { text, from, to } = how({ text: box.value, from: box.selectionStart, to: box.selectionEnd });
    box.setRangeText(text, 0, box.value.length);
    box.setSelectionRange(from, to);
    onText(text);
    requestAnimationFrame(() => box.focus()); // what was pressed gives the focus back to its button first
  };
  const put = (emoji: string): void => {
    setChoosing(false);
    change(({ text, from, to }) => ({ text: text.slice(0, from) + emoji + text.slice(to), from: from + emoji.length, to: from + emoji.length }));
  };
  return (
    <>
      <IconButton icon={IconEmoji} label={say('composer.emoji')} aria-haspopup="dialog" onClick={() => setChoosing(true)} />
      <Menu
        label={say('composer.marks')}
        opener={(props) => (
          <Button kind="quiet" {...props}>
            {say('composer.marks')}
          </Button>
        )}
        items={marks.map((mark) => ({ words: say(`composer.marks.${mark}`), do: () => change((chosen) => withMark(chosen, mark)) }))}
      />
      {choosing && createPortal(<ChooseEmoji onChoose={put} onClose={() => setChoosing(false)} />, document.body) /* a form within a form is none */}
    </>
  );
}
