import { arm } from "../clock.js";
import { isLater } from "../later.js";
import type { Failure } from "../outcome.js";
import { end, leave } from "./ending.js";
import { checkAborted, type Running, rest } from "./running.js";

/**
 * Goes on with the answer of somebody whom a run asks: at once where it is there, for each promise and each function made
 * costs as much as a decision.
 */
export function after<V, A, B, C>(
  run: Running,
  answer: V | PromiseLike<V>,
  next: (run: Running, answer: V, a: A, b: B, c: C) => void,
  a?: A,
  b?: B,
  c?: C,
): void {
  if (isLater(answer)) later(run, answer, (known) => next(run, known, a as A, b as B, c as C));
  else next(run, answer, a as A, b as B, c as C);
}

/** Runs a part of a run. What it throws, and was not the operation's, is the end. */
export function go(run: Running, step: () => void): void {
  try {
    step();
  } catch (error) {
    end(run, error);
  }
}

/** Between attempts nothing else listens: whom the run asks there, it waits for no longer than it may last itself. */
function later<V>(run: Running, answer: PromiseLike<V>, next: (answer: V) => void): void {
  const { live } = run;
  const isAlone = live === undefined && (run.deadlineMs ?? run.outer) !== undefined;
  let isAwaited = true;
  const goOn = (step: () => void): void => {
    if (!isAwaited) return;
    isAwaited = false;
    if (isAlone) rest(run);
    // An attempt that was cut meanwhile has been decided about.
    if (run.live === live) go(run, step);
  };
  if (isAlone) {
    run.timer = arm(run.clock, run.deadlineMs ?? Number.POSITIVE_INFINITY, run);
    run.paused = () =>
      goOn(() => {
        checkAborted(run);
        leave(run, run.previous as Failure, { reason: "deadline" }, true);
      });
  }
  Promise.resolve(answer).then(
    (known) => goOn(() => next(known)),
    (error: unknown) => goOn(() => end(run, error)),
  );
}
