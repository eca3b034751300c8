import { sentences } from '../sentences';

export const passkeys = sentences({
  'passkey.use': { en: 'Use a passkey', 'zh-Hans': '使用通行密钥', 'zh-Hant': '使用通行金鑰', ja: 'パスキーを使う' },
  'passkeys.title': { en: 'Passkeys', 'zh-Hans': '通行密钥', 'zh-Hant': '通行金鑰', ja: 'パスキー' },
  'passkeys.what': {
    en: 'With a passkey you sign in without your password, which then nobody can take from you on a false page. It opens no messages: a new device still needs the recovery key or another device.',
    'zh-Hans': '有了通行密钥，登录时无需输入密码，假冒网页也就骗不走它。它不能打开消息：新设备仍需恢复密钥或另一台设备。',
    'zh-Hant': '有了通行金鑰，登入時無需輸入密碼，假冒網頁也就騙不走它。它不能開啟訊息：新裝置仍需復原金鑰或另一台裝置。',
    ja: 'パスキーがあれば、パスワードを入力せずにサインインでき、偽のページに盗まれることもありません。メッセージを開くことはできません。新しい端末には、これまでどおり復元キーか別の端末が必要です。',
  },
  'passkeys.none': { en: 'You have no passkey yet.', 'zh-Hans': '您还没有通行密钥。', 'zh-Hant': '您還沒有通行金鑰。', ja: 'パスキーはまだありません。' },
  'passkeys.not': {
    en: 'Passkeys do not work here: the browser does not know them, or this server is reached by a number instead of a name.',
    'zh-Hans': '此处无法使用通行密钥：浏览器不支持，或者服务器地址是数字而不是域名。',
    'zh-Hant': '此處無法使用通行金鑰：瀏覽器不支援，或者伺服器位址是數字而不是網域名稱。',
    ja: 'ここではパスキーを使えません。ブラウザーが対応していないか、サーバーに名前ではなく番号で接続しています。',
  },
  'passkeys.unnamed': { en: 'Passkey', 'zh-Hans': '通行密钥', 'zh-Hant': '通行金鑰', ja: 'パスキー' },
  'passkeys.made': { en: 'Added on {day}', 'zh-Hans': '添加于{day}', 'zh-Hant': '新增於{day}', ja: '{day}に追加' },
  'passkeys.used': { en: 'Added on {made}, last used on {used}', 'zh-Hans': '添加于{made}，最近使用：{used}', 'zh-Hant': '新增於{made}，最近使用：{used}', ja: '{made}に追加、最後の利用は{used}' },
  'passkeys.add': { en: 'Add a passkey…', 'zh-Hans': '添加通行密钥…', 'zh-Hant': '新增通行金鑰…', ja: 'パスキーを追加…' },
  'passkeys.add.title': { en: 'Add a passkey', 'zh-Hans': '添加通行密钥', 'zh-Hant': '新增通行金鑰', ja: 'パスキーを追加' },
  'passkeys.add.do': { en: 'Add it', 'zh-Hans': '添加', 'zh-Hant': '新增', ja: '追加' },
  'passkeys.name': { en: 'Name of the passkey', 'zh-Hans': '通行密钥名称', 'zh-Hant': '通行金鑰名稱', ja: 'パスキーの名前' },
  'passkeys.name.hint': { en: 'Where it is kept, for example: blue key, telephone.', 'zh-Hans': '它存放在哪里，例如：蓝色安全密钥、手机。', 'zh-Hant': '它存放在哪裡，例如：藍色安全金鑰、手機。', ja: '保管場所など。例：青いキー、電話' },
  'passkeys.rename': { en: 'Rename this passkey', 'zh-Hans': '更改通行密钥名称', 'zh-Hant': '變更通行金鑰名稱', ja: 'パスキーの名前を変更' },
  'passkeys.remove': { en: 'Remove…', 'zh-Hans': '移除…', 'zh-Hant': '移除…', ja: '削除…' },
  'passkeys.remove.title': { en: 'Remove “{name}”?', 'zh-Hans': '要移除“{name}”吗？', 'zh-Hant': '要移除「{name}」嗎？', ja: '「{name}」を削除しますか。' },
  'passkeys.remove.text': {
    en: 'Nobody signs in with it any more. Devices that are signed in stay signed in.',
    'zh-Hans': '此后无法再用它登录。已登录的设备保持登录。',
    'zh-Hant': '此後無法再用它登入。已登入的裝置保持登入。',
    ja: 'このパスキーではサインインできなくなります。サインイン済みの端末はそのままです。',
  },
  'passkeys.remove.do': { en: 'Remove', 'zh-Hans': '移除', 'zh-Hant': '移除', ja: '削除' },
  'fault.passkey': {
    en: 'No passkey was shown that is known here. Try again, or use the password.',
    'zh-Hans': '没有出示此处认识的通行密钥。请重试，或使用密码。',
    'zh-Hant': '沒有出示此處認識的通行金鑰。請重試，或使用密碼。',
    ja: 'ここで知られているパスキーが示されませんでした。もう一度試すか、パスワードを使ってください。',
  },
  'fault.passkeyNotMade': {
    en: 'No passkey was made. There may be one on this device already, or it asks for no PIN, finger or face.',
    'zh-Hans': '没有创建通行密钥。此设备上可能已有一个，或者它不要求PIN、指纹或面容。',
    'zh-Hant': '沒有建立通行金鑰。此裝置上可能已有一個，或者它不要求PIN、指紋或臉孔。',
    ja: 'パスキーは作成されませんでした。この端末にすでにあるか、PIN・指紋・顔の確認がないのかもしれません。',
  },
});
