import { sentences } from '../sentences';

export const roomlist = sentences({
  'rooms.title': { en: 'Rooms', 'zh-Hans': '会话', 'zh-Hant': '聊天室', ja: 'ルーム' },
  'rooms.people': { en: 'People', 'zh-Hans': '联系人', 'zh-Hant': '聯絡人', ja: '個人' },
  'rooms.invited': { en: 'Waiting for you', 'zh-Hans': '等您处理', 'zh-Hant': '等您處理', ja: 'あなたを待っています' },
  'rooms.none': { en: 'You are in no room yet.', 'zh-Hans': '您还没有加入任何会话。', 'zh-Hant': '您還沒有加入任何聊天室。', ja: 'まだどのルームにも参加していません。' },
  'rooms.loading': { en: 'Fetching your rooms', 'zh-Hans': '正在获取会话', 'zh-Hant': '正在取得聊天室', ja: 'ルームを取得しています' },
  'rooms.new': { en: 'New room', 'zh-Hans': '新会话', 'zh-Hant': '新聊天室', ja: '新しいルーム' },
  'rooms.new.title': { en: 'Make a room', 'zh-Hans': '新建会话', 'zh-Hant': '建立聊天室', ja: 'ルームを作成' },
  'rooms.new.name': { en: 'Name', 'zh-Hans': '名称', 'zh-Hant': '名稱', ja: '名前' },
  'rooms.new.name.hint': {
    en: 'The server can read the name, so keep it neutral. What is written inside it cannot read.',
    'zh-Hans': '服务器能看到名称，请起得中性一些。会话里写的内容它看不到。',
    'zh-Hant': '伺服器看得到名稱，請取得中性一些。聊天室裡寫的內容它看不到。',
    ja: '名前はサーバーから見えるため、差し障りのないものにしてください。中に書かれた内容は見えません。',
  },
  'rooms.new.name.missing': { en: 'Enter a name.', 'zh-Hans': '请填写名称。', 'zh-Hant': '請填寫名稱。', ja: '名前を入力してください。' },
  'rooms.new.do': { en: 'Make the room', 'zh-Hans': '新建', 'zh-Hant': '建立', ja: '作成' },
  'rooms.invitedBy': { en: 'Invited by {name}', 'zh-Hans': '{name} 邀请', 'zh-Hant': '{name} 邀請', ja: '{name} さんからの招待' },
  'rooms.join': { en: 'Join', 'zh-Hans': '加入', 'zh-Hant': '加入', ja: '参加' },
  'rooms.decline': { en: 'Decline', 'zh-Hans': '谢绝', 'zh-Hant': '婉拒', ja: '辞退' },
  'rooms.preview.you': { en: 'You: {text}', 'zh-Hans': '您：{text}', 'zh-Hant': '您：{text}', ja: 'あなた：{text}' },
  'rooms.preview.other': { en: '{name}: {text}', 'zh-Hans': '{name}：{text}', 'zh-Hant': '{name}：{text}', ja: '{name}：{text}' },
  'rooms.unread': {
    en: '{n, plural, one {# unread message} other {# unread messages}}',
    'zh-Hans': '{n} 条未读消息',
    'zh-Hant': '{n} 則未讀訊息',
    ja: '未読 {n} 件',
  },
  'rooms.choose': {
    en: 'Choose a room on the left.',
    'zh-Hans': '请在左侧选择会话。',
    'zh-Hant': '請在左側選擇聊天室。',
    ja: '左からルームを選んでください。',
  },
  'me.menu': { en: 'You: {name}', 'zh-Hans': '您：{name}', 'zh-Hant': '您：{name}', ja: 'あなた：{name}' },
});
