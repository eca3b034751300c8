import { useSay } from '../lang/useSay';
import type { Quote } from '../state/timeline';
import look from './Quoted.module.css';

/** The message that another one answers, in a line. Pressing it goes there. */
export function Quoted({ quote, onJump }: { quote: Quote; onJump: (id: string) => void }) {
  const say = useSay();
  const { of } = quote;
  if (quote.ignored) return <p className={look['quoted']}>{say('timeline.quote.ignored')}</p>;
  return (
    <button type="button" className={look['quoted']} title={say('timeline.quote')} onClick={() => onJump(quote.id)}>
      {of === undefined ? (
        say('timeline.quote.away')
      ) : (
        <>
          <b lang={of.sender.lang}>{of.sender.name}</b>{' '}
          <span lang={of.lang} dir="auto">
            {of.text.split('\n')[0]}
          </span>
        </>
      )}
    </button>
  );
}
