// The four languages of the interface, and which one a person gets.

export const languages = ['en', 'zh-Hans', 'zh-Hant', 'ja'] as const;

/** A language of the interface, as a BCP 47 tag that also stands in `lang` attributes. */
export type Language = (typeof languages)[number];

/** Each language under the name its own speakers know it by. */
export const languageNames: Record<Language, string> = {
  en: 'English',
  'zh-Hans': '简体中文',
  'zh-Hant': '繁體中文',
  ja: '日本語',
};

export function isLanguage(tag: string): tag is Language {
  return (languages as readonly string[]).includes(tag);
}

/** The language of ours that a browser's tag such as `zh-TW` or `en-GB` means, or undefined if it means none. */
export function languageOfTag(tag: string): Language | undefined {
  const [main, ...rest] = tag.toLowerCase().split('-');
  switch (main) {
    case 'en':
      return 'en';
    case 'ja':
      return 'ja';
    case 'zh':
      if (rest.includes('hans')) return 'zh-Hans';
      return rest.some((part) => ['hant', 'tw', 'hk', 'mo'].includes(part)) ? 'zh-Hant' : 'zh-Hans';
    default:
      return undefined;
  }
}

/** The first of the browser's languages that we speak; English if there is none. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = languageOfTag(tag);
    if (language !== undefined) return language;
  }
  return 'en';
}
