import type { ReactNode } from 'react';

/** How high a label stands: 0 open, 3 closed circle. */
export type Level = 0 | 1 | 2 | 3;

/** The marking of a room, file or meeting: stripes and a word, never colour alone. */
export function Label({ level, children }: { level: Level; children: ReactNode }) {
  return <span className={`label l${level}`}>{children}</span>;
}

/** The label of a whole view, under its title, with what follows from it. The rule below has the label's colour. */
export function Banner({ level, word, children, end }: { level: Level; word: string; children: ReactNode; end?: ReactNode }) {
  return (
    <div className={`banner l${level}`}>
      <Label level={level}>{word}</Label>
      <span className="grow">{children}</span>
      {end}
    </div>
  );
}
