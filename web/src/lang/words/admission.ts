import { sentences } from '../sentences';

// Who is in a room by the server's word alone.
export const admission = sentences({
  'admission.held.title': { en: '{name} is held back', 'zh-Hans': '{name}被挡在外面', 'zh-Hant': '{name}被擋在外面', ja: '{name} さんには届かないようにしています' },
  'admission.told.title': { en: '{name} is here by the server’s word alone', 'zh-Hans': '只有服务器说{name}在这里', 'zh-Hant': '只有伺服器說{name}在這裡', ja: '{name} さんがいるというのはサーバーの言い分だけです' },
  'admission.held': { en: 'What you write here does not reach them.', 'zh-Hans': '您在这里写的内容不会到达对方。', 'zh-Hant': '您在這裡寫的內容不會到達對方。', ja: 'ここに書いても、この方には届きません。' },
  'admission.told': { en: 'What is written here reaches them all the same.', 'zh-Hans': '这里写的内容仍会到达对方。', 'zh-Hant': '這裡寫的內容仍會到達對方。', ja: 'ここに書いたものは、それでもこの方に届きます。' },
  'admission.why.nobody': {
    en: 'No member’s device has let {name} in. Either somebody invited them with another app, or the server added them to listen.',
    'zh-Hans': '没有任何成员的设备允许{name}加入。可能有人用其他应用邀请了对方，也可能是服务器把对方加进来旁听。',
    'zh-Hant': '沒有任何成員的裝置允許{name}加入。可能有人用其他應用程式邀請了對方，也可能是伺服器把對方加進來旁聽。',
    ja: 'どのメンバーの端末も {name} さんを入れていません。別のアプリで招待されたか、聞き耳を立てるためにサーバーが加えたかのどちらかです。',
  },
  'admission.why.otherKey': {
    en: '{name} was let in with another identity. Either they lost their recovery key and began anew, or somebody has taken over the account or the server.',
    'zh-Hans': '{name}加入时用的是另一个身份。可能对方遗失了恢复密钥而重新开始，也可能有人接管了账号或服务器。',
    'zh-Hant': '{name}加入時用的是另一個身分。可能對方遺失了復原金鑰而重新開始，也可能有人接管了帳號或伺服器。',
    ja: '{name} さんは別の本人情報で入っていました。回復キーをなくして作り直したか、何者かがアカウントかサーバーを乗っ取ったかのどちらかです。',
  },
  'admission.why.out': {
    en: '{by} put {name} out, and the server says that they are here again. No member’s device has let them in since.',
    'zh-Hans': '{by}已将{name}移出，而服务器说对方又在这里。此后没有任何成员的设备允许对方加入。',
    'zh-Hant': '{by}已將{name}移出，而伺服器說對方又在這裡。此後沒有任何成員的裝置允許對方加入。',
    ja: '{by} さんが {name} さんを外しましたが、サーバーはまたここにいると言っています。その後、どのメンバーの端末も入れていません。',
  },
  'admission.why.forged': {
    en: 'The server does not say about this room what its maker said, so nobody can tell who belongs here, {name} included. Make a new room, and tell whoever runs the server, by another way than this one.',
    'zh-Hans': '服务器给出的会话信息与创建者所写的不符，因此无法判断谁属于这里，{name}也一样。请新建会话，并通过其他途径告知服务器的运营人员。',
    'zh-Hant': '伺服器給出的聊天室資訊與建立者所寫的不符，因此無法判斷誰屬於這裡，{name}也一樣。請建立新聊天室，並透過其他途徑告知伺服器的營運人員。',
    ja: 'このルームについてサーバーが示す内容が、作った人の書いたものと違います。{name} さんを含め、誰がここの人か分かりません。新しいルームを作り、ここ以外の手段でサーバーの運用担当者に知らせてください。',
  },
  'admission.why.unable': {
    en: 'This browser cannot check the signatures by which members let each other in, that of {name} among them. Use a newer browser.',
    'zh-Hans': '此浏览器无法检查成员之间相互允许加入的签名，{name}的也不例外。请使用更新的浏览器。',
    'zh-Hant': '此瀏覽器無法檢查成員之間相互允許加入的簽章，{name}的也不例外。請使用更新的瀏覽器。',
    ja: 'このブラウザーでは、メンバーが互いを入れるときの署名を確かめられません（{name} さんのものも）。新しいブラウザーをお使いください。',
  },
  'admission.ask': {
    en: 'Ask them, or whoever invited them, by another way than this one.',
    'zh-Hans': '请通过其他途径询问对方或邀请者。',
    'zh-Hant': '請透過其他途徑詢問對方或邀請者。',
    ja: 'ここ以外の手段で、本人か招待した人に確かめてください。',
  },
  'admission.letIn': { en: 'Let in…', 'zh-Hans': '允许加入…', 'zh-Hant': '允許加入…', ja: '入れる…' },
  'admission.remove': { en: 'Remove', 'zh-Hans': '移出', 'zh-Hant': '移出', ja: '外す' },
  'admission.letIn.title': { en: 'Let {name} in?', 'zh-Hans': '允许{name}加入？', 'zh-Hant': '允許{name}加入？', ja: '{name} さんを入れますか' },
  'admission.letIn.text': {
    en: '{name} ({id}) reads what anybody writes here from now on. Your device signs that, for all members to see.',
    'zh-Hans': '此后任何人在这里写的内容，{name}（{id}）都能读到。您的设备会为此签名，所有成员都能看到。',
    'zh-Hant': '此後任何人在這裡寫的內容，{name}（{id}）都能讀到。您的裝置會為此簽署，所有成員都能看到。',
    ja: '今後ここに書かれるものはすべて {name} さん（{id}）が読めます。あなたの端末がそのことに署名し、全員に見えます。',
  },
  'admission.letIn.do': { en: 'Let in', 'zh-Hans': '允许加入', 'zh-Hant': '允許加入', ja: '入れる' },
  'admission.room.held': { en: '{n, plural, one {# held back} other {# held back}}', 'zh-Hans': '{n}人被挡在外面', 'zh-Hant': '{n}人被擋在外面', ja: '{n} 人に届かないようにしています' },
  'admission.room.told': {
    en: '{n, plural, one {# let in by nobody} other {# let in by nobody}}',
    'zh-Hans': '{n}人未经成员允许',
    'zh-Hant': '{n}人未經成員允許',
    ja: '{n} 人を入れたメンバーがいません',
  },
  'admission.room.unchecked': { en: 'Who is here, the server alone says', 'zh-Hans': '谁在这里，只凭服务器所说', 'zh-Hant': '誰在這裡，只憑伺服器所說', ja: '誰がいるかはサーバーの言い分だけ' },
});
