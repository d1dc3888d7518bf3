import type { CallResult } from "../circuit-breaker/circuit.js";
import type { BreakerRules, BreakerStore, CircuitState } from "../circuit-breaker/store.js";
import { checkCallable } from "../options.js";
import { type ConformanceCase, same } from "./conformance.js";

/** A store with a new, closed circuit of these rules, and its time. */
export interface BreakerStoreBench {
  readonly store: BreakerStore;
  /** What the breaker's clock says. */
  nowMs(): number;
  /** Lets so much time pass, for the store's own clock too. */
  advance(ms: number): void | PromiseLike<void>;
}

/** Sets up a {@link BreakerStoreBench}; called once for each case. */
export type BreakerStoreSetup = (rules: BreakerRules) => BreakerStoreBench | PromiseLike<BreakerStoreBench>;

/** Opens at two failures of four calls; all its times are a second or less, for stores whose time cannot be turned. */
const RULES: BreakerRules = { failureRatio: 0.5, minimumCalls: 4, window: { calls: 4 }, openForMs: 300, probes: 1 };

/**
 * What every {@link BreakerStore} has to do, as cases for any test runner:
 * `for (const { title, run } of breakerStoreCases(setup)) test(title, run)`.
 */
export function breakerStoreCases(setup: BreakerStoreSetup): readonly ConformanceCase[] {
  checkCallable(setup, "setup");
  return CASES.map(([title, rules, body]) => ({
    title,
    run: async () => body(new Bench(await setup({ ...RULES, ...rules }))),
  }));
}

/** A bench with the steps that the cases are told in. */
class Bench {
  readonly #bench: BreakerStoreBench;

  constructor(bench: BreakerStoreBench) {
    this.#bench = bench;
  }

  get store(): BreakerStore {
    return this.#bench.store;
  }

  now(): number {
    return this.#bench.nowMs();
  }

  async pass(ms: number): Promise<void> {
    await this.#bench.advance(ms);
  }

  /** Asks for a call that has to be let through, and returns its ticket. */
  async enter(): Promise<number> {
    const admission = await this.store.acquire(this.now());
    if (!admission.isAdmitted)
      throw new Error(`expected a call to be let through, the circuit is ${admission.state.status}`);
    return admission.ticket;
  }

  /** Asks for a call that has to be refused. */
  async refused(): Promise<CircuitState> {
    const admission = await this.store.acquire(this.now());
    if (admission.isAdmitted) throw new Error("expected a call to be refused, it was let through");
    return admission.state;
  }

  /** Calls that end like this, one after another. Returns the status that the last one brought about, if any. */
  async calls(...results: readonly CallResult[]): Promise<string | undefined> {
    let status: string | undefined;
    for (const result of results) {
      const transition = await this.store.report(await this.enter(), result, this.now());
      status = transition?.to.status;
    }
    return status;
  }

  async opened(): Promise<void> {
    same(await this.calls("failure", "failure", "failure", "failure"), "open", "four failures");
  }

  async read(): Promise<CircuitState> {
    return this.store.read(this.now());
  }
}

type Case = readonly [title: string, rules: Partial<BreakerRules>, body: (bench: Bench) => Promise<void>];

const COUNTING: readonly Case[] = [
  [
    "begins closed and empty",
    {},
    async (bench) => same(await bench.read(), { status: "closed", calls: 0, failures: 0 }, "a new circuit"),
  ],
  [
    "opens when the share of failures is reached, and not one call before",
    {},
    async (bench) => {
      same(await bench.calls("success", "success", "failure"), undefined, "one failure of three calls");
      same(await bench.calls("failure"), "open", "two failures of four calls");
      const { status, calls, failures } = await bench.read();
      same([status, calls, failures], ["open", 4, 2], "the circuit");
    },
  ],
  [
    "decides nothing by fewer calls than the minimum",
    { minimumCalls: 3, window: { calls: 10 } },
    async (bench) => {
      same(await bench.calls("failure", "failure"), undefined, "two calls");
      same(await bench.calls("failure"), "open", "three calls");
    },
  ],
  [
    "forgets the calls before the last so many",
    {},
    async (bench) => {
      await bench.calls("failure", "success", "success", "success", "success");
      same(await bench.calls("failure"), undefined, "one failure of the last four");
      same((await bench.read()).failures, 1, "failures in the window");
    },
  ],
  [
    "forgets the calls of longer ago than the window",
    { window: { ms: 500 } },
    async (bench) => {
      await bench.calls("failure", "failure", "failure");
      await bench.pass(550);
      same(await bench.calls("failure"), undefined, "one failure of the last 500 ms");
      same((await bench.read()).calls, 1, "calls in the window");
    },
  ],
  [
    "counts no call that was ignored",
    {},
    async (bench) => {
      await bench.calls("ignored", "ignored", "ignored", "ignored");
      same((await bench.read()).calls, 0, "calls in the window");
    },
  ],
];

const OPEN: readonly Case[] = [
  [
    "refuses calls while it is open, and says for how long",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(100);
      const { status, retryAfterMs } = await bench.refused();
      same(status, "open", "the status");
      same(retryAfterMs, 200, "the time until a probe", 60);
    },
  ],
  [
    "lets one probe through when its time is over, and refuses the others meanwhile",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      same((await bench.read()).status, "half-open", "the status before the probe");
      await bench.enter();
      same((await bench.refused()).status, "half-open", "the status beside the probe");
    },
  ],
  [
    "tells who let the first probe through that the circuit is half open",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      const { transition } = await bench.store.acquire(bench.now());
      same([transition?.from, transition?.to.status], ["open", "half-open"], "the transition");
    },
  ],
  [
    "closes after a probe that succeeded, with an empty window",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      same(await bench.calls("success"), "closed", "a probe that succeeds");
      same(await bench.read(), { status: "closed", calls: 0, failures: 0 }, "the circuit");
    },
  ],
  [
    "opens again, for its whole time, after a probe that failed",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      same(await bench.calls("failure"), "open", "a probe that fails");
      same((await bench.refused()).retryAfterMs, 300, "the time until a probe", 60);
    },
  ],
  [
    "lets another probe through after one that was ignored",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      same(await bench.calls("ignored"), undefined, "a probe that is ignored");
      same(await bench.calls("success"), "closed", "the next probe");
    },
  ],
  [
    "gives up a probe that takes longer than the circuit is open, and lets another through",
    {},
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      await bench.enter();
      await bench.pass(310);
      await bench.enter();
    },
  ],
  [
    "closes only after so many probes have succeeded, and lets no more through at once",
    { probes: 2 },
    async (bench) => {
      await bench.opened();
      await bench.pass(310);
      const first = await bench.enter();
      const second = await bench.enter();
      await bench.refused();
      same((await bench.store.report(first, "success", bench.now()))?.to.status, undefined, "the first probe");
      await bench.refused();
      same((await bench.store.report(second, "success", bench.now()))?.to.status, "closed", "the second probe");
    },
  ],
  [
    "a call that began before the circuit changed counts no more",
    {},
    async (bench) => {
      const early = await bench.enter();
      await bench.opened();
      await bench.pass(310);
      await bench.enter();
      same((await bench.store.report(early, "success", bench.now())) ?? null, null, "a call of an earlier term");
      same((await bench.read()).status, "half-open", "the circuit");
    },
  ],
];

const FORCED: readonly Case[] = [
  [
    "opens by hand for its usual time",
    {},
    async (bench) => {
      same((await bench.store.force("open", bench.now()))?.to.status, "open", "opened by hand");
      await bench.refused();
      await bench.pass(310);
      await bench.enter();
    },
  ],
  [
    "stays isolated until it is closed by hand, and names no time",
    {},
    async (bench) => {
      same((await bench.store.force("isolated", bench.now()))?.to.status, "isolated", "isolated by hand");
      await bench.pass(310);
      const { status, retryAfterMs } = await bench.refused();
      same([status, retryAfterMs ?? null], ["isolated", null], "the refusal");
      same((await bench.store.force("closed", bench.now()))?.to.status, "closed", "closed by hand");
      await bench.enter();
    },
  ],
  [
    "forgets its calls when it is closed by hand",
    {},
    async (bench) => {
      await bench.calls("failure", "failure");
      same((await bench.store.force("closed", bench.now())) ?? null, null, "closing a closed circuit");
      same((await bench.read()).calls, 0, "calls in the window");
    },
  ],
];

const CASES: readonly Case[] = [...COUNTING, ...OPEN, ...FORCED];
