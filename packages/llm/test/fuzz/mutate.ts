import { seeded } from "../../../core/test/seeded.js";

/** Dice with more faces. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }
}

const TEXTS = [
  "",
  "null",
  "[]",
  "{}",
  '{"error":null}',
  '{"error":{"error":{"error":{"error":{"code":"insufficient_quota"}}}}}',
  "\u0000\u0000",
  "\r\n\r\n",
  "data: ",
  "data: [DONE]\n\n",
  ": comment\n\n",
  "event: error\n",
  'data: {"error":{"message":"x"}}\n\n',
  '"finish_reason":"stop"',
  "Please try again in 999999999999d.",
  "try again in 0ms",
  "retry after 1e9 seconds",
  `try again in ${"1h ".repeat(200)}`,
  "Limit 1, Requested 0",
  "東京😀",
  "\uD800",
  "9".repeat(400),
  "-1",
  "1e999",
  "NaN",
] as const;

/** Bytes with one to four things done to them. */
export function mutated(bytes: Uint8Array, dice: Dice): Uint8Array {
  let result = bytes;
  for (let left = 1 + dice.below(4); left > 0; left--) result = mutatedOnce(result, dice);
  return result;
}

function mutatedOnce(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = dice.below(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + dice.below(40));
  const before = bytes.subarray(0, at);
  switch (dice.below(8)) {
    case 0: // cut off
      return before;
    case 1: // a piece is gone
      return joined(before, bytes.subarray(to));
    case 2: // a piece comes twice
      return joined(before, bytes.subarray(at, to), bytes.subarray(at));
    case 3: // something is put in
      return joined(before, encoded(dice.of(TEXTS)), bytes.subarray(at));
    case 4: // something stands in its place
      return joined(before, encoded(dice.of(TEXTS)), bytes.subarray(to));
    case 5: // random bytes
      return joined(
        before,
        Uint8Array.from({ length: 1 + dice.below(20) }, () => dice.below(256)),
        bytes.subarray(at),
      );
    case 6: // one bit
      return Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ (1 << dice.below(8)) : byte));
    default: // another number
      return encoded(
        new TextDecoder().decode(bytes).replace(/\d+/, () => dice.of(["0", "-1", "1e400", "429", "500", "200"])),
      );
  }
}

const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  [
    "retry-after",
    [
      "0",
      "1",
      "20",
      "-5",
      "1e999",
      "soon",
      "",
      "259200",
      "Mon, 01 Jan 1968 00:00:00 GMT",
      "99999999999999999999",
      "2, 3",
    ],
  ],
  ["retry-after-ms", ["0", "-1", "NaN", "Infinity", "1.5", "120000", "4e12", "2147483648"]],
  ["x-ms-retry-after-ms", ["0", "soon", "500"]],
  ["x-should-retry", ["true", "false", "TRUE", "maybe", ""]],
  ["x-ratelimit-remaining-requests", ["0", "-1", "NaN", "5"]],
  ["x-ratelimit-limit-requests", ["0", "-1", "500", "1e99"]],
  [
    "x-ratelimit-reset-requests",
    ["12ms", "6m0s", "-1s", "1h2m3.5s", "1767225600", "99999999999999", "2026-13-45T99:99:99Z", "s"],
  ],
  ["x-ratelimit-reset-tokens", ["1d", "0", "", "١s"]],
  ["anthropic-ratelimit-requests-reset", ["2026-01-01T00:00:00Z", "never"]],
  ["ratelimit", ['"default";r=0;t=30', "(((", '"a";r=0;t=99999999999999999']],
  ["date", ["Thu, 01 Jan 1970 00:00:00 GMT", "yesterday", ""]],
  ["content-type", ["application/json", "text/event-stream", "text/html", "application/octet-stream", ";;;"]],
  ["content-length", ["0", "-3", "many"]],
];

/** Headers with up to four of them changed. */
export function mutatedHeaders(headers: Headers, dice: Dice): Headers {
  const result = new Headers(headers);
  for (let left = dice.below(5); left > 0; left--) {
    const [name, values] = dice.of(HEADERS);
    if (dice.chance(0.2)) result.delete(name);
    else result.set(name, dice.of(values).replace(/[^\x20-\x7e]/g, "?"));
  }
  return result;
}

/** The same bytes in chunks of any size. */
export function chopped(bytes: Uint8Array, dice: Dice): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const largest = dice.of([1, 3, 17, 200, 100_000]);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + dice.below(largest);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

function encoded(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
