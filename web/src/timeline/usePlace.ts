import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { Goal, Place } from '../state/position';
import { Glance } from './glance';
import { firstBelow, keyOf, offsetOf, rowOf, rowsIn } from './rows';

interface Asks {
  /** What makes the page another one: after each change what one looks at is put back where it was. */
  items: readonly unknown[];
  goal: Goal | undefined;
  fetching: boolean;
  fromStart: boolean;
  toEnd: boolean;
  onMore: (side: 'earlier' | 'later') => void;
  onStands: (at: Place | 'end') => void;
  /** The row with that id is the last that is wholly on the screen of somebody who looks at it. */
  onSeen: (id: string, atEnd: boolean) => void;
  onLook: () => void;
}

/** Something that one looks at, and how far it is from the beginning of the list. */
interface Anchor {
  readonly key: string;
  readonly offset: number;
}

const slack = 2;
/** Whoever comes this near to the end means the end. */
const near = 24;
/** How far ahead more is fetched, in windows. */
const ahead = 3;
/** How long after the last movement the page counts as at rest, in milliseconds. */
const pause = 120;

/**
 * Keeps the place of a scrolling list of rows that carry `data-key`: at the end it stays at the end, elsewhere what one
 * looks at does not move when something above it comes, goes or grows. Where the reader is on the page is the browser's
 * knowledge, so all of this happens outside of React. It returns what the list must call when it is scrolled.
 */
export function usePlace(ref: RefObject<HTMLDivElement | null>, asks: Asks): () => void {
  const current = useRef(asks);
  const at = useRef<{ end: boolean; anchor: Anchor | undefined; top: number; goal: Goal | undefined }>({ end: true, anchor: undefined, top: 0, goal: undefined });
  const pausing = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [glance] = useState(() => new Glance());

  const rest = useCallback((): void => {
    const box = ref.current;
    if (box === null) return;
    const fetch = (windows: number): void => {
      const { fetching, fromStart, toEnd, onMore } = current.current;
      const far = box.clientHeight * windows;
      if (!fetching && !fromStart && box.scrollTop < far) onMore('earlier');
      else if (!fetching && !toEnd && box.scrollHeight - box.scrollTop - box.clientHeight < far) onMore('later');
    };
    // What comes in while the browser glides cuts the glide short, so it is asked for in a pause, unless it is needed now.
    fetch(1);
    clearTimeout(pausing.current);
    pausing.current = setTimeout(() => fetch(ahead), pause);
    glance.at(box, () => at.current.end, (id, atEnd) => current.current.onSeen(id, atEnd));
  }, [ref, glance]);

  const take = useCallback((): void => {
    const box = ref.current;
    if (box === null) return;
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    const up = box.scrollTop < at.current.top;
    const end = current.current.toEnd && left < (up ? slack : near);
    const row = end ? undefined : anchorRow(box);
    at.current = { ...at.current, end, anchor: row && { key: keyOf(row), offset: offsetOf(box, row) }, top: box.scrollTop };
    // Who sees the last message stands at the end, though what is new need not move them.
    const stands = current.current.toEnd && left < near;
    current.current.onStands(row === undefined || stands ? 'end' : { key: keyOf(row), top: offsetOf(box, row) - box.scrollTop });
  }, [ref]);

  // Whatever changed the heights: the end stays the end, and the row that one looks at stays where it is.
  const hold = useCallback((): void => {
    const box = ref.current;
    if (box === null) return;
    const { end, anchor } = at.current;
    if (end) box.scrollTop = box.scrollHeight;
    else if (anchor !== undefined) {
      const row = rowOf(box, anchor.key);
      const by = row === undefined ? 0 : offsetOf(box, row) - anchor.offset;
      if (Math.abs(by) >= 0.5) box.scrollTop += by;
      if (row !== undefined) at.current.anchor = { key: anchor.key, offset: anchor.offset + by };
    }
    at.current.top = box.scrollTop;
    rest();
  }, [ref, rest]);

  const onScroll = useCallback((): void => {
    const box = ref.current;
    // One's own putting back is no scrolling.
    if (box === null || Math.abs(box.scrollTop - at.current.top) < 1) return;
    take();
    rest();
  }, [ref, take, rest]);

  const { items, goal } = asks;
  useLayoutEffect(() => {
    current.current = asks;
  });
  useLayoutEffect(() => {
    const box = ref.current;
    if (box === null) return;
    const due = goal !== at.current.goal;
    at.current.goal = goal;
    if (goal !== undefined && due && go(box, goal)) {
      at.current.top = Infinity; // so that one counts as having come from below
      take();
      if (goal.at === 'end') {
        at.current.end = true;
        current.current.onStands('end');
      }
      rest();
    } else hold();
  }, [ref, items, goal, hold, take, rest]);

  // The browser says when a picture, a font or the window changed the heights.
  useEffect(() => {
    const box = ref.current;
    if (box === null) return;
    const watch = new ResizeObserver(hold);
    watch.observe(box);
    for (const child of box.children) watch.observe(child);
    return () => watch.disconnect();
  }, [ref, hold]);

  // It also knows whether somebody looks.
  useEffect(() => {
    const back = (): void => {
      current.current.onLook();
      rest();
    };
    addEventListener('focus', back);
    return () => {
      removeEventListener('focus', back);
      clearTimeout(pausing.current);
      glance.stop();
    };
  }, [rest, glance]);

  return onScroll;
}

/** Scrolls to a goal. It returns whether the goal was there. */
function go(box: HTMLElement, goal: Goal): boolean {
  if (goal.at === 'end') {
    box.scrollTop = box.scrollHeight;
    return true;
  }
  const row = goal.at === 'line' ? (box.querySelector<HTMLElement>('[data-line]') ?? undefined) : goal.at === 'message' ? (box.querySelector<HTMLElement>(`[data-event="${CSS.escape(goal.id)}"]`) ?? undefined) : rowOf(box, goal.key);
  if (row === undefined) return false;
  const offset = goal.at === 'kept' ? offsetOf(box, row) : row.getBoundingClientRect().top - box.getBoundingClientRect().top + box.scrollTop;
  const above = goal.at === 'kept' ? goal.top : goal.at === 'line' ? 24 : Math.max(24, (box.clientHeight - row.offsetHeight) / 2);
  box.scrollTop = offset - above;
  // The row takes the focus, so that a screen reader goes on from there.
  if (goal.at === 'message') row.focus({ preventScroll: true });
  return true;
}

/** The first row that is wholly in sight, or else the one that fills the window. */
function anchorRow(box: HTMLElement): HTMLElement | undefined {
  const rows = rowsIn(box);
  const top = box.getBoundingClientRect().top;
  const first = firstBelow(rows, top);
  const next = rows[first + 1];
  const whole = (rows[first]?.getBoundingClientRect().top ?? 0) >= top;
  return !whole && next !== undefined && next.getBoundingClientRect().top < top + box.clientHeight ? next : rows[first];
}
