/** Whether two values made of plain objects, arrays and primitives say the same. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), b as Readonly<Record<string, unknown>>];
  return left.length === Object.keys(right).length && left.every(([key, value]) => key in right && same(value, right[key]));
}

/** The items that are there now, each as the object that stood for it before where it says the same: what did not change is not drawn again. */
export function keep<T>(before: readonly T[], now: readonly T[], nameOf: (item: T) => string): readonly T[] {
  const old = new Map(before.map((item) => [nameOf(item), item]));
  const kept = now.map((item) => {
    const was = old.get(nameOf(item));
    return was !== undefined && same(was, item) ? was : item;
  });
  return kept.length === before.length && kept.every((item, n) => item === before[n]) ? before : kept;
}

/** The same for values by name. */
export function keepEach<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const kept = new Map([...now].map(([name, value]) => {
    const was = before.get(name);
    return [name, was !== undefined && same(was, value) ? was : value];
  }));
  return kept.size === before.size && [...kept].every(([name, value]) => before.get(name) === value) ? before : kept;
}
