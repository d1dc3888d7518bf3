// One measurement of one contender, in a process of its own: `node child.mjs <what> <contender>`, one line of JSON out.
import { setMaxListeners } from "node:events";
import { boundedLoop, callable, contenders, plainLoop, stacks } from "./contenders.mjs";
import { bytesPerCall, cpuMicroseconds, nanoseconds, settledHeap } from "./measure.mjs";

const HOUR_MS = 3_600_000;
const failure = new Error("no");
const succeeds = async () => 42;
const fails = async () => {
  throw failure;
};
// cockatiel's shared signal warns of its listeners; that costs more than what is measured.
process.on("warning", () => {});

/** One function hears of all that reject: it is no call's own weight. */
const ignore = () => {};

const [what = "", name = "", count] = process.argv.slice(2);
console.log(
  JSON.stringify((await { ok, bytes, stack, recover, heap, wake, signal, late }[what](name, Number(count))) ?? null),
);
process.exit(0);

/** A call that succeeds at once, beside both hand-written loops: nanoseconds. */
async function ok(contender) {
  return nanoseconds(
    {
      bare: succeeds,
      plain: () => plainLoop(succeeds, 100),
      bounded: () => boundedLoop(succeeds, 100),
      it: callable(await contenders[contender](100), succeeds),
    },
    400,
  );
}

/** What such a call allocates: bytes. */
async function bytes(contender) {
  const it = callable(await contenders[contender](100), succeeds);
  return { it: await bytesPerCall(it), plain: await bytesPerCall(() => plainLoop(succeeds, 100)) };
}

/** Several policies around a call that succeeds at once: nanoseconds. */
async function stack(contender) {
  const made = await stacks[contender]();
  return made && nanoseconds({ plain: () => plainLoop(succeeds, 100), it: callable(made, succeeds) }, 300);
}

/** Two failures, then success, without a wait: processor microseconds with 1,000 in flight. */
async function recover(contender) {
  const { run } = await contenders[contender](0);
  const twice = (retried) => () => {
    let calls = 0;
    return retried(async () => {
      if (++calls <= 2) throw failure;
      return 42;
    });
  };
  const [it, plain] = [twice(run), twice((fn) => plainLoop(fn, 0))];
  return cpuMicroseconds({ it, plain }, { rounds: 100, inFlight: 1000 });
}

/** All failed once and wait for an hour: heap bytes each, and processor microseconds to put each to sleep. */
async function heap(contender, calls) {
  const call = callable(await contenders[contender](HOUR_MS), fails);
  await asleep([call()]);
  const promises = new Array(calls);
  const before = await settledHeap();
  const started = process.cpuUsage();
  for (let i = 0; i < calls; i++) promises[i] = call();
  await asleep(promises);
  const { user, system } = process.cpuUsage(started);
  return { bytes: ((await settledHeap()) - before) / calls, microseconds: (user + system) / calls };
}

/** Start, sleep and wake of many calls together: processor microseconds each. */
async function wake(contender, calls) {
  const repeats = Math.max(1, Math.round(200_000 / calls));
  let seen = 0;
  const failsOnce = async () => {
    if (seen++ < calls) throw failure;
    return 42;
  };
  const call = callable(await contenders[contender](1), failsOnce);
  const round = async () => {
    seen = 0;
    const started = process.cpuUsage();
    const promises = [];
    for (let i = 0; i < calls; i++) promises.push(call());
    await Promise.all(promises);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / calls;
  };
  for (let i = 0; i < repeats; i++) await round();
  let sum = 0;
  for (let i = 0; i < repeats; i++) sum += await round();
  return { microseconds: sum / repeats };
}

/** Calls that fall asleep on one signal: microseconds to start each. */
async function signal(contender, calls) {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const call = callable(await contenders[contender](HOUR_MS, controller.signal), fails);
  const promises = new Array(calls);
  const startedMs = performance.now();
  for (let i = 0; i < calls; i++) promises[i] = call();
  await asleep(promises);
  return { microseconds: ((performance.now() - startedMs) / calls) * 1000 };
}

/** Calls that are due all over three seconds: milliseconds that they wake after that. */
async function late(contender, calls) {
  const lateMs = new Float64Array(calls);
  const { run } = await contenders[contender](4000);
  const one = async (i) => {
    let dueMs;
    await run(async () => {
      if (dueMs !== undefined) {
        lateMs[i] = performance.now() - dueMs;
        return 42;
      }
      dueMs = performance.now() + 4000;
      throw failure;
    });
  };
  const running = [];
  // In small groups: the wait begins after the turn in which the call failed, and that turn must not count as lateness.
  const startedMs = performance.now();
  for (let i = 0; i < calls; ) {
    const until = Math.min(calls, Math.ceil((calls * (performance.now() - startedMs + 1)) / 3000));
    for (; i < until; i++) running.push(one(i));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(running);
  lateMs.sort();
  return {
    earliest: lateMs[0],
    median: lateMs[calls >> 1],
    p99: lateMs[Math.floor(calls * 0.99)],
    latest: lateMs.at(-1),
  };
}

/** Until every call that was just started has failed once and sleeps. */
async function asleep(promises) {
  for (const promise of promises) promise.catch(ignore);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
