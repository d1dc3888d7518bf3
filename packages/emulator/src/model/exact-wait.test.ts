import fc from "fast-check";
import { expect, test } from "vitest";
import type { Refused } from "./arrival.js";
import { COST_MODELS } from "./cost.js";
import { createModel, type EmulatorModel } from "./model.js";
import type { ModelOptions } from "./options.js";

/** What may happen to a provider: a request that says some output and ends, or other limits. */
type Step = {
  readonly gapMs: number;
  readonly characters: number;
  readonly maxTokens: number;
  readonly produced: number;
  readonly limits?: ModelOptions | undefined;
};

const limits = fc.record({
  rpm: fc.integer({ min: 20, max: 300 }),
  tpm: fc.integer({ min: 400, max: 3000 }),
  itpm: fc.integer({ min: 400, max: 3000 }),
  otpm: fc.integer({ min: 400, max: 3000 }),
});
const options: fc.Arbitrary<ModelOptions> = fc.record({
  algorithm: fc.constantFrom("token-bucket", "fixed-window", "sliding-window"),
  cost: fc.constantFrom(...COST_MODELS),
  countRejected: fc.boolean(),
  refund: fc.constantFrom("none", "to-actual"),
  contextTokens: fc.constant(500),
  organization: limits,
});
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    gapMs: fc.nat(600),
    characters: fc.nat(800),
    maxTokens: fc.integer({ min: 1, max: 200 }),
    produced: fc.nat(100),
    limits: fc.option(limits, { nil: undefined, freq: 10 }),
  }),
  { minLength: 1, maxLength: 40 },
);

function arrive(model: EmulatorModel, { characters, maxTokens, produced }: Step, nowMs: number): Refused | undefined {
  const arrival = { key: "k", model: "m", hash: "00000000000000aa", size: { characters, maxTokens }, stream: true };
  const decision = model.arrive(arrival, nowMs);
  if (decision.verdict !== "admitted") return decision;
  decision.produce(produced, nowMs);
  decision.end(nowMs);
  return undefined;
}

/** Lives through steps; gives the last one's refusal and when it was. */
function live(options: ModelOptions, list: readonly Step[]): [EmulatorModel, Refused | undefined, number] {
  const model = createModel(options);
  let current = options;
  let nowMs = 0;
  let refused: Refused | undefined;
  for (const step of list) {
    nowMs += step.gapMs;
    if (step.limits !== undefined) {
      current = { ...current, ...step.limits };
      model.apply(current, nowMs);
    }
    refused = arrive(model, step, nowMs);
  }
  return [model, refused, nowMs];
}

test("for every way to count, every charge, debts, refunds and limits that change: a millisecond before the stated wait is refused, at it is admitted", () => {
  fc.assert(
    fc.property(options, limits, steps, (common, own, list) => {
      const all = { ...common, ...own };
      for (const [index, step] of list.entries()) {
        const until = list.slice(0, index + 1);
        const [model, refused, nowMs] = live(all, until);
        if (refused?.hintMs === undefined) continue;
        const { hintMs } = refused;
        // A refused request may count, so that the question a millisecond before is put to a provider of its own.
        expect(arrive(live(all, until)[0], step, nowMs + hintMs - 1)?.verdict).toBe("rate-limited");
        expect(arrive(model, step, nowMs + hintMs)).toBeUndefined();
      }
    }),
    { numRuns: 100 },
  );
});
