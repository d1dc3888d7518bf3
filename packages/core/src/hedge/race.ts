import { LiveAttempt } from "../attempt.js";
import type { Budget } from "../budget.js";
import { onAbort } from "../cancellation.js";
import { type Clock, startTimer } from "../clock.js";
import { emit, isObserved } from "../events.js";
import type { Operation } from "../outcome.js";
import { isTransient } from "../transient.js";
import type { Allowance } from "./allowance.js";
import type { MovingQuantile } from "./quantile.js";

/** What the races of one policy share. */
export interface Track {
  readonly maxHedges: number;
  /** How long after a call the next one is due, in milliseconds; `undefined`: never. */
  delayMs(): number | undefined;
  readonly latencies: MovingQuantile | undefined;
  readonly allowance: Allowance;
  readonly budget: Budget | undefined;
  readonly discard: ((value: unknown) => unknown) | undefined;
  readonly clock: Clock;
  readonly name: string | undefined;
}

/**
 * One run of a hedge: a call, and others beside it when it is slow. Ends once, with the first value; or with the first error,
 * when all that were begun have failed; or with the reason of the attempt around it, when that is aborted.
 */
export class Race<T> {
  readonly #track: Track;
  readonly #operation: Operation<T>;
  readonly #outer: LiveAttempt;
  readonly #startedMs: number;
  readonly #tries: LiveAttempt[] = [];
  /** The budget to tell how the call went; none where an outer policy tells it of the same one. */
  readonly #told: Budget | undefined;
  readonly #failures: unknown[] = [];
  #isOver = false;
  #stopTimer: (() => void) | undefined;
  // Set before the first call begins.
  #release!: () => void;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor(track: Track, operation: Operation<T>, outer: LiveAttempt) {
    this.#track = track;
    this.#operation = operation;
    this.#outer = outer;
    this.#startedMs = track.clock.nowMs();
    this.#told = track.budget === outer.budget ? undefined : track.budget;
  }

  run(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#release = onAbort(this.#outer, () => this.#cut(this.#outer.reason));
      this.#track.allowance.earn();
      this.#told?.started?.();
      this.#start();
    });
  }

  #start(): void {
    const { clock, budget = this.#outer.budget } = this.#track;
    const { previous, deadlineMs } = this.#outer;
    const origin = { clock, startedMs: this.#startedMs, deadlineMs, budget };
    const attempt = new LiveAttempt(this.#tries.length + 1, previous, origin);
    this.#tries.push(attempt);
    // Before the operation runs: it may abort the attempt around it, and what is scheduled after that nobody would stop.
    this.#schedule();
    started(this.#operation, attempt)
      .then(
        (value) => this.#answered(attempt.number, value),
        (error: unknown) => this.#failed(error),
      )
      // A budget of somebody else's may throw: that ends the run as well, and never leaves it hanging.
      .catch((error: unknown) => this.#cut(error));
  }

  #schedule(): void {
    const { maxHedges, clock } = this.#track;
    const delayMs = this.#tries.length > maxHedges ? undefined : this.#track.delayMs();
    if (delayMs === undefined) return;
    const dueMs = clock.nowMs() + delayMs;
    if (dueMs >= (this.#outer.deadlineMs ?? Number.POSITIVE_INFINITY)) return;
    // Through a promise, which brings the caller's async context back: one host timer wakes the races of many callers.
    void new Promise<void>((wake) => {
      this.#stopTimer = startTimer(clock, dueMs, wake);
    }).then(() => this.#due());
  }

  /** A hedge is due. The budget is asked before anything is begun, and may take its time to answer. */
  async #due(): Promise<void> {
    if (this.#isOver || this.#failures.length > 0) return;
    const { allowance, budget } = this.#track;
    if (allowance.take()) this.#afforded(budget === undefined || (await asked(budget)));
    else this.#refused("load");
  }

  #afforded(isGranted: boolean): void {
    if (isGranted && !this.#isOver && this.#failures.length === 0) {
      this.#tell("hedge-started", this.#tries.length + 1);
      this.#start();
      return;
    }
    this.#track.allowance.giveBack();
    if (!isGranted) this.#refused("budget");
  }

  #answered(number: number, value: T): void {
    if (this.#isOver) {
      this.#discard(value);
      return;
    }
    this.#learn();
    this.#told?.deposit(number > 1);
    if (number > 1) this.#tell("hedge-won", number);
    this.#end();
    if (this.#tries.length > 1)
      this.#abort(new DOMException("another call of the hedge answered first", "AbortError"), number);
    this.#resolve(value);
  }

  #failed(error: unknown): void {
    if (this.#isOver) return;
    this.#failures.push(error);
    // An error is no slowness: no hedge is begun after one. Those that run may still answer.
    this.#stopTimer?.();
    if (this.#failures.length < this.#tries.length) return;
    const [first] = this.#failures;
    if (isTransient(first)) {
      const elapsedMs = this.#elapsedMs();
      this.#told?.failed?.({ kind: "error", error: first, attempt: this.#tries.length, elapsedMs });
    }
    this.#end();
    this.#reject(first);
  }

  #cut(reason: unknown): void {
    // How long it would have taken nobody knows; that it took longer than most calls do is worth knowing all the same.
    if (this.#elapsedMs() > (this.#track.latencies?.value ?? Number.POSITIVE_INFINITY)) this.#learn();
    this.#end();
    this.#abort(reason);
    this.#reject(reason);
  }

  #end(): void {
    this.#isOver = true;
    this.#stopTimer?.();
    this.#release();
  }

  #abort(reason: unknown, winner?: number): void {
    for (const attempt of this.#tries) if (attempt.number !== winner) attempt.abort(reason);
  }

  #learn(): void {
    this.#track.latencies?.add(this.#elapsedMs());
  }

  #discard(value: T): void {
    const { discard, name } = this.#track;
    if (discard === undefined) return;
    started(async () => discard(value), undefined).catch((error: unknown) => {
      if (isObserved()) emit({ type: "hook-failed", name, hook: "discard", error });
    });
  }

  #refused(by: "load" | "budget"): void {
    if (isObserved()) emit({ type: "hedge-refused", name: this.#track.name, by, elapsedMs: this.#elapsedMs() });
  }

  #tell(type: "hedge-started" | "hedge-won", attempt: number): void {
    if (isObserved()) emit({ type, name: this.#track.name, attempt, elapsedMs: this.#elapsedMs() });
  }

  #elapsedMs(): number {
    return this.#track.clock.nowMs() - this.#startedMs;
  }
}

/** Begins an operation now; one that throws instead of rejecting is the same. */
function started<A, T>(operation: (attempt: A) => T | PromiseLike<T>, attempt: A): Promise<T> {
  try {
    return Promise.resolve(operation(attempt));
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A budget that fails to answer grants nothing. */
async function asked(budget: Budget): Promise<boolean> {
  try {
    return await budget.withdraw();
  } catch {
    return false;
  }
}
