// How times and bytes are taken. Every contender gets a loop of its own, since a loop that two share is optimised for neither.
const BATCH_MS = 1;

/** The middle one. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

let made = 0;

/** A function that awaits `call` so many times, one after another, and answers with the milliseconds that it took. */
function batchOf(call) {
  // A text of its own for each: V8 shares what it has compiled, and learnt, between equal texts.
  const source = `return async (times) => {
    const startedMs = performance.now();
    for (let i = 0; i < times; i++) await call(); // ${made++}
    return performance.now() - startedMs;
  }`;
  return new Function("call", source)(call);
}

/**
 * Nanoseconds per call of each contender: batches of about a millisecond, taken in turn, so that what disturbs one
 * disturbs all; the median batch of each.
 */
export async function nanoseconds(calls, rounds) {
  const lanes = [];
  for (const [name, call] of Object.entries(calls)) {
    const batch = batchOf(call);
    let times = 16;
    for (let warmMs = 0; warmMs < 150; ) {
      const tookMs = await batch(times);
      warmMs += tookMs;
      if (tookMs < BATCH_MS) times = Math.ceil(times * Math.min(4, BATCH_MS / Math.max(tookMs, 0.01)));
    }
    lanes.push({ name, batch, times, perCall: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { batch, times, perCall } of lanes) perCall.push(((await batch(times)) / times) * 1e6);
  }
  return Object.fromEntries(lanes.map(({ name, perCall }) => [name, median(perCall)]));
}

/** Bytes that one call allocates. Needs `--expose-gc`, and a young generation so large that nothing is collected meanwhile. */
export async function bytesPerCall(call) {
  const batch = batchOf(call);
  await batch(20_000);
  const samples = [];
  for (let round = 0; round < 5; round++) {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    await batch(10_000);
    samples.push((process.memoryUsage().heapUsed - before) / 10_000);
  }
  return median(samples);
}

/** Microseconds of processor time per call of each contender, with many calls in flight at once; flights taken in turn. */
export async function cpuMicroseconds(calls, { rounds, inFlight }) {
  const lanes = Object.entries(calls).map(([name, call]) => ({ name, flight: flightOf(call), samples: [] }));
  for (let round = -10; round < rounds; round++) {
    for (const { flight, samples } of lanes) {
      const started = process.cpuUsage();
      await flight(inFlight);
      const { user, system } = process.cpuUsage(started);
      if (round >= 0) samples.push((user + system) / inFlight);
    }
  }
  return Object.fromEntries(lanes.map(({ name, samples }) => [name, median(samples)]));
}

/** A function that starts so many calls and waits for all. */
function flightOf(call) {
  const source = `return (times) => {
    const promises = new Array(times);
    for (let i = 0; i < times; i++) promises[i] = call(); // ${made++}
    return Promise.all(promises);
  }`;
  return new Function("call", source)(call);
}

/** Bytes on the heap, once nothing is left that could be collected. */
export async function settledHeap() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}
