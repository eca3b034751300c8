// Where a link leads, told where its words do not say it, or say it in letters that look like others.

const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]|\s\S/u;
/** Strokes that look like a slash, a hyphen, a dot or a bar where they stand alone. */
const strokes = /^[\u4e00\u4e28\u4e36\u4e3f\u4e85\u3078\u30ce\u30bd\u30be\u30f3\u30fb\u30fc\u30fd\u30fe0-9-]+$/u;
/** A label of a host that nobody takes for another: of plain ASCII, or of Chinese, Japanese or Korean alone. */
const ascii = /^[a-z0-9_-]+$/;
const eastAsian = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u30fc0-9-]+$/u;

/**
 * The host to show beside a link to target, or undefined where its words say it well enough. A host in letters that look
 * like others is shown in punycode: in Greek, Cyrillic or accented letters, in several scripts, in strokes alone.
 */
export function hostBeside(target: string, words: string, url: URL): string | undefined {
  if (url.protocol === 'mailto:') {
    const address = unescaped(url.pathname);
    return words.trim() === address && !invisible.test(address) ? undefined : shownSafely(address);
  }
  return says(words.trim(), url) ? undefined : plain(target, url) ?? url.host;
}

// The words say where the link leads if they are an address there themselves. A name before an @ may look like a host, and
// controls that turn the direction of writing hide what an address says.
function says(words: string, url: URL): boolean {
  if (url.username !== '' || url.password !== '' || invisible.test(words)) return false;
  const shown = parsed(words) ?? parsed(`https://${words}`);
  return shown?.host === url.host && (written(words).includes('xn--') || plain(words, url) !== undefined);
}

/** The host as an address has it, if it is url's and cannot be taken for another. */
function plain(address: string, url: URL): string | undefined {
  const name = written(address).replace(/:\d*$/, '');
  const good = url.hostname.startsWith('[') || name.split('.').every((label) => ascii.test(label) || (eastAsian.test(label) && !strokes.test(label)));
  if (!good || parsed(`https://${name}`)?.hostname !== url.hostname) return undefined;
  return url.port === '' ? name : `${name}:${url.port}`;
}

function written(address: string): string {
  const after = address.trim().replace(/^[a-z][a-z0-9+.-]*:[/\\]*/i, '');
  const host = /^[^/\\?#]*/.exec(after)?.[0] ?? '';
  return host.replace(/^.*@/, '').normalize('NFKC').replace(/[\u3002\uff61]/g, '.').toLowerCase();
}

/** An address of mail with what cannot be seen, or turns the direction of writing, in figures. */
function shownSafely(address: string): string {
  return address.replace(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, (letter) => `%${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase()}`);
}

export function parsed(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
