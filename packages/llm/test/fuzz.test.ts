import { expect, test } from "vitest";
import { trial } from "./fuzz/trial.js";

// `npm run fuzz` goes through a hundred thousand.
const TRIALS = 2000;

test("whatever is done to bodies, headers and streams, a call ends within its bounds and breaks no rule", async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= TRIALS; seed++) {
    await trial(seed).catch((error: unknown) => broken.push(String(error)));
  }

  expect(broken).toEqual([]);
}, 240_000);
