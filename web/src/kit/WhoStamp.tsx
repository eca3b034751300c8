import { usePicture } from './pictures';

interface Props {
  /** What the colour hangs on: the user id, so that a change of name changes no colour. */
  id: string;
  name: string;
  small?: boolean;
  large?: boolean;
  lang?: string | undefined;
  /** Set where the name does not stand beside it; it is then read aloud. */
  alone?: boolean;
}

/** The stamp of a person: their picture, or a square with the first character of the name. Rooms and machines never wear it. */
export function WhoStamp({ id, name, small, large, lang, alone }: Props) {
  const picture = usePicture(id);
  const size = small === true ? ' s' : large === true ? ' large' : '';
  if (picture !== undefined) return <img className={`who${size}`} src={picture} {...(alone === true ? { alt: name, title: name } : { alt: '' })} />;
  const className = `who w${colourOf(id)}${size}`;
  const named = alone === true ? ({ role: 'img', 'aria-label': name, title: name } as const) : ({ 'aria-hidden': true } as const);
  return (
    <span className={className} lang={lang} {...named}>
      {firstCharacter(name)}
    </span>
  );
}

/** One of the six stamp colours, the same everywhere for the same id (FNV-1a). */
export function colourOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) % 6) + 1;
}

function firstCharacter(name: string): string {
  const letters = name.replace(/^[@#\s]+/u, '');
  return (letters.match(/\p{Letter}|\p{Number}/u)?.[0] ?? Array.from(letters)[0] ?? '?').toLocaleUpperCase();
}
