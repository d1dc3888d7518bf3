import type { Cancellation } from "./cancellation.js";
import { checkFinite, checkKeys } from "./options.js";
import type { RunOptions } from "./outcome.js";

/**
 * What a run may be told, under any policy: a composition hands all of it to its outermost layer, which may be a limit. An
 * attempt is looked at no further: it was made of options that were.
 *
 * @param others What else there is for this kind of run.
 * @throws OptionError for an option of one run that is unknown or not what it may be.
 */
export function checkRunOptions(options: (RunOptions & Partial<Cancellation>) | undefined, ...others: string[]): void {
  if (options !== undefined && !options?.listen) {
    checkKeys(options, ["signal", "deadlineMs", "priority", ...others], "run");
    const { priority = 0 } = options as { readonly priority?: unknown };
    checkFinite(priority, "priority");
  }
}
