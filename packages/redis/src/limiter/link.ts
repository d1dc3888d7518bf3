import type { Clock } from "bide";
import type { Connection } from "../connection.js";
import { Script } from "../script.js";
import { heard, type Known, told, UNKNOWN } from "./known.js";
import source from "./limiter.lua";
import { type Answer, parseAnswer, type Step, type WireRate } from "./wire.js";

const SCRIPT = new Script(source);

/** The names of the script's keys, in its order. */
export const LIMITER_KEYS: readonly string[] = ["limiter", "held", "taken", "line", "places", "workers"];

/** One call carries at most so many steps. */
const MOST_STEPS = 200;
/** A worker says so often that it is there; the script counts it for ten times as long. */
const HELLO_MS = 1000;
/** A quota keeps its state at least so long after its last use; see `KEEP_MS` in the script. */
const KEPT_MS = 600_000;

/** What a link is made of. */
export interface LinkOptions {
  readonly connection: Connection;
  readonly keys: readonly string[];
  readonly worker: string;
  readonly leaseMs: number;
  readonly clock: () => Clock;
}

interface Pending {
  readonly step: Step;
  readonly resolve: (answer: Answered) => void;
  readonly reject: (error: unknown) => void;
}

/** What came of one step. */
export interface Answered {
  readonly reply: unknown;
  readonly generation: string;
}

/** The way to one quota: one call at a time, and what comes up meanwhile goes along with the next one. */
export class Link {
  readonly #options: LinkOptions;
  #known: Known = UNKNOWN;
  #pending: Pending[] = [];
  #isBusy = false;
  #saidHelloMs = Number.NEGATIVE_INFINITY;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get known(): Known {
    return this.#known;
  }

  /** The rates as somebody here told them; what Redis says later counts more. */
  tell(rates: readonly WireRate[]): void {
    this.#known = told(this.#known, rates);
  }

  /** Does the step with the next call. @throws whatever the call fails with. */
  send(step: Step): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ step, resolve, reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      // What is asked for in the same turn goes together.
      queueMicrotask(() => void this.#work());
    });
  }

  async #work(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, MOST_STEPS);
      try {
        const { generation, answers } = await this.#call(batch.map(({ step }) => step));
        for (const [index, { resolve }] of batch.entries()) resolve({ reply: answers[index], generation });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isBusy = false;
  }

  async #call(steps: readonly Step[]): Promise<Answer> {
    const { connection, keys, worker, leaseMs, clock } = this.#options;
    const nowMs = clock().nowMs();
    const { generation, number, version, rates, atMs } = this.#known;
    const isHello = nowMs - this.#saidHelloMs >= HELLO_MS;
    const wasInTouch = nowMs - atMs < KEPT_MS;
    const answer = parseAnswer(
      await connection.call(SCRIPT, keys, [
        worker,
        String(leaseMs),
        generation,
        number,
        version,
        isHello ? "1" : "",
        wasInTouch ? "1" : "",
        JSON.stringify(rates),
        JSON.stringify(steps),
      ]),
    );
    if (isHello) this.#saidHelloMs = nowMs;
    this.#known = heard(this.#known, answer, clock().nowMs());
    return answer;
  }
}
