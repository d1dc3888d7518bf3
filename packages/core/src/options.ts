import { OptionError, optionError, tagOf } from "./errors.js";

/**
 * What other libraries call our options; letters only, in lower case. Of ours, those that the policy knows are suggested.
 * The first row that fits decides.
 */
const ELSEWHERE: readonly (readonly [names: RegExp, ours: string])[] = [
  [/result|predicate|validate/, "until while"],
  [/^(onfail|onback|onretrya|beforesl)/, "onRetry onBackoff"],
  [/^(ontry|before)/, "onAttempt"],
  [/raise|throw/, "raiseOnGiveup"],
  [/if$|should|condition|retry(on|able)|exception|handle|filter|giveup/, "on"],
  [/abort|signal/, "signal"],
  [/^(per)?(try|attempt)?timeout/, "attemptTimeout deadline"],
  [/time$|elapsed|duration|totalt/, "maxTime deadline"],
  [/retr|tries|attempts|times|limit|stop/, "maxAttempts maxTries"],
  [/^max/, "schedule max"],
  [/^(initial|start|first)/, "schedule factor initial"],
  [/^min/, "schedule factor min"],
  [/^decay/, "decay"],
  [/wait|backoff|delay|interval|strategy|base|factor|multiplier|value/, "schedule"],
];

/**
 * @throws OptionError for a key that is not known, with the name that was meant, as far as it can be guessed; and for a value
 * of the options that mean the same everywhere (`name`, `clock`, `signal`, `deadlineMs`) that is none.
 */
export function checkKeys(options: object, known: readonly string[], owner: string): void {
  checkObject(options, owner);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = suggestion(key, known);
    const hint = meant ? `did you mean \`${meant}\`?` : `known: ${known.join(", ")}`;
    throw new OptionError(key, `${owner} has no option \`${key}\`; ${hint}`);
  }
  const { name = "", clock, signal, deadlineMs = 0 } = options as { readonly [option: string]: unknown };
  if (typeof name !== "string") throw optionError("name", "a string", name);
  checkMethods(clock, "clock", ["nowMs", "sleep"], "a clock");
  checkMethods(signal, "signal", ["addEventListener"], "an AbortSignal");
  if (typeof deadlineMs !== "number" || Number.isNaN(deadlineMs)) {
    throw optionError("deadlineMs", "milliseconds", deadlineMs);
  }
}

function suggestion(key: string, known: readonly string[]): string | undefined {
  const letters = key.toLowerCase().replace(/[^a-z]|ms$/g, "");
  const ours = ELSEWHERE.find(([names]) => names.test(letters))?.[1].split(" ") ?? [];
  const meant = ours.filter((name) => known.includes(name)).join("` or `");
  return nearest(letters, known, 1) ?? (meant || nearest(letters, known));
}

/** @throws OptionError unless `value` is an object that may hold options: a promise, a map or a signal holds none. */
export function checkObject(value: unknown, option: string, expected = "an object of options"): void {
  if (!["Object", "Module"].includes(tagOf(value))) throw optionError(option, expected, value);
}

/** @throws OptionError unless `value` has these methods, or is left out. */
export function checkMethods(value: unknown, option: string, methods: readonly string[], expected: string): void {
  if (value !== undefined && methods.some((method) => typeof Object(value)[method] !== "function")) {
    throw optionError(option, `${expected} (with ${methods.join(" and ")})`, value);
  }
}

/** @throws OptionError unless `value` is an integer >= `least`, or Infinity where that is allowed. */
export function checkInteger(value: unknown, option: string, least: number, infinity = true): void {
  const fits = Number.isInteger(value) || (infinity && value === Number.POSITIVE_INFINITY);
  if (!fits || (value as number) < least) throw optionError(option, `an integer >= ${least}`, value);
}

/** @throws OptionError unless `value` is a number within the bounds, such as `"> 0 and <= 1"`; NaN never is. */
export function checkNumber(value: unknown, option: string, bounds: string): void {
  const isWithin = (bound: string): boolean => {
    const [sign = "", limit] = bound.split(" ");
    const distance = (value as number) - Number(limit);
    if (distance === 0) return sign.length > 1;
    return sign[0] === "<" ? distance < 0 : distance > 0;
  };
  if (typeof value !== "number" || !bounds.split(" and ").every(isWithin))
    throw optionError(option, `a number ${bounds}`, value);
}

/** @throws OptionError unless `value` is a function or left out. */
export function checkFunction(value: unknown, option: string): void {
  if (value !== undefined) checkCallable(value, option);
}

/** @throws OptionError unless `value` is a function. */
export function checkCallable(value: unknown, option: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== "function") throw optionError(option, "a function", value);
}

/** @throws OptionError unless `value` is a finite number. */
export function checkFinite(value: unknown, option: string, expected = "a finite number"): void {
  if (!Number.isFinite(value)) throw optionError(option, expected, value);
}

/** @throws OptionError unless `value` is a finite number, or a function that says one. */
export function checkPriority(value: unknown): void {
  if (typeof value !== "function") checkFinite(value, "priority", "a finite number, or a function of the arguments");
}

/** @throws OptionError unless `value` is true, false, or left out. */
export function checkBoolean(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== "boolean") throw optionError(option, "true or false", value);
}

/** The known name that is at most a third of its letters away, or at most so many letters, the closest first. */
export function nearest(name: string, known: readonly string[], most = 6): string | undefined {
  for (let edits = 0; edits <= most; edits++) {
    const near = known.find(
      (candidate) =>
        edits <= Math.max(2, candidate.length / 3) && isWithin(name.toLowerCase(), candidate.toLowerCase(), edits),
    );
    if (near) return near;
  }
  return undefined;
}

/** Whether one text becomes the other with so many letters changed, put in or left out. */
function isWithin(a: string, b: string, edits: number): boolean {
  if (edits < 0) return false;
  if (!a || !b) return a.length + b.length <= edits;
  const [restA, restB] = [a.slice(1), b.slice(1)];
  if (a[0] === b[0]) return isWithin(restA, restB, edits);
  return isWithin(restA, restB, edits - 1) || isWithin(a, restB, edits - 1) || isWithin(restA, b, edits - 1);
}
