import { contextNow } from "../async-context.js";
import type { LiveAttempt } from "../attempt.js";
import { arm } from "../clock.js";
import { DeadlineError } from "../errors.js";
import { isObserved } from "../events.js";
import type { Failure } from "../outcome.js";
import { after } from "./asking.js";
import { giveUp } from "./ending.js";
import { tell } from "./hooks.js";
import type { Verdict } from "./options.js";
import { meaningOf, type Rule } from "./rule.js";
import { checkAborted, elapsedMs, infoOf, nowMs, type Running, rest, toldBudget } from "./running.js";
import { planNext } from "./waits.js";

/** So many attempts without a wait between them may be made in one turn of the event loop. */
const TURN = 8;

/**
 * Writes a failure down and decides about it: the run waits and goes on, or it is given up.
 *
 * Each step is called by its name where nobody outside has to be asked: only then does the engine compile the way into one.
 */
export function failed(run: Running, attempt: LiveAttempt, kind: Failure["kind"], what: unknown): void {
  const { number } = attempt;
  const sinceMs = elapsedMs(run);
  // Written out: a spread costs more than all the rest of this function.
  const failure: Failure =
    kind === "error"
      ? { kind, error: what, attempt: number, elapsedMs: sinceMs }
      : { kind, value: what, attempt: number, elapsedMs: sinceMs };
  rest(run);
  run.previous = failure;
  if (isObserved()) tell({ type: "attempt-failed", attempt: number, failure, elapsedMs: sinceMs }, run.config.given);
  checkAborted(run);
  const told = run.inputs.failed?.(failure);
  if (told === undefined) ask(run, undefined, failure, attempt, 0);
  else after(run, told, ask, failure, attempt, 0);
}

/** Asks the rules, one after the other; what none of them matches, and results, are the last one's. */
function ask(run: Running, _: unknown, failure: Failure, attempt: LiveAttempt, index: number): void {
  const { rules } = run.config;
  const { kind, error } = failure;
  const isOwnTimeout = attempt.wasCutBy(error);
  const rule = rules[index];
  // An attempt that the deadline cut ends the run; one that its own time-out cut does not.
  if (isOwnTimeout && error instanceof DeadlineError) giveUp(run, failure, { reason: "deadline" }, true);
  else if (rule && kind === "error") {
    const verdict = rule.verdict(error, attempt);
    if (typeof verdict === "boolean") hear(run, verdict, failure, attempt, index);
    else after(run, verdict, hear, failure, attempt, index);
  } else plan(run, rules[rules.length - 1] as Rule, isOwnTimeout || kind === "result", failure);
}

function hear(run: Running, answer: Verdict | undefined, failure: Failure, attempt: LiveAttempt, index: number): void {
  const verdict = meaningOf(answer, attempt.wasCutBy(failure.error));
  if (verdict === false) ask(run, undefined, failure, attempt, index + 1);
  else plan(run, run.config.rules[index] as Rule, verdict, failure);
}

function plan(run: Running, rule: Rule, verdict: Verdict, failure: Failure): void {
  const { budget } = run.config.given;
  const isMatched = verdict !== false;
  checkAborted(run);
  if (isMatched && verdict !== "stop") toldBudget(run)?.failed?.(failure);
  const endMs = run.deadlineMs;
  const untilDeadlineMs = endMs === undefined ? Number.POSITIVE_INFINITY : endMs - nowMs(run);
  const next = planNext(run, run.config, rule, verdict, failure, untilDeadlineMs);
  if (typeof next === "object") giveUp(run, failure, next, isMatched);
  // The budget is asked last of all, so that nothing is taken from it for a retry that is not made.
  else if (budget) after(run, budget.withdraw(failure), spend, failure, isMatched, next);
  else spend(run, true, failure, isMatched, next);
}

function spend(run: Running, isAffordable: boolean, failure: Failure, isMatched: boolean, delayMs: number): void {
  const { steps } = run.config;
  if (!isAffordable) giveUp(run, failure, { reason: "budget-exhausted" }, isMatched);
  else if (steps) after(run, steps.backoff(failure, delayMs, infoOf(run, failure)), sleep, failure, isMatched, delayMs);
  else sleep(run, undefined, failure, isMatched, delayMs);
}

function sleep(run: Running, _: unknown, failure: Failure, isMatched: boolean, delayMs: number): void {
  const { config, inputs, deadlineMs } = run;
  const { given, steps } = config;
  const { attempt } = failure;
  // The budget and the steps took their time as well.
  if (deadlineMs !== undefined && nowMs(run) + delayMs >= deadlineMs) {
    giveUp(run, failure, { reason: "deadline" }, isMatched);
    return;
  }
  if (given.onRetry || isObserved()) {
    const event = { type: "retry-scheduled", attempt, failure, delayMs, elapsedMs: failure.elapsedMs } as const;
    tell(event, given, "onRetry", failure);
  }
  if (steps) inputs.waitedMs = (inputs.waitedMs ?? 0) + delayMs;
  inputs.trace?.waitsMs.push(delayMs);
  checkAborted(run);
  if (delayMs === 0 && attempt % TURN !== 0) run.begin();
  else {
    run.paused = contextNow();
    run.timer = arm(run.clock, nowMs(run) + delayMs, run);
  }
}
