import { sentences } from '../sentences';

export const ignore = sentences({
  'ignore.title': { en: 'Ignoring', 'zh-Hans': '屏蔽', 'zh-Hant': '封鎖', ja: '非表示' },
  'ignore.what': {
    en: 'If you ignore {name}, you no longer see what they write, in any room and on any of your devices, and get no invitations from them. They are not told. You can end it at any time.',
    'zh-Hans': '屏蔽后，您在任何会话、任何设备上都不再看到{name}写的内容，也收不到其邀请。对方不会得知。您可以随时取消。',
    'zh-Hant': '封鎖後，您在任何聊天室、任何裝置上都不再看到{name}寫的內容，也收不到其邀請。對方不會得知。您可以隨時取消。',
    ja: '非表示にすると、{name} さんの書いたものは、どのルームでも、どの端末でも表示されなくなり、招待も届きません。相手には知らされません。いつでも元に戻せます。',
  },
  'ignore.now': {
    en: 'You ignore {name}: you do not see what they write. They are not told, and can read what you write in rooms that you share.',
    'zh-Hans': '您已屏蔽{name}，看不到其写的内容。对方不知情，仍能读到您在共同会话里写的内容。',
    'zh-Hant': '您已封鎖{name}，看不到其寫的內容。對方不知情，仍能讀到您在共同聊天室裡寫的內容。',
    ja: '{name} さんを非表示にしています。書いたものは表示されません。相手には知らされず、共通のルームであなたが書いたものは相手も読めます。',
  },
  'ignore.do': { en: 'Ignore', 'zh-Hans': '屏蔽', 'zh-Hant': '封鎖', ja: '非表示にする' },
  'ignore.end': { en: 'Stop ignoring', 'zh-Hans': '取消屏蔽', 'zh-Hant': '取消封鎖', ja: '表示に戻す' },
  'ignore.tag': { en: 'ignored', 'zh-Hans': '已屏蔽', 'zh-Hant': '已封鎖', ja: '非表示' },
  'settings.ignored': { en: 'People you ignore', 'zh-Hans': '屏蔽的人', 'zh-Hant': '封鎖的人', ja: '非表示の人' },
  'ignored.what': {
    en: 'You do not see what they write, on any of your devices. They are not told. The server keeps this list: whoever runs it can read it.',
    'zh-Hans': '您在任何设备上都看不到他们写的内容。他们不会得知。这份名单存在服务器上，管理服务器的人可以读到。',
    'zh-Hant': '您在任何裝置上都看不到他們寫的內容。他們不會得知。這份名單存在伺服器上，管理伺服器的人可以讀到。',
    ja: '書いたものは、どの端末でも表示されません。相手には知らされません。この一覧はサーバーに保存され、サーバーの管理者は読むことができます。',
  },
  'ignored.none': {
    en: 'You ignore nobody. It is offered under About this person, which opens from the people of a room.',
    'zh-Hans': '您没有屏蔽任何人。如需屏蔽，请在会话的成员列表里打开“关于此人”。',
    'zh-Hant': '您沒有封鎖任何人。如需封鎖，請在聊天室的成員清單裡開啟「關於此人」。',
    ja: '非表示にしている人はいません。非表示にするには、ルームのメンバー一覧から「この方について」を開いてください。',
  },
});
