import { AttemptFailure } from "./attempt-failure.js";
import type { Usage } from "./dialects/dialect.js";
import type { Exchange } from "./exchange.js";
import { transient, type Wire } from "./wire.js";

/** Throws when an answer that is whole does not fit what the caller wants: it is asked for again. */
export async function rejectUnfit(
  text: string | undefined,
  usage: Usage | undefined,
  exchange: Exchange,
  wire: Wire,
): Promise<void> {
  if (wire.check === undefined || text === undefined) return;
  const unfit = await exchange.orCut(wire.check(text)).catch((error: unknown) => {
    // The reason of a cut is for the one who cut it; what the schema itself throws is a mistake that no asking heals.
    throw exchange.end.aborted ? error : broken(error, usage, wire);
  });
  if (unfit === undefined) return;
  const decision = transient(wire, "answer.rejected", "the answer does not fit the schema");
  throw new AttemptFailure(decision, { error: unfit, mayBeBilled: true, usage });
}

function broken(error: unknown, usage: Usage | undefined, wire: Wire): AttemptFailure {
  const decision = transient(wire, "answer.unchecked", "the schema failed on the answer");
  const failure = new AttemptFailure(decision, { error, mayBeBilled: true, usage });
  failure.forbidRetry();
  return failure;
}
