// The rows of a scrolling list, as the browser has laid them out. Each carries `data-key`, and `data-event` with its
// event id if it has one.

export const rowsIn = (box: HTMLElement): HTMLElement[] => [...box.querySelectorAll<HTMLElement>('[data-key]')];

export const keyOf = (row: HTMLElement): string => row.dataset['key'] ?? '';

export const rowOf = (box: HTMLElement, key: string): HTMLElement | undefined => box.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`) ?? undefined;

/** How far from the beginning of the list stands what is said in a row; the name and the day above it come and go with what stands before. */
export function offsetOf(box: HTMLElement, row: HTMLElement): number {
  return (row.querySelector('[data-said]') ?? row).getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
}

/** The place of the first row that ends below a line across the window, or of the last; the rows stand in their order. */
export function firstBelow(rows: readonly HTMLElement[], line: number): number {
  let [from, to] = [0, rows.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > line) to = middle;
    else from = middle + 1;
  }
  return from;
}
