// How much of the page can be seen: a telephone's keyboard covers the rest of it, and on some systems the page is not told
// by any of CSS's own lengths.

/** Keeps `--seen`, the height that can be seen, on the root element for as long as the page lives. A page that is enlarged keeps its own. */
export function followViewport(seen: VisualViewport | null = window.visualViewport): void {
  if (seen === null) return;
  const look = (): void => {
    const { style } = document.documentElement;
    if (seen.scale !== 1) {
      style.removeProperty('--seen');
      return;
    }
    style.setProperty('--seen', `${seen.height}px`);
    if (seen.offsetTop > 0) window.scrollTo(0, 0); // the browser has pushed the page up, under its own top
  };
  seen.addEventListener('resize', look);
  seen.addEventListener('scroll', look);
}
