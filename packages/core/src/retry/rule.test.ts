import { describe, expect, test } from "vitest";
import { AttemptTimeoutError, decorrelated, expo, type RetryRule, retry, runtime } from "../index.js";
import { fail, forever, hang, ok, type Step, scripted, virtualClock } from "../testing.js";

/** The waits of a run of these rules, whose attempts take at most 10 ms. */
async function waits(rules: readonly RetryRule[], ...steps: readonly Step<unknown>[]): Promise<readonly number[]> {
  const clock = virtualClock();
  const policy = retry({ rules, on: () => false, schedule: [70], jitter: null, attemptTimeout: 10, clock });
  return (await clock.run(policy.outcome(scripted(...steps)))).waitsMs;
}

describe("a rule", () => {
  test("whose function answers nothing does not match", async () => {
    const silent = (() => undefined) as unknown as () => boolean;
    expect(await waits([{ on: silent, schedule: [5], jitter: null }], fail(), ok())).toEqual([]);
    const second = { on: () => true, schedule: [6], jitter: null };
    expect(await waits([{ on: silent, schedule: [5], jitter: null }, second], fail(), ok())).toEqual([6]);
  });

  test("that matches an attempt's own time-out gives it its pace", async () => {
    for (const on of [AttemptTimeoutError, () => true])
      expect(await waits([{ on, schedule: [5], jitter: null }], hang(), ok())).toEqual([5]);
    expect(await waits([{ on: () => "20ms", schedule: [5], jitter: null }], hang(), ok())).toEqual([20]);
  });

  test("that says stop at one leaves it to the rules after it, whose last one retries it", async () => {
    expect(await waits([{ on: () => "stop", schedule: [5], jitter: null }], hang(), ok())).toEqual([70]);
    const second = { on: AttemptTimeoutError, schedule: [6], jitter: null };
    expect(await waits([{ on: () => "stop", schedule: [5], jitter: null }, second], hang(), ok())).toEqual([6]);
    expect(await waits([{ on: () => "stop", schedule: [5], jitter: null }, second], fail(), ok())).toEqual([]);
  });
});

describe("jitter", () => {
  const run = async (options: Pick<RetryRule, "schedule" | "jitter">): Promise<readonly number[]> => {
    const clock = virtualClock();
    const policy = retry({ ...options, maxAttempts: 3, random: () => 0.5, clock });
    return (await clock.run(policy.outcome(scripted(forever(fail(new Error("no"))))))).waitsMs;
  };

  test("halves by chance where nothing was said, and is what was said elsewhere", async () => {
    expect(await run({ schedule: expo({ factor: "1s" }) })).toEqual([500, 1000]);
    expect(await run({ schedule: expo({ factor: "1s" }), jitter: null })).toEqual([1000, 2000]);
    expect(await run({ schedule: expo({ factor: "1s" }), jitter: (waitMs) => waitMs + 1 })).toEqual([1001, 2001]);
  });

  test("leaves alone what is random already, also where it was asked for", async () => {
    const random = (): number => 0.5;
    const alone = await run({ schedule: decorrelated({ random }), jitter: null });
    expect(await run({ schedule: decorrelated({ random }) })).toEqual(alone);
    expect(await run({ schedule: decorrelated({ random }), jitter: () => 1 })).toEqual(alone);
  });

  test("leaves alone what is exact, unless it was asked for", async () => {
    const exact = runtime(() => 300);
    expect(await run({ schedule: exact })).toEqual([300, 300]);
    expect(await run({ schedule: exact, jitter: () => 1 })).toEqual([1, 1]);
  });
});
