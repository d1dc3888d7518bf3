import type { Progress } from "@bide/batch";
import type { Clock } from "bide";
import type { Io, Output } from "../io.js";
import { progressBar, progressLine } from "./lines.js";

/** Shows how a run stands until it is stopped. */
export interface Display {
  /** Prints a line among what is shown. */
  say(line: string): void;
  stop(): void;
}

const REDRAW_MS = 100;
const LINE_EVERY_MS = 5000;
const CLEAR_LINE = "\r\u001b[2K";

/** A bar that is drawn over on a terminal, a line now and then elsewhere. */
export function showProgress(progress: Progress, { stderr, env }: Io, clock: Clock): Display {
  return isLively(stderr, env) ? showBar(progress, stderr, clock) : showLines(progress, stderr, clock);
}

/** Whether a line may be drawn over: on a terminal that is one, with a person before it. */
function isLively({ isTTY }: Output, env: Io["env"]): boolean {
  return isTTY === true && env["TERM"] !== "dumb" && !env["CI"];
}

function showBar(progress: Progress, stderr: Output, clock: Clock): Display {
  const draw = (): void => {
    stderr.write(CLEAR_LINE + progressBar(progress, stderr.columns ?? 80));
  };
  draw();
  const stop = every(REDRAW_MS, clock, draw);
  return {
    say: (line) => {
      stderr.write(`${CLEAR_LINE}${line}\n`);
      draw();
    },
    stop: () => {
      stop();
      stderr.write(CLEAR_LINE);
    },
  };
}

function showLines(progress: Progress, stderr: Output, clock: Clock): Display {
  const say = (line: string): void => {
    stderr.write(`${line}\n`);
  };
  return { say, stop: every(LINE_EVERY_MS, clock, () => say(progressLine(progress))) };
}

function every(ms: number, clock: Clock, action: () => void): () => void {
  const controller = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(ms, controller.signal);
      action();
    }
  };
  loop().catch(() => undefined);
  return () => controller.abort();
}
