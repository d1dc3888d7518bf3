// What is measured. Each contender is told the wait (0: none) and a signal that all its calls share (or none), makes its
// options once, and gives `run`: calls a function, up to five times. `wrap` is for those that make a function of a function.
const dist = new URL(process.env["BIDE_DIST"] ?? "../../packages/core/dist/", import.meta.url);
const TRIES = 5;

const bide = () => import(new URL("index.js", dist));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The loop that people write: bounded by count. */
async function plainLoop(fn, delayMs) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn();
    } catch (error) {
      if (attempt >= TRIES) throw error;
      if (delayMs > 0) await wait(delayMs);
    }
  }
}

/** The same with the bounds that `retry` has by default: count and time. */
async function boundedLoop(fn, delayMs) {
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await fn();
    } catch (error) {
      if (attempt >= TRIES || performance.now() - startedMs >= 60_000) throw error;
      if (delayMs > 0) await wait(delayMs);
    }
  }
}

async function bidePolicy(delayMs, signal, maxTime) {
  const { retry } = await bide();
  return retry({ schedule: Array(TRIES - 1).fill(delayMs), jitter: null, maxTime, ...(signal && { signal }) });
}

async function wrapped(policy) {
  const made = await policy;
  return { run: (fn) => made.run(fn), wrap: (fn) => made(fn) };
}

export const contenders = {
  "hand-written loop": async (delayMs) => ({ run: (fn) => plainLoop(fn, delayMs) }),
  "hand-written loop, same bounds": async (delayMs) => ({ run: (fn) => boundedLoop(fn, delayMs) }),
  bide: (delayMs, signal) => wrapped(bidePolicy(delayMs, signal, "7d")),
  "bide, maxTime: Infinity": (delayMs, signal) => wrapped(bidePolicy(delayMs, signal, Number.POSITIVE_INFINITY)),
  "bide, run()": async (delayMs, signal) => {
    const policy = await bidePolicy(delayMs, signal, "7d");
    return { run: (fn) => policy.run(fn) };
  },
  cockatiel: async (delayMs, signal) => {
    const { retry, handleAll, ConstantBackoff } = await import("cockatiel");
    const policy = retry(handleAll, { maxAttempts: TRIES - 1, backoff: new ConstantBackoff(delayMs) });
    return { run: (fn) => policy.execute(fn, signal) };
  },
  "p-retry": async (delayMs, signal) => {
    const { default: pRetry } = await import("p-retry");
    const options = { retries: TRIES - 1, minTimeout: delayMs, factor: 1, ...(signal && { signal }) };
    return { run: (fn) => pRetry(fn, options) };
  },
  "async-retry": async (delayMs) => {
    const { default: asyncRetry } = await import("async-retry");
    const options = { retries: TRIES - 1, minTimeout: delayMs, factor: 1, randomize: false };
    return { run: (fn) => asyncRetry(fn, options) };
  },
  "@lifeomic/attempt": async (delayMs) => {
    const { retry } = await import("@lifeomic/attempt");
    const options = { maxAttempts: TRIES, delay: delayMs };
    return { run: (fn) => retry(fn, options) };
  },
  "exponential-backoff": async (delayMs) => {
    const { backOff } = await import("exponential-backoff");
    const options = { numOfAttempts: TRIES, startingDelay: delayMs, timeMultiple: 1 };
    return { run: (fn) => backOff(fn, options) };
  },
  "@smithy/util-retry": async (delayMs) => {
    const { StandardRetryStrategy } = await import("@smithy/util-retry");
    const backoff = { computeNextBackoffDelay: () => delayMs, setDelayBase: () => {} };
    const strategy = new StandardRetryStrategy({ maxAttempts: TRIES, backoff });
    // Its budget would end the measurement: it is made so large that it never refuses.
    strategy.capacity = Number.POSITIVE_INFINITY;
    return { run: (fn) => smithyLoop(strategy, fn) };
  },
  effect: async (delayMs) => {
    const { Effect, Schedule } = await import("effect");
    const options = { times: TRIES - 1, ...(delayMs > 0 && { schedule: Schedule.spaced(delayMs) }) };
    const again = Effect.retry(options);
    return {
      run: (fn) => Effect.runPromise(again(Effect.tryPromise({ try: () => fn(), catch: (error) => error }))),
      wrap: (fn) => {
        const retried = again(Effect.tryPromise({ try: () => fn(), catch: (error) => error }));
        return () => Effect.runPromise(retried);
      },
    };
  },
};

/** The loop that smithy's middleware runs around each request. */
async function smithyLoop(strategy, fn) {
  let token = await strategy.acquireInitialRetryToken("bench");
  for (;;) {
    try {
      return await fn();
    } catch (error) {
      token = await strategy.refreshRetryTokenForRetry(token, { error, errorType: "TRANSIENT" });
    }
  }
}

/** Several policies around one call: breaker, bulkhead and time-out beside the retry. */
export const stacks = {
  "bide: retry + deadline": async () => {
    const { retry } = await bide();
    return wrapped(retry({ deadline: "60s" }));
  },
  "bide: retry + breaker + concurrency + timeout + deadline": async () => {
    const { retry, circuitBreaker, concurrencyLimit, timeout, compose } = await bide();
    if (!circuitBreaker || !concurrencyLimit || !timeout) return undefined;
    return wrapped(
      compose(retry({ deadline: "60s" }), circuitBreaker(), concurrencyLimit({ limit: 50 }), timeout("10s")),
    );
  },
  "cockatiel: retry + breaker + bulkhead + timeout": async () => {
    const c = await import("cockatiel");
    const policy = c.wrap(
      c.retry(c.handleAll, { maxAttempts: TRIES - 1, backoff: new c.ExponentialBackoff() }),
      c.circuitBreaker(c.handleAll, { halfOpenAfter: 5000, breaker: new c.ConsecutiveBreaker(5) }),
      c.bulkhead(50),
      c.timeout(10_000, c.TimeoutStrategy.Aggressive),
    );
    return { run: (fn) => policy.execute(fn) };
  },
};

/** The function that a user of this contender calls again and again. */
export function callable({ run, wrap }, fn) {
  return wrap ? wrap(fn) : () => run(fn);
}

export { boundedLoop, plainLoop };
