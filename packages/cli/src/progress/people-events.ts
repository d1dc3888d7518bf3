import type { BatchEvent, BatchSummary, ImportReport, Progress } from "@bide/batch";
import type { Clock } from "bide";
import type { Io } from "../io.js";
import { type Display, showProgress } from "./display.js";
import { count, plural, time } from "./format.js";
import type { RunEvents } from "./run-events.js";
import { Standings } from "./standing.js";
import { summaryText } from "./summary.js";

const WORTH_TELLING_MS = 60_000;
/** An endpoint that comes and goes is told of so often at the most. */
const LOSSES_APART_MS = 60_000;

/** Tells people what a run does, on stderr. */
export class PeopleEvents implements RunEvents {
  readonly #io: Io;
  readonly #clock: Clock;
  readonly #currency: string;
  readonly #file: string;
  #display: Display | undefined;
  /** The end of the pause that was told, on the clock. */
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** When it was last told of each endpoint that it is out of reach, on the clock. */
  readonly #lostAtMs = new Map<number, number>();

  constructor(io: Io, clock: Clock, currency: string, file: string) {
    this.#io = io;
    this.#clock = clock;
    this.#currency = currency;
    this.#file = file;
  }

  hear(event: BatchEvent): void {
    switch (event.type) {
      case "run-started": {
        const standings = new Standings(event.progress, this.#currency);
        this.#io.stderr.write(startText(this.#file, event.progress, event.changes));
        this.#display = showProgress(() => standings.now(), this.#io, this.#clock);
        break;
      }
      case "run-stopping":
        if (event.stop.reason !== "interrupted") this.#say(`stopping: ${event.stop.message}`);
        break;
      case "bucket-paused":
        this.#tellPause(event.pauseMs, event.decision.reason);
        break;
      case "endpoint-lost":
        this.#tellLoss(event.endpoint, event.host);
        break;
    }
  }

  warned(sentence: string): void {
    this.#say(`bide: ${sentence}`);
  }

  interrupted(): void {
    this.#say("stopping: finishing what is under way; Ctrl-C again stops now");
  }

  ended(summary: BatchSummary): void {
    this.stop();
    this.#io.stderr.write(`${summaryText(summary)}\n`);
  }

  failed(): void {
    this.stop();
  }

  stop(): void {
    this.#display?.stop();
    this.#display = undefined;
  }

  /** Long pauses are worth a line, and each of them one: every request that was under way is refused. */
  #tellPause(pauseMs: number, reason: string): void {
    const nowMs = this.#clock.nowMs();
    if (pauseMs < WORTH_TELLING_MS || nowMs < this.#pausedUntilMs) return;
    this.#pausedUntilMs = nowMs + pauseMs;
    this.#say(`the endpoint asks to wait ${time(pauseMs)}: ${reason}`);
  }

  #tellLoss(endpoint: number, host: string): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - (this.#lostAtMs.get(endpoint) ?? Number.NEGATIVE_INFINITY) < LOSSES_APART_MS) return;
    this.#lostAtMs.set(endpoint, nowMs);
    this.#say(`no connection to ${host}: it is tried again now and then`);
  }

  #say(line: string): void {
    if (this.#display) this.#display.say(line);
    else this.#io.stderr.write(`${line}\n`);
  }
}

function startText(file: string, { total, before, failedBefore }: Progress, changes: ImportReport | undefined): string {
  const failed = failedBefore > 0 ? ` (${count(failedBefore)} failed)` : "";
  const done = before > 0 ? `, ${count(before)} of them done before${failed}` : "";
  return `${file}: ${plural(total, "request")}${done}\n${changes === undefined ? "" : changedText(changes)}`;
}

/** What is different from the file of the last run; nothing when this is the first. */
function changedText({ total, added, changed, removed }: ImportReport): string {
  if (added === total) return "";
  const parts = [
    ...(added > 0 ? [`${count(added)} new`] : []),
    ...(changed > 0 ? [`${count(changed)} changed, to be run again`] : []),
    ...(removed > 0 ? [`${count(removed)} gone`] : []),
  ];
  return parts.length === 0 ? "" : `the file has changed since the last run: ${parts.join(", ")}\n`;
}
