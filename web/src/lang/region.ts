import { currentLanguage } from './lang';

/** A country or region by its two letters, as people of the language in force call it. */
export function region(code: string): string {
  try {
    return new Intl.DisplayNames(currentLanguage(), { type: 'region' }).of(code) ?? code;
  } catch {
    return code;
  }
}
