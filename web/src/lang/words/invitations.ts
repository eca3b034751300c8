import { sentences } from '../sentences';

export const invitations = sentences({
  'settings.invitations': { en: 'Invite colleagues', 'zh-Hans': '邀请同事', 'zh-Hant': '邀請同事', ja: '同僚を招待' },
  'invitations.what': {
    en: 'Whoever opens the link can sign up once, and is then a person like any other. You may invite 20 people a day.',
    'zh-Hans': '打开链接的人可以注册一次，注册后与其他人没有区别。每天最多邀请20人。',
    'zh-Hant': '開啟連結的人可以註冊一次，註冊後與其他人沒有區別。每天最多邀請20人。',
    ja: 'リンクを開いた人は一度だけ登録でき、登録後はほかの人とまったく同じ立場になります。招待できるのは 1 日 20 人までです。',
  },
  'invitations.whom': { en: 'Whom it is for', 'zh-Hans': '邀请谁', 'zh-Hant': '邀請誰', ja: '誰に渡しますか' },
  'invitations.whom.hint': {
    en: 'You find it in the list by this. It can be left empty. The server can read it, and so can whoever has the link.',
    'zh-Hans': '方便您在列表里辨认，可以不填。服务器和拿到链接的人都能看到。',
    'zh-Hant': '方便您在清單裡辨認，可以不填。伺服器和拿到連結的人都能看到。',
    ja: '一覧で見分けるためのものです。空でもかまいません。サーバーと、リンクを持つ人が読むことができます。',
  },
  'invitations.make': { en: 'Make a link', 'zh-Hans': '生成链接', 'zh-Hant': '產生連結', ja: 'リンクを作る' },
  'invitations.made': {
    en: 'Pass this link on to one person. It is shown here this once: the server does not keep it.',
    'zh-Hans': '请把这个链接交给一个人。链接只在这里显示一次，服务器不保存。',
    'zh-Hant': '請把這個連結交給一個人。連結只在這裡顯示一次，伺服器不保存。',
    ja: 'このリンクを一人に渡してください。表示されるのは今回だけで、サーバーには保存されません。',
  },
  'invitations.copy': { en: 'Copy the link', 'zh-Hans': '复制链接', 'zh-Hant': '複製連結', ja: 'リンクをコピー' },
  'invitations.open': { en: 'Links nobody has used yet', 'zh-Hans': '尚未使用的链接', 'zh-Hant': '尚未使用的連結', ja: 'まだ使われていないリンク' },
  'invitations.none': { en: 'No link of yours is waiting to be used.', 'zh-Hans': '您没有等待使用的链接。', 'zh-Hant': '您沒有等待使用的連結。', ja: '使われるのを待っているリンクはありません。' },
  'invitations.loading': { en: 'Asking the server for your links…', 'zh-Hans': '正在向服务器查询您的链接…', 'zh-Hant': '正在向伺服器查詢您的連結…', ja: 'サーバーにリンクの一覧を問い合わせています…' },
  'invitations.unnamed': { en: 'Without a name', 'zh-Hans': '未注明', 'zh-Hant': '未註明', ja: '名前なし' },
  'invitations.until': { en: 'Valid until {day}', 'zh-Hans': '有效期至{day}', 'zh-Hant': '有效期限至{day}', ja: '{day}まで有効' },
  'invitations.takeBack': { en: 'Take back…', 'zh-Hans': '撤回…', 'zh-Hant': '撤回…', ja: '取り消す…' },
  'invitations.takeBack.title': { en: 'Take back the link “{name}”?', 'zh-Hans': '要撤回链接“{name}”吗？', 'zh-Hant': '要撤回連結「{name}」嗎？', ja: 'リンク「{name}」を取り消しますか。' },
  'invitations.takeBack.text': {
    en: 'Nobody can sign up with it any more. Whoever has already signed up stays.',
    'zh-Hans': '之后谁都不能再用它注册。已经注册的人不受影响。',
    'zh-Hant': '之後誰都不能再用它註冊。已經註冊的人不受影響。',
    ja: '以後、このリンクでは誰も登録できません。すでに登録した人はそのまま残ります。',
  },
  'invitations.takeBack.do': { en: 'Take back', 'zh-Hans': '撤回', 'zh-Hant': '撤回', ja: '取り消す' },
  'invitations.kept': {
    en: 'A link that was used leaves the list. Who signed up with it is not recorded.',
    'zh-Hans': '链接一经使用就不再列出。系统不记录是谁用它注册的。',
    'zh-Hant': '連結一經使用就不再列出。系統不記錄是誰用它註冊的。',
    ja: '使われたリンクは一覧から消えます。誰がそのリンクで登録したかは記録しません。',
  },
});
