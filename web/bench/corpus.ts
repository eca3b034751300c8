// Messages as an office writes them, made up: the same seed gives the same messages on every machine. Half of them are
// Chinese (a third of these in traditional characters), a third Japanese, the rest English, and some mix scripts.

import type { Message } from '../src/search/segment';

const zh = {
  who: ['林工', '周敏', '王主任', '陈科长', '码头二组', '财务处', '设备科', '调度室', '质检小组', '法务的同事', '值班员', '刘师傅', '海关', '供应商', '档案室', '信息中心'],
  thing: ['岸桥的年检报告', '第三季度预算', '潮位表', '集装箱清单', '供电合同', '安全培训材料', '吊具的备件', '冷藏箱温度记录', '会议纪要', '验收单', '考勤表', '招标文件', '航道通告', '值班表', '应急预案', '发票', '门禁权限', '防台风检查表', '用章申请', '监控录像', '起重机钢丝绳', '船期变更说明', '货主的投诉信', '工资条', '新同事的入职手续'],
  act: ['已经放在三楼', '还没有签字', '需要再核对一遍', '今天下午发给您', '改到下周一', '请先不要外传', '刚刚更新过', '按原来的方案办', '和上次的数字对不上', '等领导批了再说', '麻烦打印两份', '已经退回修改', '昨天夜里坏了', '放进共享文件夹了', '要在月底前交齐', '由值班的人负责', '先送到南门', '暂时用旧的那一份', '我这边看不到', '已经通知到各个班组'],
  tail: ['，您看行吗？', '。', '，有问题随时说。', '，辛苦了。', '，电话里讲不清楚，见面谈。', '。另外，车停在北门的话要先登记。', '。附件里有三个表，第二个最要紧。', '，谢谢！', '。我明天请假，有事找周敏。', '。下雨天注意脚下。'],
};
const hant = {
  who: ['林工程師', '陳課長', '碼頭二組', '會計室', '設備組', '調度中心', '品管小組', '法務同仁', '值班人員', '吳師傅', '海關', '廠商', '檔案室', '資訊室'],
  thing: ['橋式起重機的年檢報告', '第三季預算', '潮位表', '貨櫃清單', '供電合約', '安全訓練教材', '吊具備品', '冷凍櫃溫度紀錄', '會議紀錄', '驗收單', '出勤表', '招標文件', '航道公告', '輪值表', '應變計畫', '統一發票', '門禁權限', '防颱檢查表', '用印申請', '監視畫面', '鋼索', '船期變更說明', '貨主的陳情', '薪資單'],
  act: ['已經放在三樓', '還沒有簽名', '要再核對一次', '今天下午寄給您', '改到下星期一', '請先不要外傳', '剛剛更新過', '照原來的方案辦', '跟上次的數字對不起來', '等主管核准再說', '麻煩印兩份', '已退回修改', '昨天半夜壞了', '放進共用資料夾了', '月底前要交齊', '由值班的人負責', '先送到南門', '暫時用舊的那一份', '我這邊看不到', '已經通知各班組'],
  tail: ['，您看可以嗎？', '。', '，有問題隨時說。', '，辛苦了。', '，電話裡講不清楚，見面談。', '。附件裡有三個表，第二個最重要。', '，謝謝！', '。我明天請假，有事找周敏。'],
};
const ja = {
  who: ['佐伯さん', '田中課長', '第二班', '経理部', '設備担当', '配船係', '品質管理チーム', '法務', '当直', '山本さん', '税関', '取引先', '資料室', '情報システム室', 'クレーンの運転士'],
  thing: ['ガントリークレーンの点検報告', '第三四半期の予算', '潮位表', 'コンテナの一覧', '電力契約書', '安全教育の資料', 'スプレッダーの予備部品', '冷凍コンテナの温度記録', '議事録', '検収書', '勤務表', '入札書類', '航路の通達', '当直表', '防災計画', '請求書', '入館証', '台風前の点検表', '押印申請', '監視カメラの録画', 'ワイヤーロープ', '配船変更のお知らせ', '荷主からの苦情', '給与明細', 'データベースのバックアップ'],
  act: ['は三階に置いてあります', 'にまだ署名がありません', 'をもう一度確認してください', 'を今日の午後お送りします', 'は来週の月曜に変更になりました', 'は外に出さないでください', 'を更新しました', 'は元の案のとおり進めます', 'の数字が前回と合いません', 'は承認を待っています', 'を二部印刷してもらえますか', 'は差し戻しになりました', 'が昨夜故障しました', 'を共有フォルダーに入れました', 'は月末までに提出です', 'は当直の方にお願いします', 'を先に南門へ届けてください', 'はこちらからは見えません', 'を各班に連絡しました'],
  tail: ['。', '。よろしくお願いします。', '。ご確認ください。', '、お疲れさまです。', '。詳しくは会議で話します。', '。添付の表は二枚目が大事です。', '。明日は休みますので、周さんにお願いします。', 'が、いかがでしょうか。', '。雨なので足元に気をつけてください。'],
};
const en = {
  who: ['Lin', 'Zoë', 'the harbour office', 'Accounts', 'quay two', 'José from legal', 'the night shift', 'our supplier', 'Customs', 'Mr Tanaka', 'the registry', 'IT'],
  thing: ['the crane inspection report', 'the third quarter budget', 'the tide table', 'the container list', 'the power contract', 'the safety training deck', 'spare parts for the spreader', 'the reefer temperature log', 'the minutes', 'the acceptance form', 'the duty roster', 'the tender', 'the naïve estimate', 'the emergency plan', 'an invoice', 'the badge for gate three', 'the typhoon checklist', 'the résumé of the new colleague'],
  act: ['is on the third floor', 'has not been signed', 'needs another look', 'goes out this afternoon', 'moved to Monday', 'must not leave the office', 'was updated just now', 'stays as planned', 'does not match last month', 'waits for approval', 'was sent back', 'broke last night', 'is in the shared folder', 'is due by the end of the month', 'is not visible from here'],
  tail: ['.', '. Thanks!', ', does that work for you?', '. Call me if not.', '. The second sheet matters most.', '. I am away tomorrow, ask Zhou Min.', '.'],
};
const codes = ['PDF', 'Excel', 'STS-04', 'RTG 12', 'WR-2025', 'v2.3', 'A4', 'Q3', 'CAD', 'USB', 'VPN', 'HACCP'];
// Rare names of people, ships and places come from these: the long tail of any real index.
const rare =
  '安白北本边滨波博长常超晨城池川春慈聪翠达丹德登殿东峰凤福富甘岗高格谷关光广贵海汉和河恒红厚湖花华怀环黄惠吉佳嘉建江锦京景静九菊君康可克坤蓝乐丽良临灵龙隆鲁路罗洛满茂美明莫木南宁鹏平浦其千钱青清泉仁荣瑞若三沙山尚胜石寿书双水思松苏太天田通同万旺威文武西溪喜夏祥新星兴雄秀徐雪雅延阳瑶业叶一怡义逸银英永勇友宇雨玉元远月云泽增张昭镇正志中舟珠祝卓紫宗';

/** How many people write in the corpus, and in how many rooms. */
export const people = 200;
export const rooms = 60;

// mulberry32
function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The first n messages of the corpus, oldest first. */
export function* corpus(n: number, seed = 7): Generator<Message> {
  const next = random(seed);
  const pick = (from: string | readonly string[]): string => from[Math.floor(next() * from.length)] ?? '';
  const name = (): string => Array.from({ length: 2 + Math.floor(next() * 2) }, () => pick(rare)).join('');
  const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const id = (): string => `$${Array.from({ length: 43 }, () => pick(base64)).join('')}`;

  const clause = (lang: 'zh' | 'hant' | 'ja' | 'en'): string => {
    const code = next() < 0.25 ? pick(codes) : '';
    const number = next() < 0.2 ? `${String(Math.floor(next() * 9000) + 100)}` : '';
    const extra = next() < 0.3 ? name() : '';
    switch (lang) {
      case 'zh':
        return `${pick(zh.who)}说，${extra && `${extra}号的`}${code && ` ${code} `}${pick(zh.thing)}${number && `（编号${number}）`}${pick(zh.act)}${pick(zh.tail)}`;
      case 'hant':
        return `${pick(hant.who)}說，${extra && `${extra}號的`}${code}${pick(hant.thing)}${number && `（編號${number}）`}${pick(hant.act)}${pick(hant.tail)}`;
      case 'ja':
        return `${pick(ja.who)}から、${extra && `${extra}丸の`}${code}${pick(ja.thing)}${number && `（${number}番）`}${pick(ja.act)}${pick(ja.tail)}`;
      case 'en':
        return `${pick(en.who)} says ${pick(en.thing)}${code && ` (${code})`}${number && ` no. ${number}`} ${pick(en.act)}${pick(en.tail)}`;
    }
  };

  let at = Date.UTC(2025, 0, 6, 1);
  for (let i = 0; i < n; i++) {
    at += 1000 + Math.floor(next() * 300_000);
    const l = next();
    const lang = l < 0.34 ? 'zh' : l < 0.5 ? 'hant' : l < 0.84 ? 'ja' : 'en';
    const s = next();
    const body =
      s < 0.12
        ? pick(['好的', '收到', '辛苦了', '了解', '謝謝', 'OK', '了解しました', 'お疲れさまです', '在吗', 'はい', 'Thanks', '明天见'])
        : Array.from({ length: s < 0.7 ? 1 : s < 0.93 ? 2 : 5 }, () => clause(lang)).join(next() < 0.2 ? '\n' : lang === 'en' ? ' ' : '');
    yield {
      id: id(),
      room: `!room${String(Math.floor(next() ** 2 * rooms))}:port.example`,
      sender: `@person${String(Math.floor(next() ** 2 * people))}:port.example`,
      at,
      sealed: true,
      body,
    };
  }
}

/** What a person may type into the search box, from what nobody wrote to what stands in most messages. */
export const queries = [
  '岸桥', '潮位表', '议事录', '議事録', '貨櫃清單', '冷凍コンテナ', 'クレーン', 'cafe', 'crane', 'RTG 12', 'resume', 'jose', '編號 4', '4711',
  '周敏', '的', 'を', '。', 'a', '山', '南門 点検', '财务处 发票 月底', 'バックアップ 月末', '温度记录', 'zoe invoice third', 'ガントリークレーンの点検報告は三階に置いてあります', '没有这句话', 'zzzz', '龙泉', '万', '第三', 'お疲れさま', 'typhoon', 'pdf议事', 'Ｑ３', 'ﾃﾞｰﾀﾍﾞｰｽ',
] as const;
