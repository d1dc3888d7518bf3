import { PRICE_LIST } from "@bide/llm";
import { systemClock } from "bide";
import { filesOf } from "../files.js";
import { withModel } from "../formats/request-facts.js";
import { Journal } from "../journal/journal.js";
import { openLibsql } from "../journal/libsql.js";
import { checkBatchOptions } from "./checked-options.js";
import { endpointsOf } from "./endpoint.js";
import { type BatchEstimate, Estimator } from "./estimate.js";
import { tryInput } from "./import-input.js";
import { checkedInput } from "./input.js";
import type { BatchOptions } from "./options.js";

/**
 * Reads a whole batch as `runBatch` would, and tells what is left of it and what that takes. Sends nothing, and leaves no
 * trace. With an empty list of `endpoints`, which are those of workers, the time is not told.
 *
 * @throws InputError, OutputError, JournalError, OptionError, as `runBatch` does.
 */
export async function estimateBatch(options: BatchOptions): Promise<BatchEstimate> {
  checkBatchOptions(options, "estimateBatch");
  const { clock = systemClock, openDatabase = openLibsql, prices = PRICE_LIST } = options;
  const endpoints = options.endpoints?.length === 0 ? [] : endpointsOf(options);
  const files = filesOf(options.output);
  const input = checkedInput(options, files);
  const journal = Journal.open({ path: files.journal, openDatabase, clock });
  try {
    const estimator = new Estimator(prices);
    const { total } = await tryInput(journal, input, (request) => estimator.add(withModel(request, options.model)));
    return estimator.estimate(total, endpoints);
  } finally {
    journal.discard();
  }
}
