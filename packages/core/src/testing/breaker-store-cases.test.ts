import { describe, expect, test } from "vitest";
import { type BreakerRules, type BreakerStore, circuitBreaker, memoryBreakerStore } from "../index.js";
import { breakerStoreCases } from "../testing.js";
import { same } from "./conformance.js";

/** The titles of the rules that a store breaks, made from the one in memory by a change. */
async function broken(change: (store: BreakerStore) => Partial<BreakerStore>): Promise<readonly string[]> {
  let ms = 0;
  const cases = breakerStoreCases((rules) => {
    const store = memoryBreakerStore(rules, ms);
    const whole: BreakerStore = {
      acquire: (nowMs) => store.acquire(nowMs),
      report: (ticket, result, nowMs) => store.report(ticket, result, nowMs),
      force: (status, nowMs) => store.force(status, nowMs),
      read: (nowMs) => store.read(nowMs),
    };
    const advance = (by: number): void => {
      ms += by;
    };
    return { store: { ...whole, ...change(store) }, nowMs: () => ms, advance };
  });
  const titles: string[] = [];
  for (const { title, run } of cases) await run().catch(() => titles.push(title));
  return titles;
}

describe("the cases of a breaker store", () => {
  test("are all kept by the one in memory, also when it answers later", async () => {
    expect(await broken(() => ({}))).toEqual([]);
    expect(await broken((store) => ({ acquire: async (nowMs) => store.acquire(nowMs) }))).toEqual([]);
  });

  test("ask for no rules but those that a breaker may have", async () => {
    const asked: BreakerRules[] = [];
    const cases = breakerStoreCases((rules) => {
      asked.push(rules);
      return { store: memoryBreakerStore(rules, 0), nowMs: () => 0, advance: () => undefined };
    });
    for (const { run } of cases) await run().catch(() => undefined);
    expect(asked.length).toBe(cases.length);
    for (const { failureRatio, minimumCalls, window, openForMs, probes } of asked) {
      const counted = "ms" in window ? window.ms : window;
      const options = { failureRatio, minimumCalls, window: counted, openFor: openForMs, probes };
      expect(() => circuitBreaker(options)).not.toThrow();
    }
  });

  test("find a store that lets everything through, one that lets nothing through, and one that forgets", async () => {
    const admits = await broken(() => ({ acquire: () => ({ isAdmitted: true, ticket: 0 }) }));
    expect(admits).toContain("refuses calls while it is open, and says for how long");
    const state = { status: "closed", calls: 0, failures: 0 } as const;
    const refuses = await broken(() => ({ acquire: () => ({ isAdmitted: false, state }) }));
    expect(refuses.length).toBeGreaterThan(15);
    expect(await broken(() => ({ report: () => undefined }))).toContain(
      "opens when the share of failures is reached, and not one call before",
    );
  });

  test("find a store that counts calls of an earlier term", async () => {
    const counting = (store: BreakerStore): Partial<BreakerStore> => {
      let latest = 0;
      return {
        acquire: (nowMs) => {
          const admission = store.acquire(nowMs);
          if ("isAdmitted" in admission && admission.isAdmitted) latest = admission.ticket;
          return admission;
        },
        report: (_ticket, result, nowMs) => store.report(latest, result, nowMs),
      };
    };
    expect(await broken(counting)).toEqual(["a call that began before the circuit changed counts no more"]);
  });

  test("say what they expected and what they got", () => {
    expect(() => same(1, 2, "calls")).toThrow("calls: expected 2, got 1");
    expect(() => same(100, 160, "time", 59)).toThrow("time");
    expect(() => same(100, 160, "time", 60)).not.toThrow();
    expect(() => same({ a: 1 }, { a: 1 }, "state")).not.toThrow();
    expect(() => same("1", 1, "kind", 5)).toThrow('kind: expected 1, got "1"');
    expect(() => same(1, "1", "kind", 5)).toThrow('kind: expected "1", got 1');
    expect(() => same("1", "2", "kind", 5)).toThrow('kind: expected "2", got "1"');
  });
});
