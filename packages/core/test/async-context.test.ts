import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { hedge, retry } from "../src/index.js";
import { virtualClock } from "../src/testing.js";

test("every attempt runs in the async context of its caller, whoever's timer woke it", async () => {
  const clock = virtualClock();
  const context = new AsyncLocalStorage<number>();
  const seen: (readonly [caller: number, store: number | undefined])[] = [];
  const call = (caller: number): Promise<void> =>
    context.run(caller, () =>
      retry(
        ({ number }) => {
          seen.push([caller, context.getStore()]);
          if (number < 3) throw new Error("not yet");
        },
        { clock, schedule: [100, 100], jitter: null },
      ),
    );

  await clock.run(Promise.all([1, 2, 3].map(call)));

  expect(seen).toHaveLength(9);
  for (const [caller, store] of seen) expect(store).toBe(caller);
});

test("a hedge runs in the async context of its caller, whoever's timer woke it", async () => {
  const clock = virtualClock();
  const context = new AsyncLocalStorage<number>();
  const seen: (readonly [caller: number, store: number | undefined])[] = [];
  const policy = hedge({ delay: 100, maxExtraLoad: 1, clock });
  const call = (caller: number): Promise<void> =>
    context.run(caller, () =>
      policy.run(async ({ number }) => {
        seen.push([caller, context.getStore()]);
        if (number === 1) await clock.sleep(1000);
      }),
    );

  await clock.run(Promise.all([1, 2, 3].map(call)));

  expect(seen).toHaveLength(6);
  for (const [caller, store] of seen) expect(store).toBe(caller);
});
