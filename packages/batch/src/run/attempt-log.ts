import type { Decision, LlmEvent, Usage } from "@bide/llm";
import type { Clock } from "bide";
import type { Attempt } from "../journal/records.js";

/** Hears of every attempt, with the name of its item. */
export interface AttemptWatcher {
  began(number: number, item: string): void;
  ended(attempt: Attempt, item: string): void;
}

/** How a call ended that has no answer of the kind it asked for. */
export interface CallEnding {
  readonly reason: string;
  readonly decision: Decision | undefined;
  /** The wait that the server asked for and that was too long. */
  readonly retryAfterMs: number | undefined;
}

/** The rule of the layer for an error that says that nothing was sent. */
const UNREACHED = "network.unreached";

/** Whether no connection came about: that says nothing of the request, but of the endpoint. */
export function isUnreached({ code }: Pick<Attempt, "code">): boolean {
  return code === UNREACHED;
}

interface OnTheWire {
  readonly number: number;
  readonly startedMs: number;
  readonly beganMs: number;
  readonly queuedMs: number;
}

/** What is known of an item that is being worked on. */
export class ItemRun {
  readonly attempts: Attempt[] = [];
  /** The place of the endpoint that it goes through. */
  endpoint = 0;
  /** Why the call failed for good, if it did. */
  ending: CallEnding | undefined;
  /** What the last answer said that it used. */
  usage: Usage | undefined;
  readonly #clock: Clock;
  readonly #watcher: AttemptWatcher;
  readonly #onTheWire: OnTheWire[] = [];
  #begun = 0;
  /** How many of its attempts say nothing of it. */
  #disregarded = 0;
  /** When it began, or its last attempt ended. */
  #idleSinceMs: number;

  constructor(
    clock: Clock,
    watcher: AttemptWatcher,
    readonly item = "",
  ) {
    this.#clock = clock;
    this.#watcher = watcher;
    this.#idleSinceMs = clock.nowMs();
  }

  /** Whether it only waits for its turn: no request is under way, and no answer is being read. */
  get isWaiting(): boolean {
    const status = this.attempts[this.attempts.length - 1]?.status ?? 0;
    return this.#onTheWire.length === 0 && !(status >= 200 && status < 300);
  }

  /** The endpoint that it went through is stopped: what it met there says nothing of it. */
  disregard(): void {
    this.#disregarded = this.attempts.length;
  }

  /** Whether no request of it had any answer. */
  get isUnanswered(): boolean {
    return this.#regarded.every(({ status }) => status === undefined);
  }

  /** Whether no connection came about for its last request. */
  get isUnreached(): boolean {
    const last = this.attempts.at(-1);
    return last !== undefined && isUnreached(last);
  }

  /** How many of its requests left: those that no connection came about for did not. */
  get sent(): number {
    return this.attempts.filter((attempt) => !isUnreached(attempt)).length;
  }

  get #regarded(): readonly Attempt[] {
    return this.#disregarded === 0 ? this.attempts : this.attempts.slice(this.#disregarded);
  }

  begin(queuedMs = 0): OnTheWire {
    const [startedMs, beganMs] = [this.#clock.wallNowMs(), this.#clock.nowMs()];
    const begun = { number: ++this.#begun, startedMs, beganMs, queuedMs };
    this.#onTheWire.push(begun);
    this.#watcher.began(begun.number, this.item);
    return begun;
  }

  /** @param begun The attempt; without one, the last that began. */
  end(found: Pick<Attempt, "status" | "code" | "class">, begun: OnTheWire | undefined = this.#onTheWire.at(-1)): void {
    const index = begun ? this.#onTheWire.indexOf(begun) : -1;
    if (begun === undefined || index === -1) return;
    this.#onTheWire.splice(index, 1);
    const { number, startedMs, beganMs, queuedMs } = begun;
    const nowMs = this.#clock.nowMs();
    const waitedMs = beganMs - this.#idleSinceMs;
    this.#idleSinceMs = nowMs;
    const { status, code, class: type } = found;
    const { endpoint } = this;
    const tookMs = nowMs - beganMs;
    const attempt = { number, startedMs, waitedMs, queuedMs, tookMs, status, code, class: type, endpoint };
    this.attempts.push(attempt);
    this.#watcher.ended(attempt, this.item);
  }

  hear(event: LlmEvent): void {
    switch (event.type) {
      case "request-sent":
        this.begin(event.queuedMs);
        break;
      case "request-failed": {
        const { class: type, evidence } = event.decision;
        this.end({ status: evidence.status, code: evidence.rule, class: type });
        break;
      }
      case "request-abandoned":
        this.end({ code: "abandoned" });
        break;
      case "answer-settled":
        this.usage = event.usage;
        this.end({ status: 200 });
        break;
      case "call-failed":
        this.end({ code: event.reason });
        this.ending = { reason: event.reason, decision: event.decision, retryAfterMs: event.retryAfterMs };
        break;
    }
  }
}

/** The short name of what went wrong on the way: the network's code where there is one, else the error's name. */
export function networkCodeOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ("code" in current && typeof current.code === "string") return current.code;
  }
  return error instanceof Error ? error.name : "error";
}
