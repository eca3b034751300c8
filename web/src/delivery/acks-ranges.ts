// Which numbers of a run arrived. A hole stays a hole: "up to 9" would cover the 8 that was held back.

/** Stretches of numbers, first and last of each, in order, with a hole between each and the next. */
export type Ranges = readonly (readonly [from: number, to: number])[];

/** So many stretches are kept of one run: where there are more, the oldest go. */
export const mostRanges = 32;

/** The same with the numbers of a stretch. It returns the very same where they were in it. */
export function withRange(ranges: Ranges, from: number, to: number = from): Ranges {
  if (ranges.some(([first, last]) => first <= from && to <= last)) return ranges;
  const apart = ranges.filter(([first, last]) => last < from - 1 || first > to + 1);
  const touching = ranges.filter((range) => !apart.includes(range));
  const joined: readonly [number, number] = [Math.min(from, ...touching.map(([first]) => first)), Math.max(to, ...touching.map(([, last]) => last))];
  return [...apart, joined].sort(([a], [b]) => a - b).slice(-mostRanges);
}

export function hasAll(ranges: Ranges, from: number, to: number = from): boolean {
  return ranges.some(([first, last]) => first <= from && to <= last);
}

/** Ranges as they came from somebody else, or undefined where they are none in good form. */
export function readRanges(value: unknown): Ranges | undefined {
  if (!Array.isArray(value) || value.length > mostRanges) return undefined;
  const ranges: [number, number][] = [];
  for (const one of value as unknown[]) {
    if (!Array.isArray(one) || one.length !== 2) return undefined;
    const [from, to] = one as unknown[];
    if (!isNumber(from) || !isNumber(to) || to < from || from <= (ranges.at(-1)?.[1] ?? -1) + 1) return undefined;
    ranges.push([from, to]);
  }
  return ranges;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
