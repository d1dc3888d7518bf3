import type { LlmEvent } from "@bide/llm";
import type { Output } from "../io.js";
import { time } from "../progress/format.js";

/** Waits that are shorter than this are not worth a line. */
const WORTH_TELLING_MS = 100;

/** Tells attempts and waits on `stderr`, a line each; returns what hears the events, and what to know at the end. */
export class AttemptLog {
  requests = 0;
  /** Whether the endpoint said that no other request would fare better either. */
  isStopped = false;
  readonly #stderr: Output;

  constructor(stderr: Output) {
    this.#stderr = stderr;
  }

  readonly hear = (event: LlmEvent): void => {
    if (event.type === "request-sent") {
      this.requests++;
      if (event.queuedMs >= WORTH_TELLING_MS) this.#say(`waited ${time(event.queuedMs)} for the quota`);
    } else if (event.type === "request-failed") {
      const { class: type, reason, evidence } = event.decision;
      const status = evidence.status === undefined ? "no answer" : `status ${evidence.status}`;
      this.#say(`attempt ${event.request} failed after ${time(event.elapsedMs)}: ${status}, ${reason}`);
      if (type === "quota" || type === "auth") this.isStopped = true;
    } else if (event.type === "retry-planned") {
      this.#say(`next attempt in ${time(Math.max(event.delayMs, event.decision.waitMs ?? 0))}`);
    }
  };

  #say(line: string): void {
    this.#stderr.write(`${line}\n`);
  }
}
