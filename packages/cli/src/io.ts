import type { Writable } from "node:stream";
import { text } from "node:stream/consumers";

/** A place for text, and what is known of it. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** What the program has of its surroundings, so that a test can be them. */
export interface Io {
  /** For results only. */
  readonly stdout: Output;
  /** For progress and everything said to people. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of stdin, as text. */
  readStdin(): Promise<string>;
}

/** The surroundings of this process. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) surviveClosedPipe(stream);
  return { stdout: process.stdout, stderr: process.stderr, env: process.env, readStdin: () => text(process.stdin) };
}

/** A reader or a terminal that went away must not end a run: nobody reads on, and the work goes on. */
function surviveClosedPipe(stream: Writable): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}
