// The worker that holds the archive, so that neither reading it at the start nor a question holds up the page.

import { Archive } from './archive';
import type { Asked, Told } from './remote';

const archive = Archive.open();

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  const { ticket, verb, args } = data;
  const tell = (told: Told): void => postMessage(told);
  archive
    .then((open) => (open[verb] as (...args: readonly unknown[]) => unknown).call(open, ...args))
    .then(
      (answer) => tell({ ticket, answer }),
      (error: unknown) => tell({ ticket, fault: error instanceof Error ? error.message : String(error) }),
    );
});
