/** One rule that every store has to keep. Independent of any test runner: `run` rejects where the rule is broken. */
export interface ConformanceCase {
  /** The rule, in plain words. */
  readonly title: string;
  run(): Promise<void>;
}

/** @throws Error unless both are the same as JSON, or as near as `within` where they are numbers. */
export function same(actual: unknown, expected: unknown, what: string, within = 0): void {
  if (typeof actual === "number" && typeof expected === "number" && Math.abs(actual - expected) <= within) return;
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}
