import type { EmulatorOptions } from "@bide/emulator";
import type { HintForm } from "./hint-forms.js";

/** A fault of the matrix, and what bide makes of it under every client. */
export interface FaultCase {
  readonly name: string;
  readonly stream?: boolean;
  readonly faults?: EmulatorOptions["faults"];
  /** No money is left. */
  readonly isPoor?: boolean;
  /** A limit that was just used up, and how its refusal tells the wait. */
  readonly hint?: HintForm;
  /** What bide's caller sees: the whole answer, the provider's refusal, or the part of a stream and an error. */
  readonly seen: "answer" | "refusal" | "interrupted";
  /** How many requests that takes, the least and the most. */
  readonly requests: readonly [least: number, most: number];
}

const HINTS: readonly HintForm[] = [
  "retry-after-ms",
  "x-ms-retry-after-ms",
  "retry-after in seconds",
  "retry-after as a date",
  "RetryInfo in the body",
  "words in the body",
  "reset header",
];

/** The rows of the matrix. Faults hit the first attempt and spare the others, where another attempt may help. */
export const FAULTS: readonly FaultCase[] = [
  { name: "ok", seen: "answer", requests: [1, 1] },
  { name: "stream", stream: true, seen: "answer", requests: [1, 1] },
  ...HINTS.map((hint): FaultCase => ({ name: `429, ${hint}`, hint, seen: "answer", requests: [2, 2] })),
  { name: "429, no money", isPoor: true, seen: "refusal", requests: [1, 1] },
  { name: "500", faults: ["500:100%:1"], seen: "answer", requests: [2, 2] },
  { name: "503", faults: ["503:100%:1"], seen: "answer", requests: [2, 2] },
  { name: "529", faults: ["529:100%:1"], seen: "answer", requests: [2, 2] },
  { name: "reset before the headers", faults: ["reset:100%:1"], seen: "answer", requests: [2, 2] },
  { name: "reset in the body", faults: ["reset-body:100%:1"], seen: "answer", requests: [2, 2] },
  { name: "stall before the headers", faults: ["stall:100%:1"], seen: "answer", requests: [2, 2] },
  {
    name: "stall in the stream",
    stream: true,
    faults: ["stall-comments@3:100%:1"],
    seen: "interrupted",
    requests: [1, 1],
  },
  { name: "truncated stream", stream: true, faults: ["truncate@3:100%:1"], seen: "interrupted", requests: [1, 1] },
  { name: "error event first", stream: true, faults: ["error-frame@0:100%:1"], seen: "answer", requests: [2, 2] },
  {
    name: "error event in the middle",
    stream: true,
    faults: ["error-frame@3:100%:1"],
    seen: "interrupted",
    requests: [1, 1],
  },
  { name: "502 in HTML", faults: ["502:100%:1"], seen: "answer", requests: [2, 2] },
  // Without a sensible hint it backs off; how often it is refused on the way is a matter of timing.
  { name: "429, Retry-After: soon", hint: "garbage", seen: "answer", requests: [2, 5] },
  { name: "429, Retry-After: three days", hint: "three days", seen: "refusal", requests: [1, 1] },
];
