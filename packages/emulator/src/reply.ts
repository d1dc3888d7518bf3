import type { HeaderFields } from "./model/dialects/dialect.js";

/** A request as it came over the wire, or through the in-process fetch. */
export interface WireRequest {
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  header(name: string): string | undefined;
  readonly body: Uint8Array | string;
}

/** Bytes of a body and when they are due, in milliseconds after the arrival. */
export interface Part {
  readonly atMs: number;
  readonly data: string | Uint8Array;
}

/** How something ends: properly, by a reset of the connection, or never. */
export type Ending = "end" | "reset" | "hang";

/** Everything that the wire has to do for one request, with times; decided before the first byte goes out. */
export interface Reply {
  /** `end`: headers are sent. `reset`, `hang`: the caller never sees any. `refuse`: as if nobody listened. */
  readonly head: Ending | "refuse";
  readonly headAtMs: number;
  readonly status: number;
  readonly headers: HeaderFields;
  readonly parts: Iterable<Part>;
  /** How the body ends after its last part. */
  readonly ending: Ending;
  /** The time of arrival on the emulator's clock. */
  readonly arrivedAtMs: number;
  /** Must be called once: `whole` if the ending was reached, `false` if the caller left before. */
  finish(whole: boolean): void;
}
