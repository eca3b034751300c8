// A small canvas: filled shapes on pixels, written as PNG. Enough for drawings that need nobody's permission.
import { deflateSync } from "node:zlib";

export class Canvas {
  /** @param {number} width @param {number} height in pixels; drawing is smoothed over 2×2 points of each */
  constructor(width, height) {
    this.width = width;
    this.height = height;
    this.fine = 2;
    this.points = new Uint8Array(width * height * this.fine ** 2 * 3);
  }

  /** Gives each point (x, y) within a box the colour that of() returns; null leaves it. */
  paint(left, top, right, bottom, of) {
    const f = this.fine;
    const w = this.width * f;
    const h = this.height * f;
    for (let py = Math.max(0, Math.floor(top * f)); py < Math.min(h, Math.ceil(bottom * f)); py++) {
      for (let px = Math.max(0, Math.floor(left * f)); px < Math.min(w, Math.ceil(right * f)); px++) {
        const colour = of((px + 0.5) / f, (py + 0.5) / f);
        if (colour !== null) this.points.set(colour, (py * w + px) * 3);
      }
    }
  }

  /** Fills a rectangle. */
  box(left, top, width, height, colour) {
    const fill = rgb(colour);
    this.paint(left, top, left + width, top + height, () => fill);
  }

  /** Fills a rectangle that goes from one colour above to another below. */
  fade(left, top, width, height, above, below) {
    const [a, b] = [rgb(above), rgb(below)];
    this.paint(left, top, left + width, top + height, (_, y) => a.map((v, i) => v + ((b[i] - v) * (y - top)) / height));
  }

  disc(x, y, r, colour) {
    const fill = rgb(colour);
    this.paint(x - r, y - r, x + r, y + r, (px, py) => ((px - x) ** 2 + (py - y) ** 2 <= r * r ? fill : null));
  }

  /** Fills a polygon of [x, y] corners. */
  shape(corners, colour) {
    const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
    const inside = (x, y) => {
      let odd = false;
      for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
        const [[xi, yi], [xj, yj]] = [corners[i], corners[j]];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
      }
      return odd;
    };
    const fill = rgb(colour);
    this.paint(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (x, y) => (inside(x, y) ? fill : null));
  }

  /** Draws a line of that width through points. */
  line(through, width, colour) {
    for (let i = 1; i < through.length; i++) {
      const [[x1, y1], [x2, y2]] = [through[i - 1], through[i]];
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [dx, dy] = [((y2 - y1) / length) * (width / 2), ((x1 - x2) / length) * (width / 2)];
      this.shape([[x1 + dx, y1 + dy], [x2 + dx, y2 + dy], [x2 - dx, y2 - dy], [x1 - dx, y1 - dy]], colour);
      this.disc(x2, y2, width / 2, colour);
    }
  }

  /** The picture as PNG, each pixel the mean of its points; with `every` only each so many-th pixel, for a small one. */
  png(every = 1) {
    const f = this.fine * every;
    const [w, h] = [Math.floor(this.width / every), Math.floor(this.height / every)];
    const rows = Buffer.alloc(h * (1 + w * 3));
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const sum = [0, 0, 0];
        for (let sy = 0; sy < f; sy++) for (let sx = 0; sx < f; sx++) for (let c = 0; c < 3; c++) sum[c] += this.points[((y * f + sy) * this.width * this.fine + x * f + sx) * 3 + c];
        for (let c = 0; c < 3; c++) rows[y * (1 + w * 3) + 1 + x * 3 + c] = Math.round(sum[c] / (f * f));
      }
    }
    const head = Buffer.alloc(13);
    head.writeUInt32BE(w, 0);
    head.writeUInt32BE(h, 4);
    head.set([8, 2, 0, 0, 0], 8);
    const bytes = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
    return { bytes, width: w, height: h };
  }
}

function rgb(colour) {
  const n = Number.parseInt(colour.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const all = Buffer.alloc(body.length + 8);
  all.writeUInt32BE(data.length, 0);
  all.set(body, 4);
  all.writeUInt32BE(crc(body), body.length + 4);
  return all;
}

function crc(bytes) {
  let c = 0xffffffff;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}
