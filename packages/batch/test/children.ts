import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "vitest";

/** Starts a program, with what it takes. */
export type StartChild = (command: string, args: readonly string[], options?: SpawnOptions) => ChildProcess;

/**
 * Starts programs that are ended after each test, whatever has become of it. Called once in a file, below its other hooks:
 * vitest goes through them from the last to the first, and what a program works with is to be there until it has ended.
 */
export function childrenOfTests(): StartChild {
  const children = new Set<ChildProcess>();
  afterEach(async () => {
    await Promise.all([...children].map(killed));
    children.clear();
  });
  return (command, args, options = {}) => {
    const child = spawn(command, args, options);
    children.add(child);
    return child;
  };
}

/** @returns Its exit code, once it has ended and all that it wrote was read; `null` when a signal ended it. */
export async function ended(child: ChildProcess): Promise<number | null> {
  if (!hasEnded(child)) await once(child, "close");
  return child.exitCode;
}

/** Ends it at once, as a machine does that goes down. */
export async function killed(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
