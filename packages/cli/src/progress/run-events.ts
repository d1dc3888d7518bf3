import type { BatchEvent, BatchSummary } from "@bide/batch";

/** Tells somebody what a run does: people or programs. */
export interface RunEvents {
  hear(event: BatchEvent): void;
  /** Something that people should know and that ends nothing. */
  warned(sentence: string): void;
  /** The first Ctrl-C. */
  interrupted(): void;
  ended(summary: BatchSummary, exitCode: number): void;
  /** It ended with an error, which `main` tells people. */
  failed(error: unknown): void;
  /** Tells nothing more by itself. */
  stop(): void;
}
