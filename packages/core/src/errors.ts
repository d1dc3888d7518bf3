// Symbol.for: two copies of this package in one program recognise each other's errors.
const BRAND = /* @__PURE__ */ Symbol.for("bide.error");

/** The base of every error that bide itself throws. What an operation threw is never wrapped in one. */
export class BideError extends Error {
  /** Names the way of refusing; literal in each subclass. */
  readonly code: string = "BIDE";

  constructor(message?: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether the same call would fail in the same way at any time: no retry heals it. */
  get isFinal(): boolean {
    return false;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    const { name, [BRAND]: isBranded } = Object(value) as { readonly name?: unknown; readonly [BRAND]?: unknown };
    // The base is known by its own base: bundlers give a class that speaks of itself by name another name.
    return (
      isBranded === true &&
      (Object.getPrototypeOf(this) === Error || name === this.prototype.name || super[Symbol.hasInstance](value))
    );
  }
}

/** An option is outside what it may be. Thrown when a policy is made, or before a run that was given it has begun. */
export class OptionError extends BideError {
  override readonly code = "BIDE_OPTION";
  override get name(): "OptionError" {
    return "OptionError";
  }
  override get isFinal(): true {
    return true;
  }
  /** @param option The option's name, as the caller wrote it. */
  constructor(
    readonly option: string,
    message: string,
  ) {
    super(message);
  }
}

/** The error of an option whose value is not what it may be, in the one form that all of them have. */
export function optionError(option: string, expected: string, value: unknown): OptionError {
  return new OptionError(option, `expected \`${option}\` to be ${expected}, got ${shown(value)}`);
}

/** What kind of built-in thing a value is, in whichever realm it was made: `"Object"`, `"Promise"`, `"GeneratorFunction"`. */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** A value as an error message shows it: short, with its type, and never the inside of an object. */
export function shown(value: unknown): string {
  const type = typeof value;
  if (type === "function") return `a function (\`${(value as { name: string }).name || "anonymous"}\`)`;
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (type === "object" && value) return `an object (\`${tagOf(value)}\`)`;
  const text = `\`${type === "string" ? JSON.stringify(value) : String(value)}\``;
  return value == null ? text : `${text} (${type})`;
}

/** The time for the whole run was over while an attempt ran. `cause` is the last failure before it, where there was one. */
export class DeadlineError extends BideError {
  override readonly code = "BIDE_DEADLINE";
  override get name(): "DeadlineError" {
    return "DeadlineError";
  }
  /** @param elapsedMs Milliseconds from the start of the run to the cut. @param attempts Calls made, the cut one included. */
  constructor(
    readonly elapsedMs: number,
    readonly attempts: number,
    options?: ErrorOptions,
  ) {
    const cut = attempts > 0 ? `attempt ${attempts} was cut after ${Math.round(elapsedMs)} ms in all` : "it has passed";
    super(`deadline: ${cut}`, options);
  }
}

/** One attempt took longer than its `attemptTimeout`. */
export class AttemptTimeoutError extends BideError {
  override readonly code = "BIDE_ATTEMPT_TIMEOUT";
  override get name(): "AttemptTimeoutError" {
    return "AttemptTimeoutError";
  }
  /** @param timeoutMs The time that the attempt had, in milliseconds. */
  constructor(
    readonly timeoutMs: number,
    readonly attempt: number,
  ) {
    super(`attempt ${attempt} timed out: no answer within ${timeoutMs} ms`);
  }
}

/** Every attempt succeeded with a value that `until` (or `while`) rejected. The last such value is in `value`. */
export class ResultRejectedError extends BideError {
  override readonly code = "BIDE_RESULT_REJECTED";
  override get name(): "ResultRejectedError" {
    return "ResultRejectedError";
  }
  override get isFinal(): true {
    return true;
  }
  /** @param value The last result; never printed in the message. */
  constructor(
    readonly value: unknown,
    readonly attempts: number,
  ) {
    super(`the result of attempt ${attempts} was still not accepted`);
  }
}
