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

/** What providers write of their limits with every answer; who writes none of it, tells nothing. */
const TELLING = [
  "x-ratelimit-remaining-requests",
  "x-ratelimit-remaining-tokens",
  "x-ratelimit-remaining-requests-day",
  "x-ratelimit-remaining-req-minute",
  "anthropic-ratelimit-requests-remaining",
  "anthropic-ratelimit-input-tokens-remaining",
] as const;

/** The headers of one answer. */
interface Told {
  readonly keyId: string;
  readonly model: string | undefined;
  readonly dialect: string;
  readonly headers: Headers;
  readonly serverNowMs: number;
  readonly toldMs: number;
}

/** Keeps what the providers told last, and reads it when it is asked for: answers are many, and questions few. */
export class LimitBoard {
  readonly #clock: () => Clock;
  readonly #told = new Map<string, Told>();

  constructor(clock: () => Clock) {
    this.#clock = clock;
  }

  /** Hears of an answer. One that tells nothing changes nothing, nor does one that was written before the last. */
  note({ keyId, model }: Pick<About, "keyId" | "model">, dialect: string, headers: Headers): void {
    if (!TELLING.some((name) => headers.has(name))) return;
    const toldMs = this.#clock().wallNowMs();
    const serverNowMs = headerDateMs(headers.get("date")) ?? toldMs;
    const id = `${keyId} ${model ?? ""}`;
    if (serverNowMs < (this.#told.get(id)?.serverNowMs ?? 0)) return;
    this.#told.delete(id);
    this.#told.set(id, { keyId, model, dialect, headers, serverNowMs, toldMs });
    const [oldest] = this.#told.keys();
    if (this.#told.size > MOST_KEPT && oldest !== undefined) this.#told.delete(oldest);
  }

  told(): readonly ToldLimits[] {
    return [...this.#told.values()].map(({ keyId, model, dialect, headers, serverNowMs, toldMs }) => {
      return { keyId, model, levels: limitLevels(headers, dialect, serverNowMs), toldMs };
    });
  }
}
