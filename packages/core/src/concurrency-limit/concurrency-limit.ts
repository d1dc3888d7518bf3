import { type Clock, defaultClock } from "../clock.js";
import { matcherOf } from "../error-class.js";
import { emit, isObserved } from "../events.js";
import { type Entry, executeGated, type Gate } from "../gate.js";
import { checkFinite } from "../options.js";
import type { Operation, Outcome } from "../outcome.js";
import { Passage } from "../passage.js";
import { type Call, type IterateOptions, type LayerDescription, makePolicy, type Policy } from "../policy.js";
import { checkRunOptions } from "../run-options.js";
import {
  CONCURRENCY_LIMIT_DEFAULTS,
  type ConcurrencyLimitOptions,
  type LimitRules,
  limitRules,
  type SlotOptions,
} from "./options.js";
import { isOverload } from "./overload.js";
import { ConcurrencyQueueFullError } from "./queue-full-error.js";
import { type HeldSlot, type Slot, Slots } from "./slots.js";

/** A concurrency limit at a moment. */
export interface ConcurrencyState {
  /** How many calls may run at once. */
  readonly limit: number;
  readonly inFlight: number;
  readonly queued: number;
}

/** A policy that lets so many calls run at once. Share the value to share the limit. */
export interface ConcurrencyLimit extends Policy {
  run<T>(operation: Operation<T>, options?: SlotOptions): Promise<T>;
  outcome<T>(operation: Operation<T>, options?: SlotOptions): Promise<Outcome<T>>;
  iterate<T>(operation: Operation<AsyncIterable<T>>, options?: SlotOptions & IterateOptions): AsyncIterable<T>;
  /**
   * Waits for leave to run one call, for work that is not a function. Whoever gets it has to release it.
   *
   * @throws ConcurrencyQueueFullError at once, when `maxQueue` wait already.
   * @throws DeadlineError when the deadline comes first.
   * @throws the signal's reason, at once.
   */
  acquire(options?: SlotOptions): Promise<Slot>;
  state(): ConcurrencyState;
}

/**
 * Lets so many calls run at once; the others wait in a queue, higher priority first and else in the order they came.
 *
 * A limit is fixed, or adaptive: then it rises by one call for each round of calls that succeed, and falls by a tenth when
 * the service says that it is overloaded, once for all the calls of one moment. A call holds its place until it has really
 * ended, also when its caller is gone: to the service it is still there.
 *
 * @throws OptionError for an option that is unknown, out of range, or excluded by another.
 */
export function concurrencyLimit(options: ConcurrencyLimitOptions): ConcurrencyLimit {
  const rules = limitRules(options);
  const limiter = new Limiter(options, rules);
  const policy = makePolicy({
    execute: executeGated([limiter], options.clock),
    gate: limiter,
    clock: options.clock,
    describe: () => describeLimit(rules, limiter.maxQueue, options.name),
  });
  return Object.assign(policy, {
    acquire: (slotOptions?: SlotOptions) => limiter.acquire(slotOptions),
    state: () => limiter.state(),
  });
}

class Limiter implements Gate {
  readonly isHeld = true;
  readonly maxQueue: number;
  readonly #slots: Slots;
  readonly #priority: number | ((...args: never[]) => number);
  readonly #clock: Clock | undefined;
  readonly #name: string | undefined;

  constructor(options: ConcurrencyLimitOptions, { limit, aimd }: LimitRules) {
    const { maxQueue, priority, clock, name } = options;
    this.maxQueue = maxQueue ?? CONCURRENCY_LIMIT_DEFAULTS.maxQueue;
    this.#priority = priority ?? CONCURRENCY_LIMIT_DEFAULTS.priority;
    const isTooMuch =
      options.adaptive && options.overload !== undefined ? matcherOf(options.overload, "overload") : isOverload;
    this.#clock = clock;
    this.#name = name;
    this.#slots = new Slots(limit, aimd, isTooMuch, (move) => {
      if (isObserved()) emit({ type: "limit-changed", name, ...move });
    });
  }

  enter(passage: Passage, options: SlotOptions | undefined, call: Call | undefined): Entry | Promise<Entry> {
    const slot = this.#slots.take();
    return slot ?? this.#queue(passage, options?.priority ?? this.#priorityOf(call));
  }

  async acquire(options: SlotOptions | undefined): Promise<Slot> {
    checkRunOptions(options);
    const passage = new Passage(options, this.#clock ?? defaultClock());
    try {
      if (passage.attempt.aborted) throw passage.attempt.reason;
      const priority = options?.priority ?? this.#priorityOf(undefined);
      const slot = this.#slots.take() ?? (await this.#queue(passage, priority));
      return { release: (end) => slot.release(end) };
    } finally {
      passage.end();
    }
  }

  state(): ConcurrencyState {
    const { limit, inFlight, queued } = this.#slots;
    return { limit, inFlight, queued };
  }

  async #queue(passage: Passage, priority: number): Promise<HeldSlot> {
    checkFinite(priority, "priority");
    if (this.#slots.queued >= this.maxQueue) throw this.#refusal();
    let granted: HeldSlot | undefined;
    let grant: ((slot: HeldSlot) => void) | undefined;
    const turn = new Promise<HeldSlot>((resolve) => {
      grant = resolve;
    });
    const waiting = this.#slots.wait(priority, (slot) => {
      granted = slot;
      grant?.(slot);
    });
    if (isObserved()) emit({ type: "call-queued", name: this.#name, ...this.state() });
    try {
      return await passage.step(() => turn);
    } catch (reason) {
      this.#slots.leave(waiting);
      granted?.release();
      throw reason;
    }
  }

  #priorityOf(call: Call | undefined): number {
    if (typeof this.#priority === "number") return this.#priority;
    return call === undefined ? CONCURRENCY_LIMIT_DEFAULTS.priority : this.#priority(...(call.args as never[]));
  }

  #refusal(): ConcurrencyQueueFullError {
    if (isObserved()) emit({ type: "call-refused", policy: "concurrency-limit", name: this.#name });
    return new ConcurrencyQueueFullError(this.#name, this.#slots.limit, this.maxQueue);
  }
}

function describeLimit({ limit, aimd }: LimitRules, maxQueue: number, name: string | undefined): LayerDescription {
  const queue = maxQueue === Number.POSITIVE_INFINITY ? "the others wait" : `up to ${maxQueue} others wait`;
  const running = aimd === undefined ? `${limit}` : `${aimd.min} to ${aimd.max}`;
  return {
    policy: "concurrency-limit",
    name,
    summary: `lets ${running} calls run at once${aimd ? ", as many as the service bears" : ""}; ${queue}`,
    options: aimd === undefined ? { limit, maxQueue } : { adaptive: true, start: limit, ...aimd, maxQueue },
  };
}
