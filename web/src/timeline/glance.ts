import { firstBelow, rowsIn } from './rows';

/** How long a message must stand there to have been seen, in milliseconds. */
const moment = 400;

/** Notices what stood in a list before the eyes of somebody for a moment. What was only passed on the way up was not seen. */
export class Glance {
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Begins to look, unless it does. seen is told the last row that was wholly there, and whether it was the end of the list. */
  at(box: HTMLElement, atEnd: () => boolean, seen: (id: string, atEnd: boolean) => void): void {
    if (this.#timer !== undefined) return;
    const [last, end] = [lastWhole(box), atEnd()];
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
      const now = lastWhole(box);
      const id = last?.dataset['event'];
      if (last !== undefined && id !== undefined && !isBelow(box, last)) seen(id, end && now === last && atEnd());
      if (now !== last) this.at(box, atEnd, seen);
    }, moment);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** The last row that is wholly in sight and is on the server, or the one above where none is. */
function lastWhole(box: HTMLElement): HTMLElement | undefined {
  const rows = rowsIn(box).filter((row) => row.dataset['event'] !== undefined);
  const last = rows[firstBelow(rows, box.getBoundingClientRect().bottom + 1)];
  return last !== undefined && isBelow(box, last) ? rows[rows.indexOf(last) - 1] : last;
}

function isBelow(box: HTMLElement, row: HTMLElement): boolean {
  return row.getBoundingClientRect().bottom > box.getBoundingClientRect().bottom + 1;
}
