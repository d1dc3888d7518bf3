import { BideError } from "bide";

/** A file of requests cannot be run as it is. Nothing was sent and nothing was written. */
export class InputError extends BideError {
  override readonly code = "BIDE_BATCH_INPUT";
  override get name(): "InputError" {
    return "InputError";
  }
  /** @param file The file as the caller named it. @param line The line, from 1, where one is to blame. */
  constructor(
    readonly file: string,
    readonly line: number | undefined,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(line === undefined ? `${file}: ${reason}` : `${file}, line ${line}: ${reason}`, options);
  }
}

/** Where results go cannot be written, or holds what this run did not write. */
export class OutputError extends BideError {
  override readonly code = "BIDE_BATCH_OUTPUT";
  override get name(): "OutputError" {
    return "OutputError";
  }
  constructor(
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}`, options);
  }
}

/** Why a journal cannot be used. */
export type JournalProblem = "locked" | "newer" | "damaged" | "unwritable" | "full" | "missing";

/** The journal beside the results cannot be used. What it holds is untouched. */
export class JournalError extends BideError {
  override readonly code = "BIDE_BATCH_JOURNAL";
  override get name(): "JournalError" {
    return "JournalError";
  }
  constructor(
    readonly problem: JournalProblem,
    readonly file: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${reason}`, options);
  }
}

/** The run was interrupted while its input was read. Nothing was sent, and nothing was changed. */
export class InterruptedError extends BideError {
  override readonly code = "BIDE_BATCH_INTERRUPTED";
  override get name(): "InterruptedError" {
    return "InterruptedError";
  }
  constructor(readonly file: string) {
    super(`${file}: interrupted while it was read; nothing was sent`);
  }
}
