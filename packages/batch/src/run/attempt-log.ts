import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "bide";

/** One HTTP request while it is under way, and after. */
export interface Attempt {
  readonly number: number;
  readonly startedMs: number;
  readonly waitedMs: number;
  readonly tookMs: number;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
}

/** Hears of every attempt. */
export interface AttemptWatcher {
  began(): void;
  ended(attempt: Attempt): void;
}

/** What is known of an item that is being worked on. */
export class ItemRun {
  readonly attempts: Attempt[] = [];
  /** How many of its HTTP requests are under way. */
  inAir = 0;
  /** How many of its HTTP requests have begun. */
  begun = 0;
  /** When it began, or its last attempt ended. */
  idleSinceMs: number;
  readonly #watcher: AttemptWatcher;

  constructor(nowMs: number, watcher: AttemptWatcher) {
    this.idleSinceMs = nowMs;
    this.#watcher = watcher;
  }

  /** Whether it only waits for its turn: no request is under way, and no answer is being read. */
  get isWaiting(): boolean {
    const status = this.attempts[this.attempts.length - 1]?.status ?? 0;
    return this.inAir === 0 && !(status >= 200 && status < 300);
  }

  /** @returns The number of the attempt that begins. */
  begin(): number {
    this.inAir++;
    this.#watcher.began();
    return ++this.begun;
  }

  end(attempt: Attempt, nowMs: number): void {
    this.inAir--;
    this.idleSinceMs = nowMs;
    this.attempts.push(attempt);
    this.#watcher.ended(attempt);
  }
}

const running = new AsyncLocalStorage<ItemRun>();

/** Runs `action` so that every HTTP request of a {@link recordedFetch} in it is written down in `item`. */
export function recordedIn<T>(item: ItemRun, action: () => Promise<T>): Promise<T> {
  return running.run(item, action);
}

/** A `fetch` that writes down what each call did, below whatever retries it. */
export function recordedFetch(transport: typeof fetch, clock: Clock): typeof fetch {
  return async (input, init) => {
    const item = running.getStore();
    if (item === undefined) return transport(input, init);
    const number = item.begin();
    const startedMs = clock.wallNowMs();
    const beganMs = clock.nowMs();
    const waitedMs = beganMs - item.idleSinceMs;
    const end = (status: number | undefined, code: string | undefined): void => {
      const nowMs = clock.nowMs();
      item.end({ number, startedMs, waitedMs, tookMs: nowMs - beganMs, status, code }, nowMs);
    };
    try {
      const response = await transport(input, init);
      end(response.status, undefined);
      return response;
    } catch (error) {
      end(undefined, networkCodeOf(error));
      throw error;
    }
  };
}

/** The short name of what went wrong on the way: the network's code where there is one, else the error's name. */
export function networkCodeOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string") return current.code;
  }
  return error instanceof Error ? error.name : "error";
}
