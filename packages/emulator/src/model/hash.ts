/** A 64-bit hash of a text as 16 hex digits: spread well, quick, and not meant to withstand an attacker. */
export function hashText(text: string): string {
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x5bd1e995);
    high ^= high >>> 15;
    low = Math.imul(low ^ code, 0x1b873593);
    low = (low << 13) | (low >>> 19);
  }
  return hex(scramble(high ^ Math.imul(low, 0x2545f491))) + hex(scramble(low ^ text.length));
}

/** Folds numbers and a hash into one 32-bit seed; any change of any part changes all of it. */
export function mixSeed(hash: string, ...parts: readonly number[]): number {
  let seed = Number.parseInt(hash.slice(0, 8), 16) ^ Math.imul(Number.parseInt(hash.slice(8, 16), 16), 0x27d4eb2f);
  for (const part of parts) seed = scramble(Math.imul(seed ^ part, 0x9e3779b1) + 0x7f4a7c15);
  return scramble(seed);
}

/** A generator of numbers in [0, 1) that depends on the seed alone. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    return scramble(state) / 2 ** 32;
  };
}

function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
