import type { StandardSchema } from "@bide/llm";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type DistributedOptions, distributedStatus } from "../src/distributed.js";
import { idsTo, World } from "./distributed-world.js";

let world: World;

beforeAll(async () => {
  world = await World.make({ latency: "20ms" });
}, 30_000);
afterAll(() => world.close());
afterEach(() => world.clear());

async function spent(): Promise<Response> {
  return Response.json(
    { error: { code: "insufficient_quota", message: "You exceeded your current quota" } },
    { status: 429 },
  );
}

/** Calls `action` with each result that is on the disk, and how many there are by then. */
function onDone(action: (count: number) => void): Pick<DistributedOptions, "onEvent"> {
  let count = 0;
  return {
    onEvent: ({ type }) => {
      if (type === "item-done") action(++count);
    },
  };
}

/** How many requests the endpoint has seen during `action`. */
async function arrivalsDuring(action: () => Promise<unknown>): Promise<number> {
  const before = world.emulator.stats().arrivals;
  await action();
  return world.emulator.stats().arrivals - before;
}

/** Starts a run and cuts it as soon as so many results are on the disk, as a kill would, but for the lock of the journal. */
async function cutRun(items: number, after: number): Promise<void> {
  const cut = new AbortController();
  const hook = onDone((done) => done === after && cut.abort());
  await world.run(world.input(items), { window: 40, signal: cut.signal, ...hook });
}

test("options of another name, and of a run on one machine, are refused", async () => {
  const typed = { windw: 5 } as Partial<DistributedOptions>;
  await expect(world.run(world.input(1), typed)).rejects.toThrow("did you mean `window`?");
  const alone = { concurrency: 5 } as Partial<DistributedOptions>;
  await expect(world.run(world.input(1), alone)).rejects.toThrow("runDistributed has no option `concurrency`");
  expect(() => world.worker({ lok: "1s" } as object)).toThrow("did you mean `lock`?");
});

describe("a run over workers", () => {
  test("is answered by all of them, and nothing of it stays in Redis", async () => {
    const pair = [world.worker(), world.worker()];
    const summary = await world.run(world.input(60), { window: 20 });
    expect(summary).toMatchObject({ total: 60, succeeded: 60, failed: 0, open: 0, attempts: 60, stop: undefined });
    expect(world.idsInOutput()).toEqual(idsTo(60));
    expect(pair.every(({ figures }) => figures.done > 0)).toBe(true);
    await Promise.all(pair.map((each) => each.drain()));
    expect(await world.keys()).toEqual([]);
  });

  test("goes on where it was after its coordinator died, and asks for nothing again that was answered meanwhile", async () => {
    world.worker();
    const arrivals = await arrivalsDuring(async () => {
      await cutRun(100, 10);
      // What was in Redis is answered while nobody collects.
      await expect.poll(async () => (await distributedStatus(world.server.url)).runs[0]?.active).toBe(0);
      const summary = await world.run(world.input(100), { window: 40 });
      expect(summary).toMatchObject({ total: 100, succeeded: 100, open: 0 });
      expect(summary.before).toBeGreaterThanOrEqual(10);
    });
    expect(arrivals).toBe(100);
    expect(world.idsInOutput()).toEqual(idsTo(100));
    await world.clear();
  });

  test("also when it may put less there than the one before: what was answered there is collected", async () => {
    world.worker();
    const arrivals = await arrivalsDuring(async () => {
      await cutRun(100, 10);
      await expect.poll(async () => (await distributedStatus(world.server.url)).runs[0]?.active).toBe(0);
      expect(await world.run(world.input(100), { window: 5 })).toMatchObject({ total: 100, succeeded: 100, open: 0 });
    });
    expect(arrivals).toBe(100);
  });

  test("takes nothing new that could cost more than it may, and goes on when it may cost more", async () => {
    world.worker();
    const prices = { date: "2026-01-01", currency: "USD", models: { emu: { input: 1, output: 1 } } };
    // By its bytes a request may cost more than it does: about 70 tokens in, and 16 out at the most.
    const input = world.input(40, { max_tokens: 16 });
    const first = await world.run(input, { prices, maxCost: 0.0008 });
    expect(first).toMatchObject({ failed: 0, stop: { reason: "max-cost" } });
    expect(first.cost).toBeLessThanOrEqual(0.0008);
    expect(first.succeeded).toBeGreaterThan(5);
    expect(first.open).toBe(40 - first.succeeded);
    expect(await world.run(input, { prices, maxCost: 1 })).toMatchObject({ succeeded: 40, stop: undefined });
  });

  test("has its answers checked by workers that can, and none else takes part", async () => {
    const problems: string[] = [];
    const asked: string[] = [];
    const schemaCheck = (schema: string): StandardSchema => {
      asked.push(schema);
      // Whatever the schema says: nothing fits.
      const validate = (): object => ({ issues: [{ message: "no" }] });
      return { "~standard": { version: 1, vendor: "test", validate } } as StandardSchema;
    };
    world.worker({ onProblem: (sentence) => problems.push(sentence) });
    world.worker({ schemaCheck, maxAttempts: 2 });
    const input = world.input(10);

    const arrivals = await arrivalsDuring(async () => {
      const schema = '{"type":"object"}';
      expect(await world.run(input, { schema })).toMatchObject({ succeeded: 0, failed: 10, attempts: 20 });
    });
    expect([arrivals, asked]).toEqual([20, ['{"type":"object"}']]);
    expect(problems).toEqual([expect.stringMatching(/^run \w+: its answers are to fit a schema/)]);
    // Without one, all take part again.
    expect(await world.run(input, { retryFailed: true })).toMatchObject({ succeeded: 10, attempts: 10 });
  });

  test("puts there once more what Redis has forgotten", async () => {
    world.worker();
    const hook = onDone((done) => done === 10 && void world.withRedis((redis) => redis.flushall()));
    const summary = await world.run(world.input(100), { window: 40, ...hook });
    expect(summary).toMatchObject({ total: 100, succeeded: 100, open: 0 });
    expect(world.idsInOutput()).toEqual(idsTo(100));
  });

  test("puts there once more what Redis knows and has in no list: its end is not waited for in vain", async () => {
    world.worker();
    const forget = async (redis: Redis): Promise<void> => {
      const lists = (await redis.keys("*:run-*")).filter((key) => !key.includes(":item-"));
      await redis.del(lists);
    };
    const hook = onDone((done) => done === 10 && void world.withRedis(forget));
    const summary = await world.run(world.input(100), { window: 40, ...hook });
    expect(summary).toMatchObject({ total: 100, succeeded: 100, open: 0 });
    expect(world.idsInOutput()).toEqual(idsTo(100));
  }, 20_000);

  test("ends when it is asked to: what waits leaves Redis, what is under way is written", async () => {
    world.worker({ concurrency: 4 });
    const drain = new AbortController();
    const arrivals = await arrivalsDuring(async () => {
      const hook = onDone(() => drain.abort());
      const summary = await world.run(world.input(100), { window: 40, drain: drain.signal, ...hook });
      expect(summary.stop).toEqual({ reason: "interrupted", message: "interrupted" });
      expect(summary.open).toBeGreaterThan(50);
      await world.run(world.input(100));
    });
    expect(arrivals).toBe(100);
  });

  test("goes on with the others when the money of one worker's key is spent, and gives its requests to them", async () => {
    const stops: unknown[] = [];
    const stopped = new Promise<void>((resolve) => {
      world.worker({ fetch: spent, onStop: ({ reason }) => resolve(void stops.push(reason)) });
    });
    // It leaves most of the requests, and answers none before the other one had its share.
    const patient: typeof fetch = (url, init) => stopped.then(() => fetch(url, init));
    world.worker({ fetch: patient, concurrency: 4 });
    expect(await world.run(world.input(60))).toMatchObject({ succeeded: 60, failed: 0 });
    expect(stops).toEqual(["quota"]);
  });

  test("ends when that is so of all of them, and a worker tries again with the next start", async () => {
    let isPaid = false;
    world.worker({ fetch: (url, init) => (isPaid ? fetch(url, init) : spent()) });
    const summary = await world.run(world.input(10));
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: 10, stop: { reason: "quota" } });
    isPaid = true;
    expect(await world.run(world.input(10))).toMatchObject({ succeeded: 10, stop: undefined });
  });

  test("ends when no worker reaches its endpoint, with every request still to be done", async () => {
    const refused = async (): Promise<never> =>
      Promise.reject(Object.assign(new TypeError("x"), { code: "ECONNREFUSED" }));
    world.worker({ fetch: refused, maxAttempts: 1 });
    const { host } = new URL(world.emulator.baseUrl);
    const stop = { reason: "unreachable", message: `${host} cannot be reached (ECONNREFUSED)` };
    expect(await world.run(world.input(20))).toMatchObject({ failed: 0, open: 20, stop });
  });
});

describe("of few requests, when each had no answer from any worker it was given to", () => {
  test.each([1, 4])("none of %i has failed where no connection came about, and the run ends", async (count) => {
    const refused = async (): Promise<never> =>
      Promise.reject(Object.assign(new TypeError("x"), { code: "ECONNREFUSED" }));
    const stops: unknown[] = [];
    world.worker({ fetch: refused, maxAttempts: 1, onStop: ({ reason }) => stops.push(reason) });
    const summary = await world.run(world.input(count));
    expect(summary).toMatchObject({ succeeded: 0, failed: 0, open: count, stop: { reason: "unreachable" } });
    expect(stops).toEqual(["unreachable"]);
    world.worker();
    expect(await world.run(world.input(count))).toMatchObject({ succeeded: count, failed: 0, open: 0 });
  });

  test("the only one has failed where its connections broke, and the worker goes on", async () => {
    let sent = 0;
    const breaking: typeof fetch = (url, init) => (++sent > 3 ? fetch(url, init) : Promise.reject(new TypeError("x")));
    world.worker({ fetch: breaking, maxAttempts: 1 });
    expect(await world.run(world.input(1))).toMatchObject({ succeeded: 0, failed: 1, open: 0, stop: undefined });
    expect(sent).toBe(3);
    expect(await world.run(world.input(1), { retryFailed: true })).toMatchObject({ succeeded: 1, failed: 0 });
  });
});

describe("a worker", () => {
  test("that is drained finishes what is under way and gives back what only waits, so that nothing is sent twice", async () => {
    const leaving = world.worker({ concurrency: 8 });
    const arrivals = await arrivalsDuring(async () => {
      let staying: unknown;
      const hook = onDone(() => {
        staying ??= leaving.drain().then(() => world.worker());
      });
      expect(await world.run(world.input(60), hook)).toMatchObject({ succeeded: 60 });
      await staying;
    });
    expect(arrivals).toBe(60);
  });

  test("whose endpoint does not answer in time is let go, and others take over what it had", async () => {
    const hung = world.worker({ fetch: () => new Promise(() => undefined), lock: "1s", drainsFor: "100ms" });
    const running = world.run(world.input(20));
    await expect.poll(() => hung.figures.held, { timeout: 5000 }).toBe(20);
    await hung.drain();
    world.worker({ lock: "1s" });
    expect(await running).toMatchObject({ succeeded: 20 });
  }, 15_000);

  test("that has lost a request to another one between two attempts does not send it again", async () => {
    let attempts = 0;
    const busyOnce: typeof fetch = async (url, init) => {
      if (++attempts > 1) return fetch(url, init);
      return Response.json({ error: { message: "busy" } }, { status: 503, headers: { "retry-after": "3" } });
    };
    const slow = world.worker({ fetch: busyOnce, lock: "1s" });
    const arrivals = await arrivalsDuring(async () => {
      const running = world.run(world.input(1));
      await expect.poll(() => attempts, { timeout: 5000 }).toBe(1);
      // As if it had stood still for so long that its lock ended.
      await world.withRedis(async (redis) => redis.del(await redis.keys("*:lock")));
      world.worker({ lock: "1s" });
      expect(await running).toMatchObject({ succeeded: 1 });
      await expect.poll(() => slow.figures.held, { timeout: 5000 }).toBe(0);
    });
    expect(arrivals).toBe(1);
  }, 15_000);

  test("that cannot be read by Redis' owner needs the secret, and says so", async () => {
    const problems: string[] = [];
    const secret = "correct horse battery staple";
    world.worker({ onProblem: (sentence) => problems.push(sentence) });
    const cut = new AbortController();
    const cutRunning = world.run(world.input(20), { secret, signal: cut.signal });
    await expect
      .poll(() => problems, { timeout: 5000 })
      .toEqual([expect.stringMatching(/^run \w+: the run is encrypted/)]);
    const texts = await world.withRedis(async (redis) => {
      const keys = await redis.keys("*");
      return (await Promise.all(keys.map((key) => redis.dump(key)))).join("\n");
    });
    expect(texts).not.toMatch(/Question|chat|correct horse/);
    cut.abort();
    await cutRunning;
    world.worker({ secret });
    expect(await world.run(world.input(20), { secret })).toMatchObject({ succeeded: 20 });
  }, 15_000);
});

describe("a Redis that comes back with an older memory", () => {
  test("has nothing sent again whose result is written", async () => {
    const { server, emulator } = world;
    world.worker({ concurrency: 4, lock: "1s" });
    // By how many requests had arrived when its result was on the disk.
    const written = new Map<string, number>();
    const before = emulator.log().length;
    let restarted: Promise<void> | undefined;
    const summary = await world.run(world.input(200), {
      window: 50,
      onEvent: (event) => {
        if (event.type !== "item-done") return;
        written.set(event.customId, emulator.stats().arrivals);
        if (written.size === 20) void world.withRedis((redis) => redis.save());
        if (written.size === 120) restarted = server.kill().then(() => server.restart());
      },
    });
    await restarted;

    expect(summary).toMatchObject({ total: 200, succeeded: 200, open: 0 });
    expect(world.idsInOutput()).toEqual(idsTo(200));
    const again = emulator
      .log()
      .slice(before)
      .filter(({ userTag = "", number }) => {
        return number > (written.get(userTag) ?? Number.POSITIVE_INFINITY);
      });
    expect(again.map(({ userTag }) => userTag)).toEqual([]);
  }, 30_000);
});

describe("what lies in Redis", () => {
  test("has an end, all of it, also when coordinator and workers are gone", async () => {
    const worker = world.worker();
    await cutRun(100, 10);
    await worker.drain();
    expect(await world.lastingKeys()).toEqual([]);
  });

  test("is seen by the engine's own tools, and holds no prompt and no answer there", async () => {
    world.worker();
    await cutRun(100, 10);
    const [run] = (await distributedStatus(world.server.url)).runs;
    const queue = new Queue(`run-${run?.run}`, { prefix: "{bide}", connection: { url: world.server.url } });
    await expect.poll(() => queue.getJobCounts("active", "completed")).toMatchObject({ active: 0 });
    const [job] = await queue.getJobs(["completed"]);
    expect(job?.asJSON()).toMatchObject({ name: "request", data: "{}", returnvalue: "null" });
    expect(await queue.getWorkers()).toHaveLength(1);
    await queue.close();
  });

  test("tells of runs, workers and the quota", async () => {
    world.worker({ quota: { rpm: 6000, burst: 20 } });
    await cutRun(100, 10);
    await expect
      .poll(() => distributedStatus(world.server.url), { timeout: 5000 })
      .toMatchObject({
        runs: [{ input: "prompts.jsonl", total: 100, active: 0, failed: 0 }],
        workers: [{ worker: "worker-0", concurrency: 64, rateLimited: 0 }],
        lanes: [{ model: "emu", currencies: { requests: { limit: 6000, burst: 20 } } }],
      });
    const { runs, workers } = await distributedStatus(world.server.url);
    for (const { silentMs } of [...runs, ...workers]) expect(silentMs).toBeLessThan(5000);
  });
});
