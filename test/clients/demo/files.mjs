// The pictures and files that people send each other, all made here.
import { Canvas } from "./canvas.mjs";

/** The quay at dusk: one crane, containers, lamps. */
function crane() {
  const c = new Canvas(960, 600);
  c.fade(0, 0, 960, 380, "#2b3f5c", "#e0a878");
  c.disc(710, 352, 34, "#f6d8a4");
  c.fade(0, 380, 960, 120, "#6d6f80", "#2c3648");
  for (let i = 0; i < 46; i++) c.box(((i * 197) % 960) - 20, 388 + ((i * 53) % 104), 26 + ((i * 31) % 50), 1.5, i % 3 ? "#858397" : "#c79f86");
  c.box(0, 490, 960, 110, "#3a4048");
  c.box(0, 490, 960, 5, "#59606a");
  const steel = "#1f6f78";
  for (const x of [330, 520]) c.line([[x, 492], [x + 12, 190]], 12, steel);
  c.line([[336, 400], [526, 400]], 9, steel);
  c.line([[336, 400], [522, 300]], 5, steel);
  c.line([[526, 400], [340, 300]], 5, steel);
  c.line([[338, 300], [524, 300]], 9, steel);
  c.line([[60, 196], [640, 196]], 13, steel);
  c.line([[430, 90], [344, 196]], 9, steel);
  c.line([[430, 90], [534, 196]], 9, steel);
  c.line([[430, 90], [80, 192]], 3.5, steel);
  c.line([[430, 90], [630, 192]], 3.5, steel);
  c.box(170, 202, 46, 20, "#17343a");
  c.line([[180, 222], [180, 300]], 2, "#16202a");
  c.line([[206, 222], [206, 300]], 2, "#16202a");
  c.box(150, 300, 86, 30, "#a8483a");
  c.shape([[20, 440], [300, 440], [284, 492], [40, 492]], "#2a2f3a");
  for (const [i, colour] of ["#8c5a3c", "#4b6f57", "#a8483a", "#39597a", "#8c5a3c"].entries()) c.box(52 + i * 46, 412, 42, 28, colour);
  for (let row = 0; row < 3; row++) for (let i = 0; i < 7 - row; i++) c.box(650 + i * 42 + row * 14, 462 - row * 28, 40, 26, ["#39597a", "#8c5a3c", "#4b6f57", "#a8483a"][(i + row * 3) % 4]);
  for (const x of [290, 600, 930]) {
    c.line([[x, 490], [x, 330]], 3, "#16202a");
    c.disc(x, 326, 13, "#7d6a55");
    c.disc(x, 326, 6, "#ffeec2");
  }
  return c;
}

/** A chart of two rows of bars: metres against tonnes, this year and last. */
function braking() {
  const c = new Canvas(960, 540);
  c.box(0, 0, 960, 540, "#fbfaf7");
  for (let i = 0; i < 6; i++) c.box(80, 80 + i * 70, 830, 1, "#d9d6cf");
  const last = [96, 132, 175, 221, 268, 317];
  for (const [i, n] of last.entries()) {
    c.box(120 + i * 132, 430 - n, 42, n, "#b9c4c6");
    c.box(168 + i * 132, 430 - n * 0.86, 42, n * 0.86, "#1f6f78");
  }
  c.box(80, 430, 830, 3, "#49525a");
  c.line([[141, 318], [273, 282], [405, 239], [537, 193], [669, 146], [801, 97]], 3, "#a8483a");
  return c;
}

/** Wind over two days, and the line at which cranes stop. */
function wind() {
  const c = new Canvas(960, 480);
  c.box(0, 0, 960, 480, "#fbfaf7");
  for (let i = 0; i < 5; i++) c.box(60, 60 + i * 80, 860, 1, "#d9d6cf");
  const at = (i) => [60 + i * 9, 380 - 60 * Math.sin(i / 9) ** 2 - 190 * Math.exp(-(((i - 58) / 17) ** 2)) - 14 * Math.sin(i * 1.7)];
  const points = Array.from({ length: 96 }, (_, i) => at(i));
  c.shape([[60, 420], ...points, [915, 420]], "#d5e4e5");
  c.line(points, 3.5, "#1f6f78");
  for (let x = 60; x < 920; x += 22) c.box(x, 118, 13, 3, "#a8483a");
  c.box(60, 420, 860, 3, "#49525a");
  return c;
}

/** The pier from above: four berths, three ships, tugs. */
function berths() {
  const c = new Canvas(960, 480);
  c.fade(0, 0, 960, 480, "#cfe0e4", "#b7d0d6");
  c.box(0, 200, 960, 84, "#d8d2c6");
  c.box(0, 200, 960, 4, "#9d9788");
  c.box(0, 280, 960, 4, "#9d9788");
  const ship = (x, y, length, colour) => {
    c.shape([[x, y], [x + length - 46, y], [x + length, y + 27], [x + length - 46, y + 54], [x, y + 54], [x - 12, y + 27]], colour);
    for (let i = 0; i < Math.floor((length - 110) / 34); i++) for (let r = 0; r < 2; r++) c.box(x + 54 + i * 34, y + 8 + r * 20, 30, 17, ["#a8483a", "#8c5a3c", "#4b6f57", "#39597a"][(i * 3 + r * 2) % 4]);
    c.box(x + 8, y + 10, 30, 34, "#f2efe8");
  };
  ship(60, 132, 330, "#3d4a57");
  ship(500, 132, 390, "#5a4a44");
  ship(260, 298, 360, "#2f5661");
  for (const x of [140, 330, 560, 800]) c.box(x, 206, 18, 72, "#1f6f78");
  for (const [x, y] of [[700, 360], [760, 390]]) c.shape([[x, y], [x + 34, y], [x + 46, y + 9], [x + 34, y + 18], [x, y + 18]], "#c9852b");
  return c;
}

/** One picture, by its name above, and what it is called. */
export const drawings = {
  crane: { name: "7号泊位.png", draw: crane },
  braking: { name: "braking-distance.png", draw: braking },
  wind: { name: "風速予報.png", draw: wind },
  berths: { name: "接岸計画.png", draw: berths },
};

const text = (name, type, lines) => ({ name, type, bytes: Buffer.from(`${lines.join("\n")}\n`) });

/** Files that are no pictures. */
export const files = {
  tide: text("潮位表.csv", "text/csv", ["時刻,潮位 (m)", "02:58,0.4", "09:12,2.7", "15:20,0.6", "21:31,2.5"]),
  rounds: text("巡检表-2031-11.csv", "text/csv", ["序号,地点,内容,签名", "1,3号门,读卡器、照明,", "2,7号泊位,缆绳、防撞垫,", "3,小码头,锥桶、扶手,"]),
  quotes: text("吊具備品報價.csv", "text/csv", ["廠商,交期（週）,總價", "甲,6,412800", "乙,5,418300", "丙,8,401950"]),
  checklist: pdf("inspection-checklist.pdf", ["Quay crane, berth 7: yearly inspection", "1  Brakes: distance at 10, 20, 30 t", "2  Ropes: diameter, broken wires, grease", "3  Limit switches: hoist, boom, trolley", "4  Emergency stop: 7 places", "5  Trial lift, 14:30"]),
};

/** A page of plain lines as PDF. */
function pdf(name, lines) {
  const words = lines.map((line) => `(${line}) Tj T*`).join("\n");
  const page = `BT /F1 13 Tf 22 TL 64 760 Td\n${words}\nET`;
  const parts = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${page.length}>>stream\n${page}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let out = "%PDF-1.4\n";
  const at = parts.map((part, i) => {
    const here = out.length;
    out += `${i + 1} 0 obj${part}endobj\n`;
    return here;
  });
  const table = at.map((n) => `${String(n).padStart(10, "0")} 00000 n \n`).join("");
  out += `xref\n0 ${parts.length + 1}\n0000000000 65535 f \n${table}trailer<</Size ${parts.length + 1}/Root 1 0 R>>\nstartxref\n${out.length}\n%%EOF\n`;
  return { name, type: "application/pdf", bytes: Buffer.from(out, "latin1") };
}
