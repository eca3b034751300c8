// Which language a text is in, as far as its letters show it. Han is drawn differently in each country, so every
// message, name and title gets a `lang` of its own where one can be known, and inherits the interface's where not.

import japanese from 'opencc-js/dict/JPShinjitaiCharacters';
import simplifiedToTraditional from 'opencc-js/dict/STCharacters';
import { currentLanguage } from './lang';
import { languageOfTag } from './languages';

// Which characters tell the two Chinese scripts apart comes from OpenCC. A simplified character tells, unless it is
// an old character of its own (后, 里) or written so in Japan (国, 会). A traditional one tells where Japan has simplified it on its
// own (圖 図), and so do some that Japanese does not use at all.
const pairs = (dictionary: string): string[][] => dictionary.split('|').map((line) => line.split(' '));
const shinjitai = new Set(pairs(japanese).map(([now = '']) => now));
const oldToo = new Set('丑丰了云仆余冲准凶出几划别制千升卷厘只台合吁同后向周咸回困复夫夸奸姜家尽岩布干幸弥御征志念愿戚才托扎折抵据斗旋昵曲朱朴杰松板极果核欲泛洒涂淀游灶炼玩症秋种穗筑系累胜胡致舍范荐蒙蔑表裁谷赞辟采里针闲防雇霉面须鬼');
const simplified = new Set(
  pairs(simplifiedToTraditional).flatMap(([now = '']) => (shinjitai.has(now) || oldToo.has(now) ? [] : now)),
);
const traditional = new Set([...pairs(japanese).flatMap(([, ...older]) => older), ...Array.from('們這說嗎麼沒妳夠哪啦吧裡')]);

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
    const characters = Array.from(text);
    const s = characters.some((character) => simplified.has(character));
    if (s === characters.some((character) => traditional.has(character))) return undefined;
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
