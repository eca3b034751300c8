/** Numbers that look random and are the same for the same seed (mulberry32). */
export class Chance {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** 0 ≤ number < 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer of 0 to n-1. */
  below(n) {
    return Math.floor(this.next() * n);
  }

  /** One of a list. */
  of(list) {
    return list[this.below(list.length)];
  }

  /** True with this probability. */
  happens(probability) {
    return this.next() < probability;
  }
}

/** The seed of this run: $SEED, or a new one. It is printed, so that the same choices can be made again; time still has its say. */
export function seed() {
  const n = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`SEED=${n}`);
  return n;
}
