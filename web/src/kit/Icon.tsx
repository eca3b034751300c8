import type { ComponentType, SVGProps } from 'react';

/** One of the drawings in icons.ts. */
export type Glyph = ComponentType<SVGProps<SVGSVGElement>>;

/** A drawing beside words; a screen reader reads the words alone. */
export function Icon({ of: Drawing }: { of: Glyph }) {
  return <Drawing className="i" aria-hidden="true" focusable="false" />;
}
