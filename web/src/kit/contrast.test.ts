import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

// Reads the tokens and fails when text falls under WCAG AA, or when two labels come too close for people with
// protan, deutan or tritan vision, or without any colour.

const css = readFileSync('src/kit/tokens.css', 'utf8');
type Tokens = Record<string, string>;

function block(start: string): Tokens {
  const at = css.indexOf(start);
  const body = css.slice(at, css.indexOf('\n}', at));
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map((m) => [m[1] ?? '', m[2] ?? '']));
}

const light = block(':root {');
const dark = { ...light, ...block(':root[data-theme="dark"]') };

const linear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const rgb = (hex: string): number[] => [1, 3, 5].map((i) => linear(parseInt(hex.slice(i, i + 2), 16) / 255));
const dot = (a: number[], b: number[]): number => a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0);
const luminance = (hex: string): number => dot(rgb(hex), [0.2126, 0.7152, 0.0722]);

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (high + 0.05) / (low + 0.05);
}

const pairs: [string, string, number][] = [];
for (const f of ['text', 'text-2', 'text-3']) for (const b of ['paper', 'page', 'well', 'raised', 'hover', 'ink-soft']) pairs.push([f, b, 4.5]);
for (const f of ['text', 'text-2']) for (const b of ['seal-soft', 'ok-soft', 'wait-soft', 'stop-soft']) pairs.push([f, b, 4.5]);
for (const f of ['ink', 'seal', 'ok', 'wait', 'stop']) for (const b of ['paper', 'page', 'raised', 'hover', `${f}-soft`]) pairs.push([f, b, 4.5]);
for (const f of ['ok', 'wait', 'stop', 'seal']) pairs.push([f, 'ink-soft', 4.5]);
pairs.push(['on-ink', 'ink', 4.5], ['on-ink', 'ink-hover', 4.5], ['on-seal', 'seal', 4.5]);
for (let n = 0; n < 4; n++) pairs.push([`on-label-${n}`, `label-${n}`, 4.5]);
for (let n = 1; n < 7; n++) pairs.push([`on-who-${n}`, `who-${n}`, 4.5]);
for (const b of ['paper', 'page', 'raised']) pairs.push(['focus', b, 3], ['line-strong', b, 3]);

test.each([['light', light], ['dark', dark]])('%s: text is readable on every ground it stands on', (_, tokens) => {
  for (const [f, b, least] of pairs) expect(contrast(tokens[f] ?? '', tokens[b] ?? ''), `${f} on ${b}`).toBeGreaterThanOrEqual(least);
});

const sight: Record<string, number[][]> = {
  full: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
  none: [[0.2126, 0.7152, 0.0722], [0.2126, 0.7152, 0.0722], [0.2126, 0.7152, 0.0722]],
};

function lab(hex: string, through: number[][]): number[] {
  const [r = 0, g = 0, b = 0] = through.map((row) => Math.min(1, Math.max(0, dot(row, rgb(hex)))));
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

test.each([['light', light], ['dark', dark]])('%s: no two labels look alike to anybody', (_, tokens) => {
  for (const [kind, through] of Object.entries(sight)) {
    for (let i = 0; i < 4; i++) {
      for (let j = i + 1; j < 4; j++) {
        const [a, b] = [lab(tokens[`label-${i}`] ?? '', through), lab(tokens[`label-${j}`] ?? '', through)];
        expect(Math.hypot(...a.map((v, n) => v - (b[n] ?? 0))), `${kind}: label-${i}, label-${j}`).toBeGreaterThanOrEqual(10);
      }
    }
  }
});
