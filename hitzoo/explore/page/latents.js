// Rows of inputs as hitzoo draws them: seed s is numpy.random.RandomState(s).standard_normal, to the last bit.

const WORDS = 624;
const SHIFT = 397;

/** The Mersenne Twister of Matsumoto and Nishimura (1998), seeded with one number as in 2002, and normal numbers of it
 *  by Marsaglia's polar method, in the order in which NumPy's RandomState gives them. */
export class RandomState {
  constructor(seed) {
    this.words = new Uint32Array(WORDS);
    this.words[0] = seed;
    for (let i = 1; i < WORDS; i++) {
      const before = this.words[i - 1] ^ (this.words[i - 1] >>> 30);
      this.words[i] = Math.imul(1812433253, before) + i;
    }
    this.at = WORDS;
    this.kept = null;
  }

  word() {
    if (this.at === WORDS) this.turn();
    let y = this.words[this.at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  turn() {
    const words = this.words;
    for (let i = 0; i < WORDS; i++) {
      const y = (words[i] & 0x80000000) | (words[(i + 1) % WORDS] & 0x7fffffff);
      words[i] = words[(i + SHIFT) % WORDS] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }

  /** A number of [0, 1) with 53 bits. */
  uniform() {
    const high = this.word() >>> 5;
    return (high * 67108864 + (this.word() >>> 6)) / 9007199254740992;
  }

  normal() {
    if (this.kept !== null) {
      const kept = this.kept;
      this.kept = null;
      return kept;
    }
    let x, y, square;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    this.kept = factor * x;
    return factor * y;
  }
}

/** The row of a seed: `width` numbers in float32. */
export function rowOfSeed(seed, width) {
  const random = new RandomState(seed);
  return Float32Array.from({ length: width }, () => random.normal());
}

/** The shares of the four corners at a place of the field, x to the right and y down, both 0 to 1. */
export function shares(x, y) {
  return [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y];
}

/** Seeds with their shares, equal ones as one, none without a share. */
export function mixture(seeds, place) {
  const parts = new Map();
  shares(...place).forEach((share, corner) => {
    if (share > 0) parts.set(seeds[corner], (parts.get(seeds[corner]) ?? 0) + share);
  });
  return parts;
}

/** The row of a mixture. Latents are added by their shares and divided by the root of the sum of the shares' squares:
 *  independent draws from N(0, 1) stay such draws. Noise and class, which cannot be mixed, are those of the largest share. */
export function mixedRow(parts, ports, width) {
  const entries = [...parts].map(([seed, share]) => ({ share, row: rowOfSeed(seed, width) }));
  const nearest = entries.reduce((most, each) => (each.share > most.share ? each : most));
  if (entries.length === 1) return nearest.row;
  const length = Math.hypot(...entries.map((each) => each.share));
  const row = nearest.row.slice();
  for (const port of ports) {
    if (port.kind !== "latent") continue;
    for (let i = port.from; i < port.to; i++) {
      row[i] = entries.reduce((sum, each) => sum + each.share * each.row[i], 0) / length;
    }
  }
  return row;
}

/** The row with latents scaled by a factor, in float32 as hitzoo does it; noise and class stay. */
export function truncated(row, ports, factor) {
  const scaled = row.slice();
  const scale = Math.fround(factor);
  for (const port of ports) {
    if (port.kind === "latent") for (let i = port.from; i < port.to; i++) scaled[i] *= scale;
  }
  return scaled;
}

/** The row with the number that stands for a class; null leaves the one that was drawn. */
export function withClass(row, ports, chosen) {
  const port = ports.find((each) => each.kind === "class");
  if (port && chosen !== null) row[port.from] = port.numbers[chosen];
  return row;
}
