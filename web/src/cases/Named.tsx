import type { Person } from '../state/person';

/** A name in its own script. */
export function Named({ of }: { of: Person }) {
  return (
    <span lang={of.lang} title={of.id}>
      {of.name}
    </span>
  );
}
