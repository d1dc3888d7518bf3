import { cancellationIn } from "../attempt.js";
import { onAbort } from "../cancellation.js";
import { type Clock, defaultClock, startTimer } from "../clock.js";
import { emit, isObserved } from "../events.js";
import { isLater } from "../later.js";
import { checkFinite } from "../options.js";
import { checkRunOptions } from "../run-options.js";
import { drainMs, forecast } from "./forecast.js";
import { type Cost, costOf, NOTHING, ONE_REQUEST } from "./limits.js";
import type { AcquireOptions, LimiterConfig } from "./options.js";
import { keepFree, latenessOf, type QueueView, type Refusal, refusalOf } from "./refusal.js";
import { HeldReservation, type Reservation } from "./reservation.js";
import type { CurrencyState, Eventually, LimiterStore, ReserveAnswer } from "./store.js";
import { Waiter, WaitingLine } from "./waiting-line.js";

/** What a limiter knows of itself. */
export interface LimiterState {
  readonly currencies: Readonly<Record<string, CurrencyState>>;
  /** Requests that wait. */
  readonly queueLength: number;
  /** Milliseconds until the first of them may go; with nobody waiting, until a single request could. */
  readonly nextAdmissionMs: number;
  /** What that one waits for: a currency, or `"pause"`; `undefined` when it waits for nothing. */
  readonly binds: string | undefined;
  /** The end of the pause, on the limiter's clock; `undefined` when there is none. */
  readonly pausedUntilMs: number | undefined;
  /** Milliseconds until the last of those who wait may go, at the earliest. */
  readonly drainMs: number;
}

/** The queue before a store: who asks, in which order, and when. One timer for all who wait. */
export class Limiter {
  readonly #config: LimiterConfig;
  readonly #store: LimiterStore;
  readonly #line: WaitingLine;
  readonly #settle = (held: HeldReservation, actual: Cost): void => this.#settled(held, actual);
  /** A store that takes its time was asked, and has not answered yet. */
  #isAsking = false;
  /** Something changed since the store was asked, perhaps. */
  #isStale = false;
  /** Whose turn it is, and was told to wait until `#nextAtMs`. Whatever may have changed that clears it. */
  #blocked: Waiter | undefined;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #stopTimer: (() => void) | undefined;

  constructor(config: LimiterConfig) {
    this.#config = config;
    this.#store = config.store;
    this.#line = new WaitingLine(config.ageingMs);
  }

  get clock(): Clock {
    return this.#config.clock ?? defaultClock();
  }

  /** Waits until the cost may be spent, and takes it. */
  async acquire(cost: Cost | undefined, options: AcquireOptions | undefined, priority: number): Promise<Reservation> {
    checkRunOptions(options, "isAgain");
    const asked = costOf(cost);
    checkFinite(priority, "priority");
    const outer = cancellationIn(options);
    if (outer?.aborted) throw outer.reason;
    const nowMs = this.clock.nowMs();
    const deadlineMs = options?.deadlineMs;
    const isInTime = deadlineMs === undefined || deadlineMs > nowMs;
    const answer = this.#line.size === 0 && isInTime ? this.#ask(asked, priority, nowMs) : undefined;
    if (answer !== undefined && !isLater(answer) && answer.kind === "admitted") return this.#hold(answer.id, asked, 0);
    return await new Promise((resolve, reject) => {
      const waiter = new Waiter(asked, priority, nowMs, deadlineMs, outer, resolve, reject);
      waiter.isAgain = options?.isAgain === true;
      this.#join(waiter, answer);
    });
  }

  /** Something happened to the buckets: does it, and asks anew for whose turn it is. */
  change(step: (store: LimiterStore, nowMs: number) => Eventually<void>): void {
    const asked = (): void => {
      this.#blocked = undefined;
      this.#isStale = true;
      this.#pump();
    };
    const failed = (error: unknown): void => this.#tellFailed(error);
    try {
      const done = step(this.#store, this.clock.nowMs());
      if (isLater(done)) done.then(asked, failed);
      else asked();
    } catch (error) {
      failed(error);
    }
  }

  state(): LimiterState {
    const nowMs = this.clock.nowMs();
    const state = this.#store.state(nowMs);
    const head = this.#line.first(nowMs);
    const request = head ? { cost: head.cost, keepFree: keepFree(this.#config, head.priority) } : { cost: ONE_REQUEST };
    const { atMs, binds } = forecast(state, request, nowMs);
    return {
      ...state,
      queueLength: this.#line.size,
      nextAdmissionMs: Math.max(0, atMs - nowMs),
      binds: atMs > nowMs ? binds : undefined,
      drainMs: this.#line.size === 0 ? 0 : drainMs(state, this.#line.ahead(Number.NEGATIVE_INFINITY), nowMs),
    };
  }

  /** @param answer What the store said already, where it was asked. */
  #join(waiter: Waiter, answer: Eventually<ReserveAnswer> | undefined): void {
    if (isLater(answer)) {
      this.#enter(waiter);
      this.#follow(waiter, answer);
      return;
    }
    const refusal = refusalOf(this.#view(waiter.sinceMs), waiter, answer);
    if (refusal !== undefined) {
      this.#refuse(waiter, refusal);
      return;
    }
    this.#enter(waiter);
    if (answer === undefined) this.#tellQueued(waiter);
    else this.#wait(waiter, answer, waiter.sinceMs);
    this.#pump();
  }

  #enter(waiter: Waiter): void {
    const { outer } = waiter;
    this.#line.join(waiter, (late) => {
      this.#refuse(late, latenessOf(this.#view(this.clock.nowMs()), late, this.#blocked && this.#nextAtMs));
    });
    waiter.release = onAbort(outer, () => this.#abandon(waiter, outer?.reason));
  }

  /** Lets go whose turn it is, as long as the store does, and sets the one timer for the next. */
  #pump(): void {
    while (!this.#isAsking) {
      const nowMs = this.clock.nowMs();
      const waiter = this.#line.first(nowMs);
      if (waiter === undefined) break;
      if (waiter.outer?.aborted) this.#drop(waiter, waiter.outer.reason);
      else if (waiter === this.#blocked && nowMs < this.#nextAtMs) {
        // Nobody goes before the first in line does: whoever has to be gone by then is told now.
        if (this.#nextAtMs < Number.POSITIVE_INFINITY) this.#line.expire(this.#nextAtMs);
        break;
      } else {
        const answer = this.#ask(waiter.cost, waiter.priority, nowMs);
        if (isLater(answer)) this.#follow(waiter, answer);
        else this.#hear(waiter, answer, nowMs);
      }
    }
    this.#arm();
  }

  #ask(cost: Cost, priority: number, nowMs: number): Eventually<ReserveAnswer> {
    try {
      return this.#store.reserve(
        { cost, keepFree: keepFree(this.#config, priority), jitterMs: this.#config.jitterMs },
        nowMs,
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #follow(waiter: Waiter, answer: PromiseLike<ReserveAnswer>): void {
    const finish = (end: () => void): void => {
      this.#isAsking = false;
      end();
      if (this.#isStale) this.#blocked = undefined;
      this.#pump();
    };
    this.#isAsking = true;
    this.#isStale = false;
    // The deadline of who asks still counts while the store takes its time.
    this.#arm();
    answer.then(
      (given) => finish(() => this.#hear(waiter, given, this.clock.nowMs())),
      (error: unknown) =>
        finish(() => {
          this.#tellFailed(error);
          this.#drop(waiter, error);
        }),
    );
  }

  #hear(waiter: Waiter, answer: ReserveAnswer, nowMs: number): void {
    this.#blocked = undefined;
    if (answer.kind === "admitted") this.#admit(waiter, answer.id, nowMs);
    else if (waiter.index >= 0) {
      const refusal = refusalOf(this.#view(nowMs), waiter, answer);
      if (refusal !== undefined) this.#refuse(waiter, refusal);
      else this.#wait(waiter, answer, nowMs);
    }
  }

  #admit(waiter: Waiter, id: string | number, nowMs: number): void {
    if (waiter.index >= 0) {
      this.#line.serve(waiter, nowMs);
      waiter.resolve(this.#hold(id, waiter.cost, nowMs - waiter.sinceMs));
      return;
    }
    // Who left while the store was asked needs it no more.
    this.#settled({ id, cost: waiter.cost }, NOTHING);
  }

  /** A store that says no and names no time is asked again a millisecond later, not at once and for ever. */
  #wait(waiter: Waiter, { waitMs = 0 }: { readonly kind: string; readonly waitMs?: number }, nowMs: number): void {
    this.#tellQueued(waiter);
    this.#blocked = waiter;
    this.#nextAtMs = nowMs + (waitMs > 0 ? waitMs : 1);
  }

  #refuse(waiter: Waiter, refusal: Refusal): void {
    if (isObserved()) {
      const { name } = this.#config;
      const { retryAfterMs } = refusal;
      emit({ type: "call-refused", policy: "rate-limit", name, retryAfterMs });
    }
    this.#drop(waiter, refusal);
  }

  #abandon(waiter: Waiter, reason: unknown): void {
    this.#drop(waiter, reason);
    this.#pump();
  }

  #drop(waiter: Waiter, reason: unknown): void {
    this.#line.leave(waiter);
    waiter.reject(reason);
  }

  #hold(id: string | number, cost: Cost, waitedMs: number): Reservation {
    if (isObserved()) {
      const { name } = this.#config;
      emit({ type: "admission-granted", name, cost, waitedMs, queueLength: this.#line.size });
    }
    return new HeldReservation(id, cost, waitedMs, this.#settle);
  }

  #settled({ id, cost }: Pick<HeldReservation, "id" | "cost">, actual: Cost): void {
    this.change((store, nowMs) => store.settle({ id, cost, actual }, nowMs));
  }

  #view(nowMs: number): QueueView {
    return { config: this.#config, line: this.#line, nowMs };
  }

  #arm(): void {
    const nextMs = this.#isAsking || this.#line.size === 0 ? Number.POSITIVE_INFINITY : this.#nextAtMs;
    const wakesAtMs = Math.min(nextMs, this.#line.firstDeadlineMs);
    if (wakesAtMs === this.#wakesAtMs) return;
    this.#stopTimer?.();
    this.#wakesAtMs = wakesAtMs;
    this.#stopTimer = startTimer(this.clock, wakesAtMs, () => {
      this.#wakesAtMs = Number.POSITIVE_INFINITY;
      this.#line.expire(this.clock.nowMs());
      this.#pump();
    });
  }

  #tellQueued(waiter: Waiter): void {
    if (waiter.isTold || !isObserved()) return;
    waiter.isTold = true;
    const { cost, priority } = waiter;
    const { queueLength, nextAdmissionMs, binds } = this.state();
    emit({ type: "admission-queued", name: this.#config.name, cost, priority, queueLength, nextAdmissionMs, binds });
  }

  #tellFailed(error: unknown): void {
    emit({ type: "store-failed", policy: "rate-limit", name: this.#config.name, error });
  }
}
