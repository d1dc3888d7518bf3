import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { LiveAttempt } from "./attempt.js";
import type { AbortListener } from "./cancellation.js";
import {
  type Attempt,
  compose,
  concurrencyLimit,
  DeadlineError,
  fallback,
  hedge,
  onException,
  type Policy,
  retry,
  timeout,
} from "./index.js";
import { virtualClock } from "./testing.js";

/** Reads a stream to its end, or to its error. */
async function read<T>(stream: AsyncIterable<T>, into: T[] = []): Promise<T[]> {
  for await (const item of stream) into.push(item);
  return into;
}

/** A source that yields numbers, and hangs or fails at a place; it knows whether it was closed. */
function source(steps: readonly (number | "hang" | Error)[]): AsyncIterable<number> & { closed: number } {
  const iterable = {
    closed: 0,
    [Symbol.asyncIterator]: (): AsyncIterator<number> => {
      let index = 0;
      return {
        next: async () => {
          const step = steps[index++];
          if (step === "hang") return new Promise(() => undefined);
          if (step instanceof Error) throw step;
          return step === undefined ? { done: true, value: undefined } : { done: false, value: step };
        },
        return: async () => {
          iterable.closed++;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return iterable;
}

describe("a stream under a policy", () => {
  test("is opened again until its first item arrived: opening, iterating and the first item may fail", async () => {
    const clock = virtualClock();
    let opened = 0;
    const open = async (): Promise<AsyncIterable<number>> => {
      opened++;
      if (opened === 1) throw new Error("cannot open");
      return source(opened === 2 ? [new Error("no first item")] : [1, 2]);
    };
    expect(await clock.run(read(retry({ clock }).iterate(open)))).toEqual([1, 2]);
    expect(opened).toBe(3);
  });

  test("passes an error after the first item through, the same object, and opens nothing again", async () => {
    const clock = virtualClock();
    const error = new Error("broken");
    const open = vi.fn(async () => source([1, 2, error]));
    const items: number[] = [];
    await expect(clock.run(read(retry({ clock }).iterate(open), items))).rejects.toBe(error);
    expect([items, open.mock.calls.length]).toEqual([[1, 2], 1]);
  });

  test("may be empty, and each loop opens its own", async () => {
    const clock = virtualClock();
    const open = vi.fn(() => source([]));
    const stream = retry({ clock }).iterate(open);
    expect([await clock.run(read(stream)), await clock.run(read(stream)), open.mock.calls.length]).toEqual([[], [], 2]);
  });

  test("is closed when the reader leaves, and only then", async () => {
    const clock = virtualClock();
    const [left, ended, empty] = [source([1, 2, 3]), source([1]), source([])];
    const leave = async (): Promise<void> => {
      for await (const _ of retry({ clock }).iterate(() => left)) break;
    };
    await clock.run(leave());
    for (const over of [ended, empty]) await clock.run(read(retry({ clock }).iterate(() => over)));
    expect([left.closed, ended.closed, empty.closed, clock.pending]).toEqual([1, 0, 0, 0]);
  });

  test.each([
    ["the caller's signal", (signal: AbortSignal) => [{}, { signal }] as const],
    ["the policy's signal", (signal: AbortSignal) => [{ signal }, {}] as const],
  ])("%s cuts it between items: the source hears of it and is closed", async (_, given) => {
    const clock = virtualClock();
    const controller = new AbortController();
    const [policyOptions, runOptions] = given(controller.signal);
    const hanging = source([1, "hang"]);
    let attempt: Attempt | undefined;
    const open = (opened: Attempt): AsyncIterable<number> => {
      attempt = opened;
      void opened.signal;
      return hanging;
    };
    const items: number[] = [];
    const policy = compose(retry({ clock }), retry({ ...policyOptions, clock }));
    const reading = read(policy.iterate(open, runOptions), items).catch((reason: unknown) => reason);
    await clock.advance(5);
    controller.abort("enough");
    expect(await reading).toBe("enough");
    expect([items, attempt?.signal.reason, hanging.closed, clock.pending]).toEqual([[1], "enough", 1, 0]);
  });

  test("is closed as soon as it is cut, also while the reader is busy with an item", async () => {
    const clock = virtualClock();
    const numbers = source([1, 2]);
    const stream = retry({ clock, deadline: "1s" })
      .iterate(() => numbers)
      [Symbol.asyncIterator]();
    await clock.run(stream.next());
    await clock.advance(999);
    expect(numbers.closed).toBe(0);
    await clock.advance(1);
    expect(numbers.closed).toBe(1);
    await expect(stream.next()).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("that is cut is under way until its source has closed, and holds its place in a concurrency limit so long", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const limit = concurrencyLimit({ limit: 1, clock });
    const inner = source([1, "hang"])[Symbol.asyncIterator]();
    const slow = {
      [Symbol.asyncIterator]: () => ({ next: () => inner.next(), return: () => clock.sleep(30) as never }),
    };
    const reading = read(limit.iterate(() => slow, { signal: controller.signal })).catch((reason: unknown) => reason);
    await clock.advance(5);
    controller.abort("enough");
    expect([await reading, limit.state().inFlight]).toEqual(["enough", 1]);
    await clock.advance(30);
    expect(limit.state().inFlight).toBe(0);
  });

  test("that is left is waited for until it is closed, and its failure to close is the reader's", async () => {
    const clock = virtualClock();
    const slow = { ...source([1, 2]), [Symbol.asyncIterator]: () => iterator };
    const inner = source([1, 2])[Symbol.asyncIterator]();
    const iterator = { next: () => inner.next(), return: () => clock.sleep(30).then(() => Promise.reject("stuck")) };
    const leave = async (): Promise<void> => {
      for await (const _ of retry({ clock }).iterate(() => slow)) break;
    };
    await expect(clock.run(leave())).rejects.toBe("stuck");
    expect(clock.nowMs()).toBe(30);
  });

  test("need not be one that can be closed", async () => {
    const next = async (): Promise<IteratorResult<number>> => ({ done: false, value: 1 });
    for await (const item of retry().iterate(() => ({ [Symbol.asyncIterator]: () => ({ next }) }))) {
      expect(item).toBe(1);
      break;
    }
  });

  test("a signal that aborts just when the stream was opened cuts it", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const opened = source([1, 2]);
    const policy = retry({ clock, onSuccess: () => controller.abort("enough") });
    const items: number[] = [];
    await expect(
      read(
        policy.iterate(() => opened, { signal: controller.signal }),
        items,
      ),
    ).rejects.toBe("enough");
    expect([items, opened.closed]).toEqual([[1], 1]);
  });

  test("a signal that aborts as the first item arrives cuts it as well", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const open = async function* (): AsyncGenerator<number> {
      controller.abort("enough");
      yield 1;
      yield 2;
    };
    const stream = retry({ clock }).iterate(open, { signal: controller.signal });
    await expect(clock.run(read(stream))).rejects.toBe("enough");
  });

  test("two that a hedge opened in one moment: one is read, the other is closed", async () => {
    const clock = virtualClock();
    const opened: ReturnType<typeof source>[] = [];
    const open = async (): Promise<AsyncIterable<number>> => {
      const isFirst = opened.length === 0;
      const one = source([1, 2]);
      opened.push(one);
      await clock.sleep(isFirst ? 20 : 10);
      return one;
    };
    const policy = hedge({ delay: 10, maxExtraLoad: 1, clock });
    expect(await clock.run(read(policy.iterate(open)))).toEqual([1, 2]);
    await clock.advance(1);
    expect(opened.map(({ closed }) => closed).sort()).toEqual([0, 1]);
  });

  test("one whose first item comes after a hedge has won closes itself, and is nothing to discard", async () => {
    const clock = virtualClock();
    const sources = [source([1]), source([2])];
    let opened = 0;
    const open = async (): Promise<AsyncIterable<number>> => {
      const index = opened++;
      await clock.sleep(index === 0 ? 200 : 10);
      return sources[index] ?? source([]);
    };
    const discard = vi.fn();
    const policy = hedge({ delay: 100, maxExtraLoad: 10, discard, clock });
    expect(await clock.run(read(policy.iterate(open)))).toEqual([2]);
    await clock.advance(100);
    expect([sources.map(({ closed }) => closed), discard.mock.calls]).toEqual([[1, 0], []]);
  });

  test("leaves no listener on the attempt around it, however it ends", async () => {
    const attempt = new LiveAttempt(1, undefined, { clock: virtualClock(), startedMs: 0, deadlineMs: undefined });
    const listening = new Set<AbortListener>();
    const { listen, unlisten } = attempt;
    attempt.listen = (listener) => {
      listening.add(listener);
      listen.call(attempt, listener);
    };
    attempt.unlisten = (listener) => {
      listening.delete(listener);
      unlisten.call(attempt, listener);
    };
    const { iterate } = concurrencyLimit({ limit: 1 });
    const sources = [source([]), source([1, 2]), source([1, new Error("broken")]), source([new Error("broken")])];
    for (const one of sources) await read(iterate(() => one, attempt)).catch(() => undefined);
    for await (const _ of iterate(() => source([1, 2]), attempt)) {
      expect(listening.size).toBeGreaterThan(0);
      break;
    }
    expect(listening.size).toBe(0);
  });

  test("a source that throws where it is to be closed is no other", async () => {
    const clock = virtualClock();
    const inner = source([1, "hang"])[Symbol.asyncIterator]();
    const refuse = (): never => {
      throw new Error("cannot close");
    };
    const broken = { [Symbol.asyncIterator]: () => ({ next: () => inner.next(), return: refuse }) };
    const stream = retry({ clock, deadline: "1s" }).iterate(() => broken);
    await expect(clock.run(read(stream))).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("a source that cannot be closed after a cut changes nothing", async () => {
    const clock = virtualClock();
    const broken = { ...source([]), [Symbol.asyncIterator]: () => iterator };
    const inner = source([1, "hang"])[Symbol.asyncIterator]();
    const iterator = { next: () => inner.next(), return: () => Promise.reject(new Error("cannot close")) };
    const stream = retry({ clock, deadline: "1s" }).iterate(() => broken);
    await expect(clock.run(read(stream))).rejects.toMatchObject({ code: "BIDE_DEADLINE" });
  });

  test("the deadline cuts it between items, and the source is not waited for", async () => {
    const clock = virtualClock();
    const items: number[] = [];
    const hanging = source([1, "hang"]);
    const stream = retry({ clock, deadline: "5s" }).iterate(() => hanging);
    await expect(clock.run(read(stream, items))).rejects.toMatchObject({ code: "BIDE_DEADLINE", elapsedMs: 5000 });
    expect([items, clock.nowMs(), clock.pending]).toEqual([[1], 5000, 0]);
  });

  test("the deadline that cuts it between items knows what had failed before it was opened", async () => {
    const clock = virtualClock();
    const broken = new Error("broken");
    let opened = 0;
    const open = (): AsyncIterable<unknown> => {
      if (++opened === 1) throw broken;
      return source([1, "hang"]);
    };
    const stream = retry({ clock, deadline: "5s", schedule: [10], jitter: null }).iterate(open);
    await expect(clock.run(read(stream))).rejects.toMatchObject({ code: "BIDE_DEADLINE", attempts: 2, cause: broken });
  });

  test("a time-out cuts it between items with its own error, within the deadline around it", async () => {
    const clock = virtualClock();
    const cut = async (policy: Policy): Promise<unknown> =>
      await clock.run(read(policy.iterate(() => source([1, "hang"]))).catch((error: unknown) => error));
    expect(await cut(timeout("5s", { clock, name: "chat" }))).toMatchObject({
      code: "BIDE_CALL_TIMEOUT",
      timeoutMs: 5000,
    });
    expect(await cut(compose(retry({ clock }), timeout("5s", { clock })))).toMatchObject({ code: "BIDE_CALL_TIMEOUT" });
    expect(await cut(compose(retry({ clock, deadline: "3s" }), timeout("5s", { clock })))).toMatchObject({
      code: "BIDE_DEADLINE",
      elapsedMs: 3000,
    });
  });

  test("an attempt's time-out bounds the time to the first item, and no more", async () => {
    const clock = virtualClock();
    let opened = 0;
    const open = async function* (): AsyncGenerator<number> {
      if (++opened === 1) await new Promise(() => undefined);
      yield 1;
      await clock.sleep(10_000);
      yield 2;
    };
    const policy = retry({ clock, attemptTimeout: "1s", schedule: [0], jitter: null });
    expect(await clock.run(read(policy.iterate(open)))).toEqual([1, 2]);
    expect(clock.nowMs()).toBe(11_000);
  });
});

describe("a stream that may begin again", () => {
  test("is opened from its beginning after a failure between items: items come twice", async () => {
    const clock = virtualClock();
    let opened = 0;
    const open = (): AsyncIterable<number> => source(++opened === 1 ? [1, 2, new Error("broken")] : [1, 2, 3]);
    const stream = retry({ clock }).iterate(open, { restart: true });
    expect(await clock.run(read(stream))).toEqual([1, 2, 1, 2, 3]);
  });

  test("gives up with the last error", async () => {
    const clock = virtualClock();
    const items: number[] = [];
    const stream = retry({ clock, maxAttempts: 2 }).iterate(() => source([1, new Error("broken")]), { restart: true });
    await expect(clock.run(read(stream, items))).rejects.toThrow("broken");
    expect(items).toEqual([1, 1]);
  });

  test("does not read on before the reader asks, and stops reading when the reader leaves", async () => {
    const clock = virtualClock();
    let produced = 0;
    const open = async function* (): AsyncGenerator<number> {
      for (;;) yield ++produced;
    };
    const leave = async (): Promise<void> => {
      for await (const item of retry({ clock }).iterate(open, { restart: true })) if (item === 3) break;
    };
    await clock.run(leave());
    await clock.advance("1h");
    expect([produced <= 5, clock.pending]).toEqual([true, 0]);
  });

  test("that is left is cut, closed, and forgotten by the caller's signal", async () => {
    const clock = virtualClock();
    const { signal } = new AbortController();
    const left = source([1, 2, 3]);
    let attempt: Attempt | undefined;
    const open = (opened: Attempt): AsyncIterable<number> => {
      attempt = opened;
      void opened.signal;
      return left;
    };
    const leave = async (): Promise<void> => {
      for await (const _ of retry({ clock }).iterate(open, { restart: true, signal })) break;
    };
    await clock.run(leave());
    await clock.advance(1);
    expect([attempt?.signal.aborted, left.closed, getEventListeners(signal, "abort").length]).toEqual([true, 1, 0]);
  });

  test("an abort ends it at once with the signal's reason", async () => {
    const clock = virtualClock();
    const controller = new AbortController();
    const stream = retry({ clock }).iterate(() => source([1, "hang"]), { restart: true, signal: controller.signal });
    const reading = read(stream).catch((reason: unknown) => reason);
    await clock.advance(5);
    controller.abort("enough");
    expect(await reading).toBe("enough");
    const before = retry({ clock }).iterate(() => source([1]), { restart: true, signal: AbortSignal.abort("before") });
    await expect(read(before)).rejects.toBe("before");
  });
});

describe.each([false, true])("what a policy answers with in place of a stream, with restart %s", (restart) => {
  const down = (): never => {
    throw new Error("down");
  };

  test("is passed on where it is a stream, and closed when it is left", async () => {
    const clock = virtualClock();
    const other = source([7, 8]);
    const policy = compose(
      fallback(() => other),
      retry({ clock, schedule: [5] }),
    );
    expect(await clock.run(read(policy.iterate(down, { restart })))).toEqual([7, 8]);
    const leave = async (): Promise<void> => {
      for await (const _ of policy.iterate(down, { restart })) break;
    };
    await clock.run(leave());
    expect(other.closed).toBe(1);
  });

  test("is no item where it is nothing", async () => {
    const clock = virtualClock();
    const policy = onException([5], Error, { clock, raiseOnGiveup: false });
    expect(await clock.run(read(policy.iterate(down, { restart })))).toEqual([]);
  });

  test("is cut by the caller's signal, whether or not it has begun", async () => {
    for (const steps of [["hang"], [7, "hang"]] as const) {
      const clock = virtualClock();
      const controller = new AbortController();
      const { signal } = controller;
      const items: number[] = [];
      const stream = fallback(() => source(steps), { clock }).iterate(down, { restart, signal });
      const reading = read(stream, items).catch((reason: unknown) => reason);
      await clock.advance(5);
      controller.abort("enough");
      expect([await reading, items.length, getEventListeners(signal, "abort").length]).toEqual([
        "enough",
        steps.length - 1,
        0,
      ]);
    }
  });

  test("is cut by the run's deadline", async () => {
    const clock = virtualClock();
    const stream = fallback(() => source([7, "hang"]), { clock }).iterate(down, { restart, deadlineMs: 50 });
    await expect(clock.run(read(stream))).rejects.toBeInstanceOf(DeadlineError);
    expect([clock.nowMs(), clock.pending]).toEqual([50, 0]);
  });
});

test.each([false, true])("a priority reaches the limit that a stream waits for, with restart %s", async (restart) => {
  const limit = concurrencyLimit({ limit: 1 });
  const held = await limit.acquire();
  const order: number[] = [];
  const opened = (priority: number): AsyncIterable<number> => {
    order.push(priority);
    return source([1]);
  };
  const streams = [0, 5].map((priority) => read(limit.iterate(() => opened(priority), { priority, restart })));
  await virtualClock().advance(0);
  held.release();
  await Promise.all(streams);
  expect(order).toEqual([5, 0]);
});
