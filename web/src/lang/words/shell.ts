import { sentences } from '../sentences';

export const shell = sentences({
  'shell.name': { en: 'Wardroom', 'zh-Hans': 'Wardroom', 'zh-Hant': 'Wardroom', ja: 'Wardroom' },
  'shell.description': {
    en: 'Work chat, end-to-end encrypted, on your organisation’s own server.',
    'zh-Hans': '端到端加密的工作沟通，运行在本单位自己的服务器上。',
    'zh-Hant': '端對端加密的工作溝通，在貴單位自己的伺服器上執行。',
    ja: '組織のサーバーで動く、エンドツーエンド暗号化の業務用チャット。',
  },
  'shell.skip': { en: 'Skip the list of rooms', 'zh-Hans': '跳过会话列表', 'zh-Hant': '略過聊天室清單', ja: 'ルームの一覧を飛ばす' },
  'shell.places': { en: 'Places', 'zh-Hans': '主要页面', 'zh-Hant': '主要頁面', ja: '主な画面' },
  'shell.me': { en: 'Me', 'zh-Hans': '我', 'zh-Hant': '我', ja: '自分' },
  'shell.new': { en: 'A new version is ready.', 'zh-Hans': '新版本已准备好。', 'zh-Hant': '新版本已準備好。', ja: '新しいバージョンの準備ができました。' },
  'shell.new.kept': {
    en: 'Messages that wait to be sent are kept.',
    'zh-Hans': '等待发出的消息会保留。',
    'zh-Hant': '等待送出的訊息會保留。',
    ja: '送信待ちのメッセージは残ります。',
  },
  'shell.new.do': { en: 'Reload to use it', 'zh-Hans': '重新加载并使用', 'zh-Hant': '重新載入並使用', ja: '再読み込みして使う' },
});
