// Numbers that a seed gives again: a run that found something prints its seed, and VA_JOSE_SEED=SEED
// repeats it, but for what keys, nonces and salts make of it.
import { randomInt } from "node:crypto";

export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }

  // mulberry32: 32 bits of state are enough to choose test cases.
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  // A whole number below `end`.
  below(end) {
    return Math.floor(this.next() * end);
  }

  chance(share) {
    return this.next() < share;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  bytes(length) {
    const out = Buffer.alloc(length);
    for (let i = 0; i < length; ++i) out[i] = this.below(256);
    return out;
  }

  // As often a few bytes as many thousands, and sometimes none.
  payload(most) {
    if (this.chance(0.03)) return Buffer.alloc(0);
    return this.bytes(Math.floor(Math.exp(this.next() * Math.log(most))));
  }

  // Text with what JSON has to escape and what UTF-8 has to spread over bytes.
  text(most) {
    const letters = ["a", "Z", "0", ".", "/", "+", "\"", "\\", "\n", "\t", "\u0001", "\u007f", "é",
      "ß", "€", "\u2028", "漢", "😀", " ", "<", "&", "'", "{", "]", ":", ","];
    let out = "";
    for (let i = this.below(most + 1); i > 0; --i) out += this.pick(letters);
    return out;
  }

  json(depth) {
    switch (this.below(depth > 0 ? 8 : 6)) {
      case 0: return null;
      case 1: return this.chance(0.5);
      case 2: return this.below(2 ** 31);
      case 3: return (this.next() - 0.5) * 10 ** (this.below(40) - 20);
      case 4: return this.text(20);
      case 5: return "";
      case 6: return Array.from({ length: this.below(4) }, () => this.json(depth - 1));
      default: return Object.fromEntries(Array.from({ length: this.below(4) },
        (_, i) => [`${i}${this.text(5)}`, this.json(depth - 1)]));
    }
  }
}

export function seedOfThisRun() {
  const given = process.env.VA_JOSE_SEED;
  const seed = given === undefined ? randomInt(2 ** 32) : Number(given);
  if (!Number.isInteger(seed)) throw new Error("VA_JOSE_SEED is a whole number");
  return seed;
}
