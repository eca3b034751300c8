import { useEffect, useRef, useState } from 'react';
import { rich, useSay } from '../lang/useSay';
import type { Person } from '../state/person';
import look from './TypingLine.module.css';

/** How long nothing more is read aloud after something was, in milliseconds. */
const quiet = 30_000;

/** Who is writing. Its place is always there, so that nothing moves when somebody begins. */
export function TypingLine({ people }: { people: readonly Person[] }) {
  const say = useSay();
  const [first, second] = people.map((one) => (
    <span key={one.id} lang={one.lang}>
      {one.name}
    </span>
  ));
  const words =
    first === undefined
      ? undefined
      : people.length === 1
        ? rich(say, 'typing.one', { name: first })
        : people.length === 2
          ? rich(say, 'typing.two', { name: first, other: second })
          : say('typing.many', { n: people.length });
  return (
    <div className={look['line']}>
      {words !== undefined && (
        <span aria-hidden="true" className="clip">
          {words}
        </span>
      )}
      <Aloud name={people[0]?.name} />
    </div>
  );
}

/** Reads aloud that somebody began to write, and not each time that it changes. */
function Aloud({ name }: { name: string | undefined }) {
  const say = useSay();
  const [said, setSaid] = useState<string>();
  const last = useRef(-Infinity);

  // A screen reader reads what changes in the document; how often it is to be heard is a matter of time.
  useEffect(() => {
    const now = performance.now();
    if (name === undefined || now - last.current < quiet) return;
    last.current = now;
    setSaid(name);
  }, [name]);

  return (
    <span className="unseen" role="status">
      {name !== undefined && said === name && say('typing.one', { name })}
    </span>
  );
}
