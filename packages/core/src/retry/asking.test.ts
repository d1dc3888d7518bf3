import { describe, expect, test, vi } from "vitest";
import { retry } from "../index.js";
import { fail, forever, ok, recorder, scripted, virtualClock } from "../testing.js";

describe("whom a run asks", () => {
  test("an abort while `on` thinks ends the run without another attempt", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const budget = { deposit: vi.fn(), withdraw: vi.fn(() => true) };
    const on = async (): Promise<boolean> => {
      controller.abort("enough");
      return true;
    };
    const target = scripted(forever(fail()));
    await expect(retry(target, { on, signal: controller.signal, budget, clock })).rejects.toBe("enough");
    expect([target.calls.length, budget.withdraw.mock.calls.length]).toEqual([1, 0]);
  });

  test("an abort while `on`, or the judge of a result, thinks ends the run when it has thought, whatever it says", async () => {
    const clock = virtualClock();
    const later = (): Promise<boolean> => clock.sleep(50).then(() => true);
    for (const [policy, step] of [
      [retry({ on: later, clock }), fail()],
      [retry({ while: later, clock }), ok(1)],
    ] as const) {
      const controller = new AbortController();
      const target = scripted(step, ok(2));
      using record = recorder();
      const seen = expect(policy.run(target, { signal: controller.signal })).rejects.toBe("enough");
      await clock.advance(10);
      controller.abort("enough");
      await clock.runAll();
      await seen;
      expect([target.calls.length, record.types.at(-1), clock.pending]).toEqual([1, "run-gave-up", 0]);
    }
  });

  test("an abort, or the deadline, reaches beforeRetry", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const beforeRetry = (): Promise<never> => new Promise(() => undefined);
    const options = { beforeRetry, schedule: [10], jitter: null, clock } as const;
    const aborted = retry(options).outcome(scripted(fail()), { signal: controller.signal });
    await clock.advance(20);
    controller.abort("enough");
    expect(await aborted).toMatchObject({ ok: false, error: "enough", reason: "aborted" });
    const late = await clock.run(retry({ ...options, deadline: "1s" }).outcome(scripted(fail())));
    expect(late).toMatchObject({ ok: false, error: { code: "BIDE_DEADLINE" }, reason: "deadline", elapsedMs: 1000 });
  });
});
