import type { Clock } from "bide";
import type { About } from "./events.js";
import { headerDateMs } from "./hints/header-values.js";
import { type LimitLevels, limitLevels } from "./hints/limit-headers.js";

/** The limits of one key and model, as the provider last told them. */
export interface ToldLimits {
  /** A hash of host, key and organization. */
  readonly keyId: string;
  readonly model: string | undefined;
  readonly levels: LimitLevels;
  /** When that was, in milliseconds since 1970. */
  readonly toldMs: number;
}

/** Keys and models that rotate must not fill the memory. */
const MOST_KEPT = 1000;

/** Keeps what the providers tell of their limits. */
export class LimitBoard {
  readonly #clock: () => Clock;
  readonly #told = new Map<string, ToldLimits>();
  /** When the server wrote what stands on the board: answers overtake one another. */
  readonly #written = new Map<string, number>();

  constructor(clock: () => Clock) {
    this.#clock = clock;
  }

  /** Reads an answer's headers. Those that tell nothing change nothing, and so does an answer that was written before the last. */
  note({ keyId, model }: Pick<About, "keyId" | "model">, dialect: string, headers: Headers): void {
    const wallNowMs = this.#clock().wallNowMs();
    const serverNowMs = headerDateMs(headers.get("date")) ?? wallNowMs;
    const levels = limitLevels(headers, dialect, serverNowMs);
    if (Object.keys(levels).length === 0) return;
    const id = `${keyId} ${model ?? ""}`;
    if (serverNowMs < (this.#written.get(id) ?? 0)) return;
    const before = this.#told.get(id);
    this.#told.delete(id);
    this.#written.set(id, serverNowMs);
    this.#told.set(id, { keyId, model, levels: { ...before?.levels, ...levels }, toldMs: wallNowMs });
    const [oldest] = this.#told.keys();
    if (this.#told.size <= MOST_KEPT || oldest === undefined) return;
    this.#told.delete(oldest);
    this.#written.delete(oldest);
  }

  told(): readonly ToldLimits[] {
    return [...this.#told.values()];
  }
}
