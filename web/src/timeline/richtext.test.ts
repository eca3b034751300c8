import { expect, test } from 'vitest';
import { htmlOf } from '../state/markdown';
import { namesOf } from '../state/mentions';
import { fromHtml, fromText, type Link, type Rich } from './richtext';

const tagsIn = (pieces: readonly Rich[]): string[] => pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.tag, ...tagsIn(piece.inside)]));
const linksIn = (pieces: readonly Rich[]): Link[] =>
  pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [...('href' in piece ? [piece] : []), ...linksIn(piece.inside)]));
const textOf = (pieces: readonly Rich[]): string => pieces.map((piece) => (typeof piece === 'string' ? piece : textOf(piece.inside))).join('');

test.each([
  '<script>alert(1)</script>',
  '<style>*{display:none}</style>',
  '<svg onload=alert(1)><a href="javascript:alert(1)">x</a></svg>',
  '<math><mtext><script>alert(1)</script></mtext></math>',
  '<iframe src="https://evil.example"></iframe>',
  '<object data="https://evil.example"></object><embed src="https://evil.example">',
  '<mx-reply>what was answered</mx-reply>',
])('of %s little or nothing is left, and nothing that acts', (html) => {
  const pieces = fromHtml(html);
  expect(tagsIn(pieces)).toEqual([]);
  expect(textOf(pieces)).not.toMatch(/alert|what was answered/);
});

test.each(['javascript:alert(1)', ' JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:https://port.example/x', '//evil.example', '/relative', 'mxc://a/b', ''])(
  'a link to %s is only its words',
  (href) => {
    const pieces = fromHtml(`<a href="${href}">words</a>`);
    expect(linksIn(pieces)).toEqual([]);
    expect(textOf(pieces)).toBe('words');
  },
);

test('attributes are not taken over, and pictures become their words', () => {
  expect(fromHtml('<p style="position:fixed" class="btn" id="x" onclick="alert(1)">a<img src="https://evil.example/spy.png" alt="b"></p>')).toEqual([{ tag: 'p', inside: ['a', 'b'] }]);
});

test('what is meant to be read otherwise the second time is read once', () => {
  const pieces = fromHtml('<template><b>x</b></template><noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>');
  expect(textOf(pieces)).not.toContain('alert');
  expect(JSON.stringify(pieces)).not.toContain('onerror');
});

test('cells, rows and what a summary sums up stand apart', () => {
  const table = '<table><caption>Berths</caption><thead><tr><th>c1</th><th>c2</th></tr></thead><tbody><tr><td>1</td><td><b>2</b></td></tr></tbody></table>';
  expect(fromHtml(table)).toEqual([
    { tag: 'p', inside: ['Berths'] },
    { tag: 'p', inside: ['c1', ' | ', 'c2'] },
    { tag: 'p', inside: ['1', ' | ', { tag: 'strong', inside: ['2'] }] },
  ]);
  expect(fromHtml('<details><summary>S</summary>inside</details>')).toEqual([{ tag: 'p', inside: ['S'] }, 'inside']);
  expect(fromHtml('<dl><dt>a</dt><dd>b</dd></dl>')).toEqual([{ tag: 'p', inside: ['a'] }, { tag: 'p', inside: ['b'] }]);
});

test('unknown elements leave their content, and no depth exhausts us', () => {
  expect(fromHtml('<marquee><font color=red>still <b>here</b></font></marquee>')).toEqual(['still ', { tag: 'strong', inside: ['here'] }]);
  expect(tagsIn(fromHtml('<blockquote>'.repeat(120))).length).toBeLessThan(50);
});

test.each([
  ['https://port.example/a', 'https://port.example/a', undefined],
  ['https://port.example/a', 'port.example', undefined],
  ['https://evil.example/', 'https://bank.example/', 'evil.example'],
  ['https://evil.example/', 'the report', 'evil.example'],
  ['https://bank.example@evil.example/', 'https://bank.example@evil.example/', 'evil.example'],
  ['https://ex\u0430mple.com/', 'example.com', 'xn--exmple-4nf.com'],
  ['https://evil.example/', '\u202eelpmaxe.live', 'evil.example'],
  ['mailto:lin@port.example', 'lin@port.example', undefined],
  ['mailto:eve@evil.example', 'Lin', 'eve@evil.example'],
  ['mailto:eve%E2%80%AE@evil.example', 'eve\u202e@evil.example', 'eve%202E@evil.example'],
  // Letters that look like others: Cyrillic alone, Cyrillic among Latin, Greek, an accent, a dotless i.
  ['https://\u0430\u0440\u0440\u04cf\u0435.com/', 'https://\u0430\u0440\u0440\u04cf\u0435.com/', 'xn--80ak6aa92e.com'],
  ['https://b\u0430nk.example/', 'b\u0430nk.example', 'xn--bnk-6cd.example'],
  ['https://b\u03b1nk.example/', 'https://b\u03b1nk.example/', 'xn--bnk-oxc.example'],
  ['https://b\u00e1nk.example/', 'https://b\u00e1nk.example/', 'xn--bnk-ela.example'],
  ['https://w\u0131ki.example/', 'https://w\u0131ki.example/', 'xn--wki-jua.example'],
  ['https://www.b\u0430nk.example:8443/', 'the bank', 'www.xn--bnk-6cd.example:8443'],
  // Who writes the punycode shows it; letters of full width are the plain ones.
  ['https://xn--80ak6aa92e.com/', 'https://xn--80ak6aa92e.com/', undefined],
  ['https://\uff42ank.example/', 'https://bank.example/', undefined],
  // Plain Han, kana and Hangul stay as they are, in the words and beside other words.
  ['https://\u5317\u4eac.\u4e2d\u56fd/', 'https://\u5317\u4eac.\u4e2d\u56fd/', undefined],
  ['https://\u4f8b\u3048.jp/', '\u4f8b\u3048.jp', undefined],
  ['https://\u30e1\u30fc\u30eb.jp/', 'https://\u30e1\u30fc\u30eb.jp/', undefined],
  ['https://\ud55c\uad6d.kr/', 'https://\ud55c\uad6d.kr/', undefined],
  ['https://\u5317\u4eac.cn/a', '\u516c\u544a', '\u5317\u4eac.cn'],
  ['https://\u5317\u4eac\u3002cn/a', '\u516c\u544a', '\u5317\u4eac.cn'],
  // Among Latin letters, or alone, a stroke can look like a slash or a hyphen.
  ['https://bank.com\u4e3flogin.evil.example/', 'https://bank.com\u4e3flogin.evil.example/', 'bank.xn--comlogin-9h0m.evil.example'],
  ['https://bank.\u4e00.evil.example/', 'https://bank.\u4e00.evil.example/', 'bank.xn--4gq.evil.example'],
  ['https://\u6771\u4eactower.jp/', 'https://\u6771\u4eactower.jp/', 'xn--tower-w91hq39l.jp'],
  // Names before the host, and controls.
  ['https://bank.example:443@evil.example/', 'https://bank.example:443@evil.example/', 'evil.example'],
  ['https://bank.example%2flogin@evil.example/', 'https://bank.example%2flogin@evil.example/', 'evil.example'],
  ['https://\u5317\u4eac.cn@evil.example/', 'https://\u5317\u4eac.cn@evil.example/', 'evil.example'],
  ['https://evil.example/', 'https://evil.example/\u202e', 'evil.example'],
  ['https://evil.example/', 'https://evil.example/\u2067a', 'evil.example'],
  ['https://evil.example/', 'https://evil\u200b.example/', 'evil.example'],
  ['https://evil.example/', 'bank.example evil.example', 'evil.example'],
  ['https://[2001:db8::1]/', 'https://[2001:db8::1]/', undefined],
  ['https://port.example:8443/', 'https://port.example/', 'port.example:8443'],
])('a link to %s that says %s shows %s', (href, words, host) => {
  expect(linksIn(fromHtml(`<a href="${href}">${words}</a>`))[0]?.host).toBe(host);
});

test('what is written out in a text is told in the same way', () => {
  expect(linksIn(fromText('see https://bank.example@evil.example/ or https://b\u0430nk.example/ or https://\u5317\u4eac.cn/')).map(({ host }) => host)).toEqual(['evil.example', 'xn--bnk-6cd.example', undefined]);
});

test('addresses in plain text become links, without the full stop behind them', () => {
  const pieces = fromText('See https://port.example/a, or 请看https://port.example/b。谢谢');
  expect(linksIn(pieces).map((link) => link.href)).toEqual(['https://port.example/a', 'https://port.example/b']);
  expect(textOf(pieces)).toBe('See https://port.example/a, or 请看https://port.example/b。谢谢');
  expect(linksIn(fromHtml('<code>https://port.example</code>'))).toEqual([]);
});

test('what people mark becomes HTML, and what they do not mark none', () => {
  expect(htmlOf('plain\ntext')).toBeUndefined();
  expect(htmlOf('2 * 3 ** 4 < 5')).toBeUndefined();
  expect(htmlOf('**a** `b<` [c](https://d.example/?x="y)')).toBe('<p><strong>a</strong> <code>b&lt;</code> <a href="https://d.example/?x=&quot;y">c</a></p>');
  expect(htmlOf('- a\n- b\n\n1. c\n2. d\n> d\n> e')).toBe('<ul><li>a</li><li>b</li></ul><ol><li>c</li><li>d</li></ol><blockquote>d<br>e</blockquote>');
  expect(htmlOf('```js\n**a** <b>\n```\nafter')).toBe('<pre><code>**a** &lt;b&gt;\n</code></pre><p>after</p>');
  expect(htmlOf('```\nnever closed')).toBeUndefined();
  expect(htmlOf('[x](javascript:alert(1)) <script>')).toBeUndefined();
});

test.each([
  '20. November is the date',
  '7) see section 7\n8) and section 8',
  '- 5 °C',
  '* only where marked',
  '>500 t is not allowed',
  '>\n>',
  '2. second\n1. first',
  '- one\n* other',
  '01. 02. 2031\n02. 02. 2031',
  '5. a\n\n6. b',
])('%s stays as it was typed', (text) => {
  expect(htmlOf(text)).toBeUndefined();
});

test('lists keep their numbers, those of others too', () => {
  expect(htmlOf('20. a\n21. b\n23. c')).toBe('<ol start="20"><li>a</li><li>b</li></ol><p>23. c</p>');
  expect(htmlOf('See:\n1. a\n2. b\nend')).toBe('<p>See:</p><ol><li>a</li><li>b</li></ol><p>end</p>');
  expect(htmlOf('> a\n>\n> b\n>c')).toBe('<blockquote>a<br><br>b</blockquote><p>&gt;c</p>');
  expect(fromHtml('<ol start="5"><li>a</li></ol>')).toEqual([{ tag: 'ol', start: 5, inside: [{ tag: 'li', inside: ['a'] }] }]);
  for (const start of ['1', 'x', '5.5', '99999999999', '']) expect(fromHtml(`<ol start="${start}">a</ol>`)).toEqual([{ tag: 'ol', inside: ['a'] }]);
});

test('a person is a mention and never a link; the words of the sender do not say who it is', () => {
  expect(fromHtml('<a href="https://matrix.to/#/@lin:port.example">@Jonas</a>')).toEqual([{ tag: 'mention', id: '@lin:port.example', inside: ['@Jonas'] }]);
  expect(fromText('ask https://matrix.to/#/@lin:port.example now')).toEqual(['ask ', { tag: 'mention', id: '@lin:port.example', inside: ['https://matrix.to/#/@lin:port.example'] }, ' now']);
  expect(fromHtml('<a href="https://matrix.to/#/!room:port.example">room</a>')).toEqual(['room']);
  expect(linksIn(fromText('https://matrix.to/#/#room:port.example'))).toEqual([]);
  const names = namesOf([{ id: '@lin:port.example', name: '林秋砚' }]);
  expect(tagsIn(fromHtml(htmlOf('请**@林秋砚**看', names) ?? ''))).toEqual(['p', 'strong', 'mention']);
});
