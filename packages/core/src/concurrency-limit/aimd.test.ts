import { describe, expect, test } from "vitest";
import { seeded } from "../../test/seeded.js";
import { TimerQueue } from "../timer-queue.js";
import { type AimdState, adapted } from "./aimd.js";
import { Slots } from "./slots.js";

const rules = { min: 1, max: 500, backoffRatio: 0.9 };
const full = (state: AimdState) => ({ episode: state.episode, inFlight: state.limit });

describe("an adaptive limit", () => {
  test("rises by one for each round of calls that succeed", () => {
    let state: AimdState = { limit: 8, episode: 0 };
    for (let call = 1; call <= 8; call++) state = adapted(state, "success", full(state), rules);
    expect(state.limit).toBeCloseTo(9, 0);
    expect(state.limit).toBeLessThan(9);
  });

  test("is cut once for all the calls that began before the cut", () => {
    const before: AimdState = { limit: 100, episode: 3 };
    const call = { episode: 3, inFlight: 100 };
    const once = adapted(before, "overload", call, rules);
    expect(once).toEqual({ limit: 90, episode: 4 });
    expect(adapted(once, "overload", call, rules)).toBe(once);
    expect(adapted(once, "overload", { episode: 4, inFlight: 90 }, rules)).toEqual({ limit: 81, episode: 5 });
  });

  test("stays within its bounds", () => {
    expect(adapted({ limit: 500, episode: 0 }, "success", { episode: 0, inFlight: 500 }, rules).limit).toBe(500);
    expect(adapted({ limit: 1, episode: 0 }, "overload", { episode: 0, inFlight: 1 }, rules).limit).toBe(1);
  });

  test("is not raised while less than half of it is used", () => {
    const state: AimdState = { limit: 10, episode: 0 };
    expect(adapted(state, "success", { episode: 0, inFlight: 4 }, rules)).toBe(state);
    expect(adapted(state, "success", { episode: 0, inFlight: 5 }, rules).limit).toBe(10.1);
  });

  test("is not moved by a call that ended otherwise", () => {
    const state: AimdState = { limit: 10, episode: 0 };
    expect(adapted(state, "other", full(state), rules)).toBe(state);
  });

  test("stays at a hard cap of 50 under latencies that say nothing, with few refusals", () => {
    const { throughput, refusedPerSecond, meanLimit } = underHardCap({ cap: 50, start: 40, untilMs: 1500_000 });
    expect(throughput).toBeGreaterThan(0.93);
    expect(refusedPerSecond).toBeLessThan(0.05);
    expect(meanLimit).toBeGreaterThan(45);
    expect(meanLimit).toBeLessThan(50.5);
  });
});

/**
 * A queue that is always full; the server refuses at once what comes above its cap, and its latency is lognormal with a
 * median of 8 s. Refused callers stay away for up to a second.
 */
function underHardCap({ cap, start, untilMs }: { cap: number; start: number; untilMs: number }) {
  const random = seeded(11);
  const events = new TimerQueue();
  const slots = new Slots(
    start,
    rules,
    () => false,
    () => undefined,
  );
  const latencyMs = (): number => 8000 * Math.exp(0.8 * normal(random));
  let [nowMs, atServer, served, refused, limitMs] = [0, 0, 0, 0, 0];
  const fill = (): void => {
    for (let slot = slots.take(); slot; slot = slots.take()) {
      const taken = slot;
      if (atServer >= cap) {
        refused++;
        events.add(nowMs + 1000 * random(), () => taken.release("overload"));
      } else {
        atServer++;
        events.add(nowMs + latencyMs(), () => {
          atServer--;
          served++;
          taken.release("success");
        });
      }
    }
  };
  fill();
  for (let next = events.first; next && next.dueMs < untilMs; next = events.first) {
    limitMs += slots.limit * (next.dueMs - nowMs);
    nowMs = next.dueMs;
    events.remove(next);
    next.fire();
    fill();
  }
  const ideal = (cap * untilMs) / (8000 * Math.exp(0.32));
  return { throughput: served / ideal, refusedPerSecond: (1000 * refused) / untilMs, meanLimit: limitMs / untilMs };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
