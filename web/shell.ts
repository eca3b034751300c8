// What the build makes beside the client itself: the icons, a manifest for each language, and the list of all files with
// their hashes, which it writes into the service worker.

import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { languages } from './src/lang/languages';
import { shell as words } from './src/lang/words/shell';

const paper = '#f5f3ed';
const ink = '#14506a';

/** The one drawing there is; everything else is made of it. */
const drawing = readFileSync(join(import.meta.dirname, 'public/icon.svg'), 'utf8');
const inner = drawing.replace(/^<svg[^>]*>|<\/svg>\s*$/g, '');

/** The drawing on a ground of its own: a system may cut a maskable one to a circle of four fifths of its width. */
function onGround(side: number, room: number): string {
  const size = 24 / room;
  const at = (size - 24) / 2;
  const stroke = `fill="none" stroke="${ink}" stroke-width="2"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 ${size} ${size}"><rect width="${size}" height="${size}" fill="${paper}"/><g transform="translate(${at} ${at})" ${stroke}>${inner}</g></svg>`;
}

/** The drawing with a mark: something is unread. */
function marked(): string {
  return drawing.replace('</svg>', '<circle cx="18" cy="18" r="6" fill="#a9281b" stroke="#fffefb" stroke-width="1.5"/></svg>');
}

const pictures: Record<string, string> = {
  'icons/192.png': onGround(192, 0.84),
  'icons/512.png': onGround(512, 0.84),
  'icons/maskable-512.png': onGround(512, 0.6),
  'icons/apple-180.png': onGround(180, 0.72),
};

function manifest(language: (typeof languages)[number]): string {
  return JSON.stringify(
    {
      id: '/',
      name: words['shell.name'][language],
      short_name: words['shell.name'][language],
      description: words['shell.description'][language],
      lang: language,
      dir: 'ltr',
      start_url: '/',
      scope: '/',
      display: 'standalone',
      background_color: paper,
      theme_color: paper,
      icons: [
        { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        { src: '/icons/192.png', sizes: '192x192', type: 'image/png' },
        { src: '/icons/512.png', sizes: '512x512', type: 'image/png' },
        { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
      ],
    },
    null,
    2,
  );
}

/** Fills the service worker of a finished build in: every file that a page may ask for, under its hash. */
export function listFiles(folder: string): void {
  const worker = join(folder, 'sw.js');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1).replaceAll('\\', '/'))
    .filter((name) => name !== 'sw.js' && !/\.(gz|png|webmanifest|txt)$/.test(name)) // the system keeps icons and manifest itself; the list of all of them has the worker in it
    .sort()
    .map((name) => ({ url: name === 'index.html' ? '/' : `/${name}`, integrity: `sha256-${createHash('sha256').update(readFileSync(join(folder, name))).digest('base64')}` }));
  const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16);
  const before = readFileSync(worker, 'utf8');
  const after = before.replace('__SHELL__', () => `(${JSON.stringify({ version, files })})`);
  if (after === before) throw new Error('sw.js has no place for the list of files');
  writeFileSync(worker, after);
  writeFileSync(join(folder, 'build.txt'), listOf(folder));
}

/** Every file of a build with its hash, in the form of sha256sum; web/embed.go makes the same of what it carries, and its hash stands in the ledger. */
function listOf(folder: string): string {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1).replaceAll('\\', '/'))
    .filter((name) => name !== 'build.txt' && !name.endsWith('.gz'))
    .sort();
  return names.map((name) => `${createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')}  ${name}\n`).join('');
}

/** The plugin that does all this in a build. */
export function shell(): Plugin {
  let folder = '';
  return {
    name: 'wardroom-shell',
    apply: 'build',
    configResolved: (config) => {
      folder = join(config.root, config.build.outDir);
    },
    async generateBundle() {
      await initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
      for (const [fileName, svg] of Object.entries(pictures)) this.emitFile({ type: 'asset', fileName, source: new Resvg(svg).render().asPng() });
      this.emitFile({ type: 'asset', fileName: 'icon-unread.svg', source: marked() });
      for (const language of languages) this.emitFile({ type: 'asset', fileName: `manifest.${language}.webmanifest`, source: manifest(language) });
    },
    closeBundle: () => listFiles(folder),
  };
}
