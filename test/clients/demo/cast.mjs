// The people of the port of Lindø. All of them are invented.

/** @typedef {{ account: string, name: string, lang: string }} Role — lang: the language they write in, where their letters do not say it */

/** @type {Role[]} */
export const cast = [
  { account: "marta", name: "Marta Hallén", lang: "en" }, // harbour master's office
  { account: "lin", name: "林秋砚", lang: "zh-Hans" }, // document room
  { account: "zhou", name: "周闻鹤", lang: "zh-Hans" }, // night shift
  { account: "shen", name: "沈牧之", lang: "zh-Hans" }, // operator of crane 3
  { account: "xu", name: "許青嵐", lang: "zh-Hant" }, // purchasing
  { account: "ye", name: "葉書寧", lang: "zh-Hant" }, // purchasing, speaks for the staff
  { account: "saeki", name: "佐伯 澪", lang: "ja" }, // pier 2, planning
  { account: "kataoka", name: "片岡 透", lang: "ja" }, // pier 2, safety
  { account: "jonas", name: "Jonas Wedekind", lang: "en" }, // workshop
  { account: "elena", name: "Elena Brask", lang: "en" }, // Tarn Survey, a visitor
];

/**
 * The language that somebody wrote a text in: kana tell, Han is the writer's own, all else is English here.
 * @param {string} text @param {Role} writer
 */
export function languageOf(text, writer) {
  if (/[\u3041-\u30ff]/.test(text)) return "ja";
  return /\p{Script=Han}/u.test(text) ? writer.lang : "en";
}
