import type { Clock } from "bide";
import type { Io, Output } from "../io.js";
import { every } from "./every.js";
import { type Look, lookOf } from "./look.js";
import type { Standing } from "./standing.js";
import { progressLine, viewLines } from "./view.js";

/** Shows how a run stands until it is stopped. */
export interface Display {
  /** Prints a line among what is shown. */
  say(line: string): void;
  stop(): void;
}

/** Often enough to look alive, seldom enough to be read. */
const REDRAW_MS = 250;
const LINE_EVERY_MS = 5000;
/** A log keeps every line for ever, and nobody watches it. */
const LOG_LINE_EVERY_MS = 30_000;

/** A few lines that are drawn over on a terminal, one line now and then elsewhere. */
export function showProgress(standing: () => Standing, { stderr, env }: Io, clock: Clock): Display {
  const look = lookOf(stderr, env);
  if (look.isLively) return new LiveView(standing, stderr, look, clock);
  const say = (line: string): void => {
    stderr.write(`${line}\n`);
  };
  const everyMs = env["CI"] ? LOG_LINE_EVERY_MS : LINE_EVERY_MS;
  return { say, stop: every(everyMs, clock, () => say(progressLine(standing()))) };
}

class LiveView implements Display {
  readonly #standing: () => Standing;
  readonly #stderr: Output;
  readonly #look: Look;
  readonly #stop: () => void;
  /** The lengths of the lines that stand on the terminal. */
  #drawn: readonly number[] = [];

  constructor(standing: () => Standing, stderr: Output, look: Look, clock: Clock) {
    this.#standing = standing;
    this.#stderr = stderr;
    this.#look = look;
    this.#draw();
    this.#stop = every(REDRAW_MS, clock, () => this.#draw());
  }

  say(line: string): void {
    this.#stderr.write(`${this.#erased()}${line}\n`);
    this.#drawn = [];
    this.#draw();
  }

  stop(): void {
    this.#stop();
    if (this.#drawn.length > 0) this.#stderr.write(this.#erased());
    this.#drawn = [];
  }

  #draw(): void {
    const columns = this.#columns();
    const plain = viewLines(this.#standing(), columns, { ...this.#look, hasColours: false });
    const lines = viewLines(this.#standing(), columns, this.#look);
    // One write, so that no half of a picture is seen.
    this.#stderr.write(`${this.#erased()}${lines.map((line) => `${line}\n`).join("")}`);
    this.#drawn = plain.map(({ length }) => length);
  }

  /** Goes up to where the picture begins and clears what is below. A terminal that got narrower has wrapped its lines. */
  #erased(): string {
    const rows = this.#drawn.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / this.#columns())), 0);
    return rows === 0 ? "" : `\u001b[${rows}F\u001b[J`;
  }

  #columns(): number {
    return this.#stderr.columns || 80;
  }
}
