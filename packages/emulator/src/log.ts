/** What became of a request: `fault` is an admitted one that a fault hit, `unreachable` one that a fault kept from arriving. */
export type Verdict =
  | "answered"
  | "fault"
  | "rate-limited"
  | "too-large"
  | "quota"
  | "slow-down"
  | "unreachable"
  | "invalid"
  | "context"
  | "unauthorized"
  | "not-found";

/** One request that arrived. Times are milliseconds on the emulator's clock. */
export interface LogEntry {
  /** Counts all arrivals from 1, also those that the bounded log has forgotten. */
  readonly number: number;
  readonly atMs: number;
  /** The last four characters of the API key, which is enough to tell test keys apart. */
  readonly key: string;
  readonly model: string;
  /** For instance `chat.completions`. */
  readonly route: string;
  readonly stream: boolean;
  /** Equal for requests that are equal byte for byte. */
  readonly requestHash: string;
  /** Equal for equal prompts, whatever the other fields are. */
  readonly promptHash: string;
  /** `metadata.custom_id` of the body, or the header `x-custom-id`. */
  readonly customId?: string;
  /** `user` of the body. */
  readonly userTag?: string;
  /** How often this request has arrived so far, from 1. */
  readonly attempt: number;
  readonly verdict: Verdict;
  readonly status: number;
  /** The kind of fault, for instance `reset`. */
  readonly fault?: string;
  /** The limit that refused it, for instance `tpm`. */
  readonly dimension?: string;
  /** What the answer tells the caller to wait. */
  readonly hintMs?: number;
  /** Tokens charged at admission. */
  readonly costTokens?: number;
  /** What was left of each limit after this request. */
  readonly levels?: Readonly<Record<string, number>>;
  /** When the answer had gone out whole. */
  readonly completedAtMs?: number;
  /** When the client left, or a fault ended it, before that. */
  readonly endedAtMs?: number;
}

/** A log entry while its request is under way. */
export type OpenLogEntry = { -readonly [field in keyof LogEntry]: LogEntry[field] };

/** The last arrivals, oldest first, in bounded memory. */
export class ArrivalLog {
  readonly #limit: number;
  #entries: LogEntry[] = [];
  #first = 0;
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The number that the next entry gets. */
  next(): number {
    return ++this.#count;
  }

  add(entry: LogEntry): void {
    if (this.#limit === 0) return;
    if (this.#entries.length < this.#limit) this.#entries.push(entry);
    else {
      this.#entries[this.#first] = entry;
      this.#first = (this.#first + 1) % this.#limit;
    }
  }

  entries(): readonly LogEntry[] {
    return [...this.#entries.slice(this.#first), ...this.#entries.slice(0, this.#first)];
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#count = 0;
  }
}
