import { sentences } from '../sentences';

// What went wrong, in words for the person it happened to. The server's own sentence is shown where it sent one
// that is written for people (Wardroom's are, in English); these stand for the codes that clients meet everywhere.
export const faults = sentences({
  'fault.offline': {
    en: 'The server did not answer. If you were changing something, it is not known whether it was done. Look again when the connection is back.',
    'zh-Hans': '服务器没有应答。如果正在更改什么，还不知道是否已生效。恢复连接后请再查看。',
    'zh-Hant': '伺服器沒有回應。如果正在變更什麼，還不知道是否已生效。恢復連線後請再查看。',
    ja: 'サーバーから応答がありません。変更の途中だった場合、反映されたかどうかは分かりません。接続が戻ってから、もう一度ご確認ください。',
  },
  'fault.push': {
    en: 'The push service of this browser’s maker did not answer. Nothing was changed.',
    'zh-Hans': '浏览器厂商的推送服务没有应答。什么都没有更改。',
    'zh-Hant': '瀏覽器廠商的推播服務沒有回應。什麼都沒有變更。',
    ja: 'ブラウザーの提供元のプッシュサービスから応答がありません。何も変わっていません。',
  },
  'fault.otherServer': {
    en: 'This address was used for another server, and what is kept here must not reach a different one. Start “wardroom app” for that server again, or give this one another port with --listen.',
    'zh-Hans': '这个地址曾用于另一台服务器，这里保存的内容不得交给别的服务器。请重新为那台服务器启动“wardroom app”，或用--listen为这台服务器指定别的端口。',
    'zh-Hant': '這個位址曾用於另一台伺服器，這裡保存的內容不得交給別的伺服器。請重新為那台伺服器啟動「wardroom app」，或用--listen為這台伺服器指定別的連接埠。',
    ja: 'このアドレスは別のサーバーに使われていました。ここに保存されたものを異なるサーバーに渡すことはできません。そのサーバー用に「wardroom app」を起動し直すか、--listen で別のポートを指定してください。',
  },
  'fault.limited': {
    en: 'Too many attempts in a short time. Try again in {seconds, plural, one {# second} other {# seconds}}.',
    'zh-Hans': '短时间内尝试次数过多。请在{seconds}秒后再试。',
    'zh-Hant': '短時間內嘗試次數過多。請在{seconds}秒後再試。',
    ja: '短い時間に試した回数が多すぎます。{seconds} 秒後にもう一度お試しください。',
  },
  'fault.identityChanged': {
    en: 'Somebody here whom you had verified has a new identity. Say above whether you accept it or verify again; then try again.',
    'zh-Hans': '这里有您验证过的人换了身份。请先在上方选择接受或重新验证，然后重试。',
    'zh-Hant': '這裡有您驗證過的人換了身分。請先在上方選擇接受或重新驗證，然後重試。',
    ja: '本人確認した方の本人情報が変わっています。上で「受け入れる」か「もう一度確認する」を選んでから、再送してください。',
  },
  'fault.encryptionWithheld': {
    en: 'The server does not say that this room is encrypted, so nothing was sent. Reload the page and try again. If this stays, tell whoever runs the server.',
    'zh-Hans': '服务器没有说明此会话已加密，所以没有发送任何内容。请重新载入页面再试；如果仍然如此，请告知服务器管理员。',
    'zh-Hant': '伺服器沒有說明此聊天室已加密，所以沒有傳送任何內容。請重新載入頁面再試；如果仍然如此，請告知伺服器管理員。',
    ja: 'このルームが暗号化されていることをサーバーが示さないため、何も送信していません。ページを再読み込みして、もう一度お試しください。続く場合は、サーバーの管理者に知らせてください。',
  },
  'fault.noIdentity': {
    en: 'This person has not finished signing in anywhere yet, so there is nothing to compare.',
    'zh-Hans': '对方还没有在任何设备上完成登录，所以没有可以核对的内容。',
    'zh-Hant': '對方還沒有在任何裝置上完成登入，所以沒有可以核對的內容。',
    ja: 'この方はまだどの端末でもサインインを終えていないため、見比べるものがありません。',
  },
  'fault.keysNotHeld': {
    en: 'This device does not hold all keys of your account. Nothing was changed. Under My devices stands what you can do.',
    'zh-Hans': '本设备没有您账号的全部密钥。什么都没有改变。可以怎么做，请看“我的设备”。',
    'zh-Hant': '本裝置沒有您帳號的全部金鑰。什麼都沒有改變。可以怎麼做，請看「我的裝置」。',
    ja: 'この端末にはアカウントの鍵がそろっていません。何も変わっていません。できることは「自分の端末」をご覧ください。',
  },
  'fault.keysNotGiven': {
    en: 'The other device verified this one and did not hand over the keys. Keep it open and compare once more, or enter the recovery key.',
    'zh-Hans': '另一台设备已验证本设备，但没有交出密钥。请保持那台设备打开，再核对一次，或输入恢复密钥。',
    'zh-Hant': '另一台裝置已驗證本裝置，但沒有交出金鑰。請保持那台裝置開啟，再核對一次，或輸入復原金鑰。',
    ja: '別の端末はこの端末を確認しましたが、鍵を渡していません。その端末を開いたままもう一度見比べるか、回復キーを入力してください。',
  },
  'fault.password': {
    en: 'Account name or password is not right.',
    'zh-Hans': '账号名或密码不正确。',
    'zh-Hant': '帳號名稱或密碼不正確。',
    ja: 'アカウント名またはパスワードが違います。',
  },
  'fault.nameTaken': {
    en: 'This account name is taken. Choose another.',
    'zh-Hans': '这个账号名已有人使用，请换一个。',
    'zh-Hant': '這個帳號名稱已有人使用，請換一個。',
    ja: 'このアカウント名は使われています。別の名前にしてください。',
  },
  'fault.nameForm': {
    en: 'An account name has small letters a–z, digits and . _ - only.',
    'zh-Hans': '账号名只能使用小写字母a–z、数字和 . _ -。',
    'zh-Hant': '帳號名稱只能使用小寫字母a–z、數字和 . _ -。',
    ja: 'アカウント名に使えるのは小文字の a–z、数字、. _ - だけです。',
  },
  'fault.weakPassword': {
    en: 'This password is too short or too common. Use at least 10 characters.',
    'zh-Hans': '密码太短或太常见。请至少使用10个字符。',
    'zh-Hant': '密碼太短或太常見。請至少使用10個字元。',
    ja: 'パスワードが短すぎるか、よく使われるものです。10 文字以上にしてください。',
  },
  'fault.invitation': {
    en: 'This invitation is not valid: it was used already or taken back, or its time is over. Ask the person who sent it for another.',
    'zh-Hans': '这个邀请无效：已经用过或被撤回，或者已经过期。请向发送邀请的人再要一个。',
    'zh-Hant': '這個邀請無效：已經用過或被撤回，或者已經過期。請向發送邀請的人再要一個。',
    ja: 'この招待は無効です。使用済みか、取り消されたか、期限が切れています。送った方に、もう一度依頼してください。',
  },
  'fault.invitationsToday': {
    en: 'You have invited 20 people today. Go on tomorrow, or let a colleague help.',
    'zh-Hans': '您今天已邀请20人。请明天继续，或请同事帮忙。',
    'zh-Hant': '您今天已邀請20人。請明天繼續，或請同事幫忙。',
    ja: '今日はすでに 20 人を招待しました。明日続けるか、同僚に依頼してください。',
  },
  'fault.forbidden': {
    en: 'The rules of this room or server do not allow this.',
    'zh-Hans': '此会话或服务器的规则不允许这样做。',
    'zh-Hant': '此聊天室或伺服器的規則不允許這樣做。',
    ja: 'このルームまたはサーバーの規則では許可されていません。',
  },
  'fault.notFound': {
    en: 'The server does not know this, or does not show it to you.',
    'zh-Hans': '服务器上没有这一项，或者不向您显示。',
    'zh-Hant': '伺服器上沒有這一項，或者不向您顯示。',
    ja: 'サーバーに存在しないか、あなたには表示されません。',
  },
  'fault.tampered': {
    en: 'These are not the bytes that were sent, so the file was not opened.',
    'zh-Hans': '收到的内容与发送的不一致，因此没有打开文件。',
    'zh-Hant': '收到的內容與傳送的不一致，因此沒有開啟檔案。',
    ja: '送られた内容と一致しないため、ファイルを開いていません。',
  },
  'fault.tooLarge': {
    en: 'This is larger than the server takes.',
    'zh-Hans': '内容超过了服务器接受的大小。',
    'zh-Hant': '內容超過了伺服器接受的大小。',
    ja: 'サーバーが受け付ける大きさを超えています。',
  },
  'fault.quota': {
    en: 'Your account has no room for this.',
    'zh-Hans': '您的账号没有余量容纳这项内容。',
    'zh-Hant': '您的帳號沒有餘量容納這項內容。',
    ja: 'あなたのアカウントにはこのための空きがありません。',
  },
  'fault.signedOut': {
    en: 'This device was signed out. Sign in again.',
    'zh-Hans': '这台设备已退出登录。请重新登录。',
    'zh-Hant': '這台裝置已登出。請重新登入。',
    ja: 'この端末はサインアウトされました。もう一度サインインしてください。',
  },
  'fault.signInAgain': {
    en: 'The server asks you to sign in again. Your keys and unsent messages are still on this device.',
    'zh-Hans': '服务器要求您重新登录。您的密钥和未发出的消息仍在这台设备上。',
    'zh-Hant': '伺服器要求您重新登入。您的金鑰和未送出的訊息仍在這台裝置上。',
    ja: 'サーバーが再度のサインインを求めています。鍵と未送信のメッセージはこの端末に残っています。',
  },
  'fault.recoveryKey': {
    en: 'This is not the recovery key of this account. Compare it group by group.',
    'zh-Hans': '这不是该账号的恢复密钥。请逐组核对。',
    'zh-Hant': '這不是此帳號的復原金鑰。請逐組核對。',
    ja: 'このアカウントの回復キーではありません。組ごとに見比べてください。',
  },
  'fault.passwordNeeded': {
    en: 'The server asks for your password before it takes new keys. Enter the password of your account.',
    'zh-Hans': '服务器在接受新密钥之前需要核对密码。请输入您的账号密码。',
    'zh-Hant': '伺服器在接受新金鑰之前需要核對密碼。請輸入您的帳號密碼。',
    ja: '新しい鍵を受け付ける前に、サーバーがパスワードを確認します。アカウントのパスワードを入力してください。',
  },
  'fault.browser': {
    en: 'This browser cannot keep encrypted data. A private window, or blocked site storage, may be the cause.',
    'zh-Hans': '此浏览器无法保存加密数据。可能是无痕窗口，或站点存储被禁用。',
    'zh-Hant': '此瀏覽器無法保存加密資料。可能是無痕視窗，或網站儲存空間遭停用。',
    ja: 'このブラウザーは暗号化データを保存できません。プライベートウィンドウか、サイトの保存領域の制限が原因かもしれません。',
  },
  'fault.insecure': {
    en: 'This page was opened at an address without encryption. A browser lets Wardroom encrypt at https addresses and on localhost only. Ask whoever runs this server for its https address.',
    'zh-Hans': '此页面是通过未加密的地址打开的。浏览器只允许Wardroom在https地址或localhost上使用加密。请向服务器的管理员索取https地址。',
    'zh-Hant': '此頁面是透過未加密的位址開啟的。瀏覽器只允許Wardroom在https位址或localhost上使用加密。請向伺服器的管理員索取https位址。',
    ja: 'このページは暗号化されていないアドレスで開かれています。ブラウザーが Wardroom に暗号化を許すのは、https のアドレスか localhost だけです。サーバーの運用担当者に https のアドレスをお尋ねください。',
  },
  'fault.notEnded': {
    en: 'Everything here is deleted, but the server did not answer: it may count this device as signed in, and others may go on encrypting to it. End it from another device, in the settings under Devices.',
    'zh-Hans': '这里的内容已全部删除，但服务器没有应答：它可能仍把这台设备算作已登录，其他人可能继续为它加密。请在另一台设备的“设置”里的设备页结束它。',
    'zh-Hant': '這裡的內容已全部刪除，但伺服器沒有回應：它可能仍把這台裝置算作已登入，其他人可能繼續為它加密。請在另一台裝置的「設定」裡的裝置頁結束它。',
    ja: 'ここの内容はすべて削除されましたが、サーバーから応答がありません。この端末がサインイン中のままとされ、ほかの方がこの端末宛ての暗号化を続ける可能性があります。別の端末の設定にある端末のページで終了してください。',
  },
  'fault.unknown': {
    en: 'This did not work. Nothing is lost; try again.',
    'zh-Hans': '没有成功。内容没有丢失，请再试。',
    'zh-Hant': '沒有成功。內容沒有遺失，請再試。',
    ja: 'うまくいきませんでした。何も失われていません。もう一度お試しください。',
  },
});
