import { sentences } from '../sentences';

export const common = sentences({
  'common.close': { en: 'Close', 'zh-Hans': '关闭', 'zh-Hant': '關閉', ja: '閉じる' },
  'common.cancel': { en: 'Cancel', 'zh-Hans': '取消', 'zh-Hant': '取消', ja: 'キャンセル' },
  'common.back': { en: 'Back', 'zh-Hans': '返回', 'zh-Hant': '返回', ja: '戻る' },
  'common.copied': { en: 'Copied', 'zh-Hans': '已复制', 'zh-Hant': '已複製', ja: 'コピーしました' },
  'common.copied.not': { en: 'Not copied: the browser does not allow it', 'zh-Hans': '未复制：浏览器不允许', 'zh-Hant': '未複製：瀏覽器不允許', ja: 'コピーしていません。ブラウザが許可していません' },
  'common.language': { en: 'Language', 'zh-Hans': '语言', 'zh-Hant': '語言', ja: '言語' },
  'common.theme': { en: 'Appearance', 'zh-Hans': '外观', 'zh-Hant': '外觀', ja: '表示' },
  'common.theme.light': { en: 'Light', 'zh-Hans': '浅色', 'zh-Hant': '淺色', ja: 'ライト' },
  'common.theme.dark': { en: 'Dark', 'zh-Hans': '深色', 'zh-Hant': '深色', ja: 'ダーク' },
  'common.theme.system': { en: 'As this device', 'zh-Hans': '跟随设备', 'zh-Hant': '依照裝置', ja: '端末に合わせる' },
  'picker.remove': { en: 'Remove {name}', 'zh-Hans': '移除{name}', 'zh-Hant': '移除{name}', ja: '{name} を外す' },
  'picker.found': { en: '{n, plural, one {# person found} other {# people found}}', 'zh-Hans': '找到{n}人', 'zh-Hant': '找到{n}人', ja: '{n} 人見つかりました' },
});
