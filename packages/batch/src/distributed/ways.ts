import type { LaneState } from "@bide/llm";
import { BideError } from "bide";
import { type Channel, Channels } from "../run/channel.js";
import { endpointsOf } from "../run/endpoint.js";
import { BATCH_DEFAULTS } from "../run/options.js";
import type { WorkerOptions } from "./options.js";
import { markOf } from "./order.js";

/** A run wants its answers checked, and this worker cannot. */
class SchemaError extends BideError {
  override readonly code = "BIDE_SCHEMA";
  override get name(): "SchemaError" {
    return "SchemaError";
  }
}

/** A worker's ways to its endpoint: one for answers that are not checked, and one for each schema. They share a quota. */
export class Ways {
  readonly #options: WorkerOptions;
  readonly #plain: Channels;
  readonly #ways: Map<string, Channels>;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#plain = channelsOf(options);
    this.#ways = new Map([[markOf(undefined), this.#plain]]);
  }

  /** The way for answers that must fit the schema of this mark, where it was learned. */
  of(mark: string): Channel | undefined {
    return this.#ways.get(mark)?.all[0];
  }

  /** Makes a way that checks answers so. @throws SchemaError where the worker cannot, and whatever `schemaCheck` throws. */
  learn(schema: string): void {
    if (this.#ways.has(markOf(schema))) return;
    const { schemaCheck, fetch } = this.#options;
    if (schemaCheck === undefined || (fetch !== undefined && "bide" in fetch)) {
      throw new SchemaError("its answers are to fit a schema, which this worker cannot check");
    }
    const quota = this.#plain.all[0]?.sender.layer.bide.quota;
    this.#ways.set(markOf(schema), channelsOf({ ...this.#options, quota, validate: schemaCheck(schema) }));
  }

  /** What the quota knows by now. */
  lanes(): readonly LaneState[] {
    return this.#plain.lanes();
  }

  /** Whatever stopped is tried again. */
  resume(): void {
    for (const channels of this.#ways.values()) channels.resume();
  }
}

/** A worker is one endpoint with one key. */
function channelsOf(options: WorkerOptions): Channels {
  const { maxAttempts = BATCH_DEFAULTS.maxAttempts, deadline, attemptTimeout, validate, clock, fetch } = options;
  const layer = { maxAttempts, deadline, attemptTimeout, validate, clock };
  return new Channels({ endpoints: endpointsOf(options), fetch, layer, onTold: () => undefined });
}
