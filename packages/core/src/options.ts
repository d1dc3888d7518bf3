import { OptionError, optionError } from "./errors.js";

/** What other libraries call our options; letters only, in lower case. Of ours, those that the policy knows are suggested. */
const ELSEWHERE: readonly (readonly [names: RegExp, ours: readonly string[]])[] = [
  [
    /^((max|num|numof)?(retries|tries|retry|attempts|retryattempts|retrycount)|times|limit|stop)$/,
    ["maxAttempts", "maxTries"],
  ],
  [/^(timeout|(per)?(try|attempt)timeout)(ms)?$/, ["attemptTimeout", "deadline"]],
  [/^(max(retry)?(time|elapsed|elapsedtime|duration)|totaltimeout)(ms)?$/, ["maxTime", "deadline"]],
  [/^(abort)?(signal|controller)$|^abort$/, ["signal"]],
  [/^(waitgen|wait|backoff|delay|delays|interval|strategy|base|factor|multiplier|value)(ms)?$/, ["schedule"]],
  [/^(max|maximum)(value|delay|timeout|interval|wait|backoff)?(ms)?$/, ["schedule", "max"]],
  [/^(initial|starting|first)(value|delay|timeout|interval|wait)?(ms)?$/, ["schedule", "factor", "initial"]],
  [/^(min|minimum)(value|delay|timeout|interval|wait)?(ms)?$/, ["schedule", "factor", "min"]],
  [/^decay(factor|rate)$/, ["decay"]],
  [/^(retryif|shouldretry|retrycondition|retryon|retryable|exceptions?|handle|filter|giveup)$/, ["on"]],
  [/^(retryifresult|onresult|predicate|validate)$/, ["until", "while"]],
  [/^(raiseonexhaustion|reraise|throwongiveup)$/, ["raiseOnGiveup"]],
  [/^(onfailedattempt|beforesleep|onbackoff|onretryattempt)$/, ["onRetry", "onBackoff"]],
  [/^(ontry|beforeattempt)$/, ["onAttempt"]],
];

/** @throws OptionError for a key that is not known, with the name that was meant, as far as it can be guessed. */
export function checkKeys(options: object, known: readonly string[], owner: string): void {
  checkObject(options, owner);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = suggestions(key, known).map((name) => `\`${name}\``);
    const hint = meant.length > 0 ? `did you mean ${meant.join(" or ")}?` : `known: ${known.join(", ")}`;
    throw new OptionError(key, `${owner} has no option \`${key}\`; ${hint}`);
  }
}

function suggestions(key: string, known: readonly string[]): readonly string[] {
  const letters = key.toLowerCase().replace(/[^a-z]/g, "");
  const same = known.find((name) => name.toLowerCase() === letters);
  if (same !== undefined) return [same];
  const ours = ELSEWHERE.flatMap(([names, meant]) => (names.test(letters) ? meant : [])).filter((name) =>
    known.includes(name),
  );
  const near = ours.length > 0 ? undefined : nearest(key, known);
  return near === undefined ? ours : [near];
}

/** @throws OptionError unless `value` is a plain object of options. */
export function checkObject(value: unknown, option: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw optionError(option, "an object of options", value);
  }
}

/** @throws OptionError unless `value` has these methods, or is left out. */
export function checkMethods(value: unknown, option: string, methods: readonly string[], expected: string): void {
  if (value === undefined) return;
  const candidate = Object(value) as Readonly<Record<string, unknown>>;
  if (methods.some((method) => typeof candidate[method] !== "function")) {
    throw optionError(option, `${expected} (with ${methods.join(" and ")})`, value);
  }
}

/** @throws OptionError unless `value` is an integer >= `least`, or Infinity where that is allowed. */
export function checkInteger(value: unknown, option: string, least: number, infinity = true): void {
  const fits = Number.isInteger(value) || (infinity && value === Number.POSITIVE_INFINITY);
  if (!fits || (value as number) < least) throw optionError(option, `an integer >= ${least}`, value);
}

/** What a number may be; all bounds hold together. */
export interface NumberBounds {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly below?: number;
}

/** @throws OptionError unless `value` is a number within the bounds; NaN never is. */
export function checkNumber(value: unknown, option: string, { least, above, most, below }: NumberBounds): void {
  const isOutside =
    typeof value !== "number" ||
    Number.isNaN(value) ||
    (least !== undefined && value < least) ||
    (above !== undefined && value <= above) ||
    (most !== undefined && value > most) ||
    (below !== undefined && value >= below);
  if (!isOutside) return;
  const bounds = [
    ["<", below],
    ["<=", most],
    [">", above],
    [">=", least],
  ].filter(([, bound]) => bound !== undefined);
  const wanted = bounds.map(([sign, bound]) => `${sign} ${bound}`).reverse();
  throw optionError(option, `a number ${wanted.join(" and ")}`, value);
}

/** @throws OptionError unless `value` is a function or left out. */
export function checkFunction(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== "function") throw optionError(option, "a function", value);
}

/** @throws OptionError unless `value` is true, false, or left out. */
export function checkBoolean(value: unknown, option: string): void {
  if (value !== undefined && typeof value !== "boolean") throw optionError(option, "true or false", value);
}

/** The known name that is at most a third of its letters away, the closest first. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] as number) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
