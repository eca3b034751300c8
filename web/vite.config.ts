import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { shell } from './shell';

// `make build` writes to dist/app, which git ignores; dist/index.html is the committed page that says so.
export default defineConfig({
  plugins: [react(), shell()],
  build: {
    outDir: 'dist/app',
    emptyOutDir: true,
    target: ['chrome100', 'safari15.4', 'firefox100'],
    assetsInlineLimit: 0, // data: URLs are not in our Content-Security-Policy
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: { index: 'index.html', sw: 'src/wire/sw.ts' },
      // A service worker is known by its address, so that one carries no hash.
      output: { entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  optimizeDeps: { exclude: ['@matrix-org/matrix-sdk-crypto-wasm'] },
  server: {
    host: '127.0.0.1',
    proxy: { '/_matrix': process.env['WARDROOM'] ?? 'http://127.0.0.1:8008', '/.well-known': process.env['WARDROOM'] ?? 'http://127.0.0.1:8008' },
  },
  test: {
    environment: 'jsdom',
    isolate: false, // test/setup.ts says what each file finds
    pool: 'threads',
    setupFiles: ['test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    css: false,
    testTimeout: 30_000, // a busy machine is no failure
  },
});
