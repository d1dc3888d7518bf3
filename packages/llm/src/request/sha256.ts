/**
 * SHA-256 of a short text, in hex. Synchronous, which the platform's own digest is not, and only ever fed keys and host
 * names: a few blocks per distinct key.
 *
 * @see https://doi.org/10.6028/NIST.FIPS.180-4 sections 5 and 6.2
 */
export function sha256(text: string): string {
  const state = [...INITIAL];
  const blocks = padded(new TextEncoder().encode(text));
  for (let offset = 0; offset < blocks.byteLength; offset += 64) compress(state, blocks, offset);
  return state.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

const PRIMES: readonly number[] = primes(64);
/** The first 32 bits of the fractional parts of the square roots of the first eight primes. */
const INITIAL: readonly number[] = PRIMES.slice(0, 8).map((prime) => fractionBits(Math.sqrt(prime)));
/** The same of the cube roots of the first 64. */
const ROUND: readonly number[] = PRIMES.map((prime) => fractionBits(Math.cbrt(prime)));

/** The message, a one bit, zeros, and its length in bits, in whole blocks of 64 bytes. */
function padded(message: Uint8Array): DataView {
  const size = Math.ceil((message.length + 9) / 64) * 64;
  const bytes = new Uint8Array(size);
  bytes.set(message);
  bytes[message.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(size - 8, Math.floor((message.length * 8) / 2 ** 32));
  view.setUint32(size - 4, message.length * 8);
  return view;
}

function compress(state: number[], blocks: DataView, offset: number): void {
  const words = new Int32Array(64);
  const word = (index: number): number => words[index] ?? 0;
  for (let t = 0; t < 16; t++) words[t] = blocks.getInt32(offset + t * 4);
  for (let t = 16; t < 64; t++) {
    const near = word(t - 2);
    const far = word(t - 15);
    const mixed = (turned(near, 17) ^ turned(near, 19) ^ (near >>> 10)) + word(t - 7);
    words[t] = mixed + (turned(far, 7) ^ turned(far, 18) ^ (far >>> 3)) + word(t - 16);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const choice = (e & f) ^ (~e & g);
    const first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + (ROUND[t] ?? 0) + word(t);
    const majority = (a & b) ^ (a & c) ^ (b & c);
    const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  for (const [index, value] of [a, b, c, d, e, f, g, h].entries()) state[index] = ((state[index] ?? 0) + value) | 0;
}

function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function fractionBits(root: number): number {
  return Math.floor((root % 1) * 2 ** 32);
}

function primes(count: number): number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}
