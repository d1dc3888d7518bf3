import { describe, expect, test } from "vitest";
import { planWait, type Waiting } from "./plan.js";

const none = Number.POSITIVE_INFINITY;
const waiting: Waiting = {
  backoffMs: 1000,
  hintMs: undefined,
  spread: 0.5,
  untilMaxTimeMs: none,
  untilDeadlineMs: none,
};

describe("the wait before the next attempt", () => {
  test.each<[title: string, waiting: Partial<Waiting>, plan: unknown]>([
    ["is the schedule's", {}, 1000],
    ["is shortened, so that an attempt starts at maxTime", { untilMaxTimeMs: 999 }, 999],
    ["is left alone when it ends at maxTime", { untilMaxTimeMs: 1000 }, 1000],
    ["is not begun when it ends at the deadline", { untilDeadlineMs: 1000 }, { reason: "deadline" }],
    ["is begun when it ends before the deadline", { untilDeadlineMs: 1001 }, 1000],
    ["fits into the deadline once it is shortened to maxTime", { untilMaxTimeMs: 400, untilDeadlineMs: 401 }, 400],
  ])("%s", (_, more, plan) => {
    expect(planWait({ ...waiting, ...more })).toEqual(plan);
  });
});

describe("the server's hint", () => {
  const late = { reason: "hint-exceeds-deadline", retryAfterMs: 20_000 };
  test.each<[title: string, waiting: Partial<Waiting>, plan: unknown]>([
    ["is a floor, with a tenth of it by chance on top", { hintMs: 20_000 }, 21_000],
    ["has a second by chance on top, when a tenth would be less", { hintMs: 2000 }, 2500],
    ["is exact when jitter is off", { hintMs: 20_000, spread: undefined }, 20_000],
    ["of just the schedule's wait counts as a hint", { hintMs: 1000 }, 1500],
    ["shorter than the schedule's wait changes nothing", { hintMs: 999 }, 1000],
    ["of nothing changes nothing", { hintMs: 0, backoffMs: 0 }, 0],
    ["ends the run when it does not fit into maxTime", { hintMs: 20_000, untilMaxTimeMs: 20_000 }, late],
    ["ends the run when it does not fit into the deadline", { hintMs: 20_000, untilDeadlineMs: 20_000 }, late],
    ["loses its chance where there is only room for itself", { hintMs: 20_000, untilDeadlineMs: 20_001 }, 20_000],
    ["loses its chance that would end at the deadline", { hintMs: 20_000, untilDeadlineMs: 21_000 }, 20_000],
    ["keeps its chance that ends before it", { hintMs: 20_000, untilDeadlineMs: 21_001 }, 21_000],
    ["is kept when the schedule's longer wait is shortened", { hintMs: 900, untilMaxTimeMs: 950 }, 950],
    [
      "is never shortened with it",
      { hintMs: 900, untilMaxTimeMs: 500 },
      { reason: "hint-exceeds-deadline", retryAfterMs: 900 },
    ],
  ])("%s", (_, more, plan) => {
    expect(planWait({ ...waiting, ...more })).toEqual(plan);
  });
});
