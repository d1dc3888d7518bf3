import type { Dialect, HeaderFields, Problem } from "./dialect.js";
import { openai, secondsAndMilliseconds } from "./openai.js";

/** OpenAI's errors without any hint: no limit headers, no `retry-after`, no wait in the text. */
export const silent: Dialect = {
  ...openai,
  name: "silent",
  rateHeaders: () => ({}),
  hintHeaders: () => ({}),
  problem: (problem) => openai.problem(withWait(problem, () => undefined)),
};

/** The ways to lie about the wait. The limit headers stay true, so that a client can be seen to prefer the one or the other. */
export type Lie = "short" | "long" | "garbage" | "past-date" | "three-days";

/** All ways to lie. */
export const LIES: readonly Lie[] = ["short", "long", "garbage", "past-date", "three-days"];

const THREE_DAYS_MS = 3 * 86_400_000;

/** OpenAI with an untrue wait, in headers and text. */
export function lying(lie: Lie): Dialect {
  return {
    ...openai,
    name: "lying",
    hintHeaders: (hintMs, wallNowMs) => hintOf(lie, hintMs, wallNowMs),
    problem: (problem) => openai.problem(withWait(problem, (waitMs) => told(lie, waitMs))),
  };
}

function hintOf(lie: Lie, hintMs: number, wallNowMs: number): HeaderFields {
  if (lie === "garbage") return { "retry-after": "soon", "retry-after-ms": "NaN" };
  if (lie === "past-date") return { "retry-after": new Date(wallNowMs - 3_600_000).toUTCString() };
  return secondsAndMilliseconds(told(lie, hintMs) ?? hintMs);
}

function told(lie: Lie, waitMs: number): number | undefined {
  if (lie === "short") return waitMs / 10;
  if (lie === "long") return waitMs * 10;
  return lie === "three-days" ? THREE_DAYS_MS : undefined;
}

function withWait(problem: Problem, told: (waitMs: number) => number | undefined): Problem {
  const { waitMs, ...rest } = problem;
  const toldMs = waitMs === undefined ? undefined : told(waitMs);
  return toldMs === undefined ? rest : { ...rest, waitMs: toldMs };
}
