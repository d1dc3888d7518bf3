/** How the program ends, for the scripts that call it. Everything but 0, 1 and 2 goes on where it was when run again. */
export const EXIT: {
  readonly ok: 0;
  /** Some items failed for good. */
  readonly someFailed: 1;
  /** The command line, a file or the surroundings are not as they must be. */
  readonly usage: 2;
  /** The endpoint refused the key, or its quota is spent. */
  readonly stopped: 3;
  /** An error that this program did not foresee. */
  readonly bug: 70;
  /** The time budget is spent. */
  readonly timeBudget: 75;
  readonly interrupted: 130;
} = Object.freeze({ ok: 0, someFailed: 1, usage: 2, stopped: 3, bug: 70, timeBudget: 75, interrupted: 130 });
