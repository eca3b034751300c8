// npm run bench:search [-- ENGINE…] [-- -n MESSAGES]: fills the search index in a real Chromium, reloads the page and asks.
// ENGINE is wardroom, minisearch, flexsearch, or answers, which counts the processor's time of an answer; the libraries are measured once they are installed:
// npm install --no-save minisearch@7.2.0 flexsearch@0.8.212

import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { build } from 'vite';

const asked = process.argv.slice(2);
const n = asked.includes('-n') ? Number(asked.splice(asked.indexOf('-n'), 2)[1]) : 100_000;
const engines = asked.length > 0 ? asked : ['wardroom'];
const temporary = mkdtempSync(join(tmpdir(), 'bench-search-'));
const site = join(temporary, 'site');
const libraries = ['minisearch', 'flexsearch'].filter((name) => !engines.includes(name));
await build({
  root: 'bench',
  configFile: false,
  logLevel: 'warn',
  build: { outDir: site, emptyOutDir: true, target: 'chrome110', modulePreload: { polyfill: false }, rolldownOptions: { input: 'bench/search.html', external: libraries } },
});

// The policy of the server, and isolation, without which a browser does not measure memory.
const headers = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
/** @type {Record<string, string>} */
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript' };
const server = createServer((request, answer) => {
  const path = join(site, new URL(request.url ?? '/', 'http://x').pathname);
  try {
    const body = readFileSync(path);
    answer.writeHead(200, { ...headers, 'Content-Type': types[extname(path)] ?? 'application/octet-stream' }).end(body);
  } catch {
    answer.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const address = /** @type {import('node:net').AddressInfo} */ (server.address());

/** @param {string} folder @returns {number} */
function bytesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesIn(path) : statSync(path).size);
  }, 0);
}

console.log(`${String(cpus().length)} × ${cpus()[0]?.model ?? ''}, ${String(n)} messages`);
for (const engine of engines) {
  if (engine === 'answers') {
    const outDir = join(temporary, 'answers');
    await build({ configFile: false, logLevel: 'warn', build: { ssr: 'bench/answers.ts', outDir, emptyOutDir: true, target: 'node20' }, ssr: { noExternal: true } });
    console.log(engine, (await import(join(outDir, 'answers.js'))).answers(n));
    continue;
  }
  const profile = join(temporary, engine);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--js-flags=--max-old-space-size=4096'],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('console', (message) => console.log('  page:', message.text()));
  page.on('pageerror', (error) => console.log('  page:', error.message));
  const open = () => page.goto(`http://127.0.0.1:${String(address.port)}/search.html`);
  const run = (/** @type {string} */ what) => page.evaluate(`${what}(${JSON.stringify(engine)}, ${String(n)})`);
  await open();
  const built = await run('built');
  await open();
  const reloaded = await run('reloaded');
  const version = context.browser()?.version() ?? '';
  await context.close();
  const stored = join(profile, 'Default', 'IndexedDB');
  console.log(engine, version, { ...built, ...reloaded, disk: bytesIn(stored) });
}
server.close();
rmSync(temporary, { recursive: true, force: true });
