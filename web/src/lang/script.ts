// Which language a text is in, as far as its letters show it. Han is drawn differently in each country, so every
// message, name and title gets a `lang` of its own where one can be known, and inherits the interface's where not.

import { currentLanguage } from './lang';
import { languageOfTag } from './languages';

// Common characters that only one of the two Chinese scripts has, and that Japanese writes differently from both.
const simplified = /[们这时对说还开关发问间东车门见长书话语请让谢报护码务单员议应该实现经给过进远边达选钥设备权记录检从众优传伤价个业产亲仅儿决别则刚动劳势听员团场坏处头审岁师带帮库张归态总户执]/;
const traditional = /[們這來對說沒發讓號單應實經邊鑰權錄檢與會從眾傳體價嗎麼點學國關據當處廳參雙圖總辦黨灣鐵臺兩萬變讀寫屬醫觀顯聽擔數樂歸氣廣戶內將稱繼續濟夠妳]/;
const kana = /[\u3041-\u30ff\uff66-\uff9f]/;
const han = /\p{Script=Han}/u;
const hangul = /\p{Script=Hangul}/u;
const latin = /\p{Script=Latin}/u;

/**
 * The BCP 47 tag of the language that text is written in, or undefined where the letters do not tell.
 * Latin text counts as the first language of the browser that is written so.
 */
export function languageOf(text: string, browser: readonly string[] = navigator.languages): string | undefined {
  if (kana.test(text)) return 'ja';
  if (hangul.test(text)) return 'ko';
  if (han.test(text)) {
    const s = simplified.test(text);
    if (s === traditional.test(text)) return undefined;
    return s ? 'zh-Hans' : 'zh-Hant';
  }
  if (latin.test(text)) return browser.find((tag) => !/^(zh|ja|ko|ru|uk|bg|ar|fa|he|th|hi|el)\b/.test(tag)) ?? 'en';
  return undefined;
}

/** The language that a message of one's own is sent under: the one its letters show, else the interface's. */
export function languageToSend(text: string): string {
  return languageOf(text) ?? currentLanguage();
}

/** A `lang` attribute from a tag that somebody else wrote: only a tag in good form is passed on. */
export function cleanTag(tag: unknown): string | undefined {
  if (typeof tag !== 'string' || !/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/.test(tag)) return undefined;
  return languageOfTag(tag) ?? tag;
}
