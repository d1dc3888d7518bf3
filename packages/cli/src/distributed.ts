import type { Command } from "commander";
import type { Io } from "./io.js";
import { redisUrl } from "./option-values.js";
import { UsageError } from "./usage-error.js";

/** All of `@bide/batch/distributed`. */
export type Distributed = typeof import("@bide/batch/distributed");

/**
 * Loads what works on many machines. Its queue engine and its client of Redis are not installed along: who stays on one
 * machine needs neither.
 *
 * @throws UsageError that says what to install.
 */
export async function loadDistributed(
  load: () => Promise<Distributed> = () => import("@bide/batch/distributed"),
): Promise<Distributed> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new UsageError("work on many machines needs two packages more: npm install bullmq@6 ioredis@6", {
      cause: error,
    });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

/** Adds `--redis` to a command. An address with a password is better off in the environment: others see command lines. */
export function withRedisOption(command: Command, what: string): Command {
  return command.option("--redis [url]", `${what}; without a URL, REDIS_URL`, redisUrl("--redis"));
}

/** The address that `--redis` means. @throws UsageError where nothing names one. */
export function redisOf(option: string | boolean | undefined, { env }: Io): string {
  if (typeof option === "string") return option;
  const named = env["REDIS_URL"]?.trim();
  if (!named) throw new UsageError("no Redis: give --redis redis://host:port, or set REDIS_URL");
  return redisUrl("REDIS_URL")(named);
}

/** What coordinator and workers encrypt with, where they do: never on the command line. */
export function secretOf({ env }: Io): string | undefined {
  return env["BIDE_SECRET"]?.trim() || undefined;
}
