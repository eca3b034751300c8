import { emojiName } from '../lang/emoji';
import { useLanguage, useSay } from '../lang/useSay';
import look from './verify.module.css';

/** The seven emoji, each with its name. It takes the focus, so that they are read aloud and no answer is given by accident. */
export function Emoji({ emoji }: { emoji: readonly string[] }) {
  const say = useSay();
  const language = useLanguage();
  return (
    <ol className={look['emoji']} aria-label={say('verify.emoji')} tabIndex={-1} data-first>
      {emoji.map((one, n) => (
        <li key={n}>
          <span aria-hidden="true">{one}</span>
          {emojiName(one, language)}
        </li>
      ))}
    </ol>
  );
}
