import type { BatchEvent, BatchSummary } from "@bide/batch";
import { BideError, type Clock } from "bide";
import type { Io } from "../io.js";
import { every } from "./every.js";
import type { RunEvents } from "./run-events.js";
import { Standings } from "./standing.js";

const PROGRESS_EVERY_MS = 1000;

/** Tells programs what a run does: one JSON object a line on stdout, each with its `type` and its wall time. */
export class JsonEvents implements RunEvents {
  readonly #io: Io;
  readonly #clock: Clock;
  readonly #currency: string;
  #stop: () => void = () => undefined;

  constructor(io: Io, clock: Clock, currency: string) {
    this.#io = io;
    this.#clock = clock;
    this.#currency = currency;
  }

  hear(event: BatchEvent): void {
    switch (event.type) {
      // That a request began is of no use to who cannot see the rest; the end is told with the exit code.
      case "attempt-started":
      case "run-ended":
        return;
      case "run-started": {
        const { progress, ...rest } = event;
        const standings = new Standings(progress, this.#currency);
        this.#tell({ ...rest, total: progress.total, before: progress.before, failedBefore: progress.failedBefore });
        const tell = (): void => this.#tell({ type: "run-progressed", ...standings.now() });
        this.#stop = every(PROGRESS_EVERY_MS, this.#clock, tell);
        return;
      }
      default:
        this.#tell({ ...event });
    }
  }

  warned(message: string): void {
    this.#tell({ type: "warning", message });
  }

  interrupted(): void {
    // `run-stopping` says it.
  }

  ended(summary: BatchSummary, exitCode: number): void {
    this.#stop();
    this.#tell({ type: "run-ended", exitCode, ...summary });
  }

  failed(error: unknown): void {
    this.#stop();
    if (error instanceof BideError) this.#tell({ type: "run-failed", code: error.code, message: error.message });
  }

  stop(): void {
    this.#stop();
  }

  #tell({ type, ...fields }: { readonly type: string; readonly [field: string]: unknown }): void {
    const timeMs = Math.round(this.#clock.wallNowMs());
    this.#io.stdout.write(`${JSON.stringify({ type, timeMs, ...fields })}\n`);
  }
}
