import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { LiveAttempt } from "./attempt.js";
import { cancellationOf, eitherOf, onAbort } from "./cancellation.js";
import { virtualClock } from "./testing.js";

describe("a signal heard by many", () => {
  test("carries one listener for all of them, and none when they have let go", () => {
    const controller = new AbortController();
    const { signal } = controller;
    const heard: number[] = [];
    const releases = [1, 2, 3].map((n) => onAbort(cancellationOf(signal), () => heard.push(n)));
    expect(getEventListeners(signal, "abort").length).toBe(1);
    releases[1]?.();
    releases[1]?.();
    controller.abort();
    expect([heard, getEventListeners(signal, "abort").length]).toEqual([[1, 3], 0]);
    const { signal: other } = new AbortController();
    onAbort(cancellationOf(other), () => undefined)();
    expect(getEventListeners(other, "abort").length).toBe(0);
  });
});

describe("either of two", () => {
  test.each([0, 1])("is aborted with the reason of the one that aborts (%i), and is heard once", (which) => {
    const controllers = [new AbortController(), new AbortController()];
    const [a, b] = controllers.map(({ signal }) => cancellationOf(signal));
    const either = eitherOf(a, b);
    const heard: unknown[] = [];
    onAbort(either, () => heard.push(either?.reason));
    expect([either?.aborted, either?.reason]).toEqual([false, undefined]);
    controllers[which]?.abort("enough");
    expect([either?.aborted, heard]).toEqual([true, ["enough"]]);
  });

  test("is the one, where there is no other", () => {
    const one = cancellationOf(new AbortController().signal);
    expect([eitherOf(one, undefined), eitherOf(undefined, one), eitherOf(undefined, undefined)]).toEqual([
      one,
      one,
      undefined,
    ]);
  });

  test("lets go of both", () => {
    const signals = [new AbortController().signal, new AbortController().signal];
    const [a, b] = signals.map(cancellationOf);
    onAbort(eitherOf(a, b), () => undefined)();
    expect(signals.map((signal) => getEventListeners(signal, "abort").length)).toEqual([0, 0]);
  });
});

describe("an attempt", () => {
  const made = (): LiveAttempt =>
    new LiveAttempt(1, undefined, { clock: virtualClock(), startedMs: 0, deadlineMs: undefined });

  test("is aborted once: the first reason counts, for listeners and for a signal that is looked at late", () => {
    const attempt = made();
    const heard: unknown[] = [];
    onAbort(attempt, () => heard.push(attempt.reason));
    attempt.abort("first");
    attempt.abort("second");
    expect([heard, attempt.signal.aborted, attempt.signal.reason]).toEqual([["first"], true, "first"]);
  });

  test("shows one signal, however often it is looked at", () => {
    const attempt = made();
    const { signal } = attempt;
    expect(attempt.signal).toBe(signal);
    attempt.abort("enough");
    expect([signal.reason, attempt.signal]).toEqual(["enough", signal]);
  });

  test("tells those who still listen, whoever of them came first", () => {
    const attempt = made();
    const heard: number[] = [];
    const releases = [1, 2, 3].map((n) => onAbort(attempt, () => heard.push(n)));
    releases[0]?.();
    releases[2]?.();
    onAbort(attempt, () => heard.push(4));
    releases[0]?.();
    attempt.abort("enough");
    expect(heard.sort()).toEqual([2, 4]);
  });

  test("lets go of one who listens alone, and of nobody else in their place", () => {
    const [left, kept] = [made(), made()];
    const heard: string[] = [];
    onAbort(left, () => heard.push("who left"))();
    const release = onAbort(kept, () => heard.push("who left"));
    release();
    onAbort(kept, () => heard.push("who came later"));
    release();
    for (const attempt of [left, kept]) attempt.abort("enough");
    expect(heard).toEqual(["who came later"]);
  });

  test("that outlives its maker is aborted with it until it is let go", () => {
    const outer = made();
    const [kept, free] = [outer.fork(), outer.fork()];
    free.release();
    outer.abort("enough");
    expect([kept.attempt.reason, free.attempt.aborted]).toEqual(["enough", false]);
  });
});
