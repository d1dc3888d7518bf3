import type { Clock } from "./clock.js";
import { optionError } from "./errors.js";
import type { Gate } from "./gate.js";
import { iterateUnder } from "./iterate.js";
import { checkCallable, checkMethods } from "./options.js";
import type { Attempt, Operation, Outcome, RunOptions, Trace } from "./outcome.js";
import { checkRunOptions } from "./run-options.js";
import { outcomeOf } from "./run-outcome.js";
import type { Timing } from "./timing.js";
import type { AnyFunction, Wrapped } from "./wrapped.js";
import { checkWrappable, wraps } from "./wraps.js";

/** Where a policy's type says what it takes and adds; there is no such property. */
declare const TYPES: unique symbol;

/** Any policy, whatever it takes and adds. */
export interface AnyPolicy {
  readonly [TYPES]?: (value: never) => unknown;
}

/** The results that a policy is for. */
export type InOf<P> = P extends { readonly [TYPES]?: (value: infer In) => unknown } ? In : never;

/** What a policy may return beside the operation's result. */
export type ExtraOf<P> = P extends { readonly [TYPES]?: (value: never) => infer Extra } ? Extra : never;

/** A way to run operations; and so a decorator of functions and methods. Stateless unless its maker says so; share it freely. */
export interface Policy<in In = unknown, out Extra = never> extends AnyPolicy {
  readonly [TYPES]?: (value: In) => Extra;
  /**
   * Wraps `fn`: same parameters, `this`, name, length and own properties; returns a promise. Also a TC39 method decorator.
   * It can release its caller at a deadline, but not cut the call: for that, see {@link Policy.withAttempt}.
   *
   * @throws OptionError when `fn` is a generator function.
   */
  <F extends (...args: never[]) => In | PromiseLike<In>>(
    fn: F,
    context?: ClassMethodDecoratorContext,
  ): Wrapped<F, Extra>;
  /** Wraps a function that wants to see its attempt (to pass the signal on, so that a deadline can cut the call). */
  withAttempt<A extends unknown[], R extends In>(
    fn: (attempt: Attempt, ...args: A) => R | PromiseLike<R>,
  ): (...args: A) => Promise<R | Extra>;
  /** A method bound to its object and wrapped, overloads and name kept: `policy.method(client.chat.completions, "create")`. */
  method<O extends object, K extends keyof O>(object: O, key: K): Wrapped<O[K], Extra>;
  /**
   * Runs one operation now. An `Attempt` is a valid `RunOptions`, so `inner.run(op, attempt)` nests with signal and deadline.
   *
   * @throws OptionError (rejects) for options that are unknown or not what they may be, and for an operation that is none.
   */
  run<T extends In>(operation: Operation<T>, options?: RunOptions): Promise<T | Extra>;
  /** Like `run`, and never throws: value or failure, with attempts, waits and the reason it stopped. */
  outcome<T extends In>(operation: Operation<T>, options?: RunOptions): Promise<Outcome<T | Extra>>;
  /**
   * Async iterables: opened again until the first item arrived, then passed through.
   *
   * @throws OptionError as `run` does, at once.
   */
  iterate<T>(operation: Operation<AsyncIterable<T>>, options?: IterateOptions): AsyncIterable<T>;
}

/** Options of {@link Policy.iterate}. */
export interface IterateOptions extends RunOptions {
  /**
   * Opens the iterable again after a failure *between* items too, from its beginning: items come twice.
   * @default false
   */
  readonly restart?: boolean | undefined;
}

/** What was called, for hooks that tell: the function as the caller knows it, and its arguments. */
export interface Call {
  readonly target: AnyFunction;
  readonly args: readonly unknown[];
  /** What `this` was. */
  readonly self: unknown;
}

/** The one function that a policy is made of; everything else follows from it. */
export type Execute = <T>(
  operation: Operation<T>,
  options: RunOptions | undefined,
  trace: Trace | undefined,
  call: Call | undefined,
  /** The operation is another policy: it ends at once when its attempt is cut, and need not be watched for that. */
  isPrompt?: boolean,
) => Promise<T>;

/** What a policy is inside: how it runs, and what it says of itself. */
export interface PolicyCore {
  readonly execute: Execute;
  /** The clock that the policy was given, where it was given one. */
  readonly clock?: Clock | undefined;
  /** The signals that end every run of the policy. */
  readonly signals?: readonly AbortSignal[] | undefined;
  /** The policies that it is made of, outermost first. */
  readonly layers?: readonly PolicyCore[] | undefined;
  /** What it does as one of several that are passed in one go; see {@link Gate}. A policy is either, or neither. */
  readonly gate?: Gate | undefined;
  readonly timing?: Timing | undefined;
  /** It may go on when its attempt is cut: somebody else's handlers are waited for to their end. */
  readonly lingers?: boolean | undefined;
  /** A wrapper of its own, for a policy that can be quicker than by `execute`. */
  readonly wrap?: ((fn: AnyFunction) => AnyFunction) | undefined;
  /** Plain data: the kind of policy and its options, as they were resolved. */
  describe(): LayerData | readonly LayerData[];
}

/** What a policy says of itself. The summary of a retry is left to `describe`, so that who does not ask for it does not load it. */
export type LayerData = Omit<LayerDescription, "summary"> & Partial<Pick<LayerDescription, "summary">>;

/** One layer of a policy, as data. */
export interface LayerDescription {
  /** The kind of policy, such as `"retry"`. */
  readonly policy: string;
  readonly name?: string | undefined;
  /** One sentence. */
  readonly summary: string;
  readonly options: Readonly<Record<string, unknown>>;
}

const CORE: unique symbol = Symbol.for("bide.policy") as never;

interface Inside {
  readonly [CORE]: PolicyCore;
}

/** Makes a policy of what it is inside. */
export function makePolicy<In = unknown, Extra = never>(core: PolicyCore): Policy<In, Extra> {
  const { execute, clock } = core;
  // The clock of a policy that blocks has a `sleep` as well, and returns nothing from it.
  checkMethods(clock, "clock", ["wallNowMs"], "a clock");
  // The types of the public face are promises about any function; here is the one place that makes them, untyped.
  const caller = (fn: AnyFunction, seesAttempt: boolean): AnyFunction => {
    checkWrappable(fn);
    return function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const operation = (attempt: Attempt): unknown =>
        fn.apply(this, (seesAttempt ? [attempt, ...args] : args) as never);
      return execute(operation, undefined, undefined, { target: fn, args, self: this });
    };
  };
  const wrap = (fn: AnyFunction): unknown => {
    const wrapped = caller(fn, false);
    return wraps(fn)(core.wrap?.(fn) ?? wrapped);
  };
  const face = {
    withAttempt: (fn: AnyFunction): unknown => wraps(fn)(caller(fn, true)),
    method(object: Record<PropertyKey, unknown>, key: PropertyKey): unknown {
      const original = Object(object)[key] as unknown;
      if (typeof original !== "function") throw optionError("key", "the name of a method", key);
      return wrap(wraps(original as AnyFunction)(original.bind(object)));
    },
    run<T>(operation: Operation<T>, options?: RunOptions): Promise<T> {
      try {
        checkWrappable(operation, "operation");
        checkRunOptions(options);
      } catch (error) {
        return Promise.reject(error);
      }
      return execute(operation, options, undefined, undefined);
    },
    outcome: <T>(operation: Operation<T>, options?: RunOptions) => outcomeOf(core, operation, options),
    iterate<T>(operation: Operation<AsyncIterable<T>>, options?: IterateOptions): AsyncIterable<T> {
      checkCallable(operation, "operation");
      checkRunOptions(options, "restart");
      return iterateUnder(core, operation, options);
    },
    [CORE]: core,
  };
  return Object.assign(wrap, face) as unknown as Policy<In, Extra>;
}

/** The inside of a policy. @throws OptionError when `policy` is none. */
export function coreOf(policy: unknown): PolicyCore {
  if (typeof policy !== "function" || !(CORE in policy))
    throw optionError("policy", "a policy of bide, such as `retry()`", policy);
  return (policy as unknown as Inside)[CORE];
}
