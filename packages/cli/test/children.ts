import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "vitest";

/** Starts programs that are ended after each test, whatever has become of it. Called once, at the head of a file. */
export function childrenOfTests(): (
  args: readonly string[],
  options?: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
) => ChildProcess {
  const children = new Set<ChildProcess>();
  afterEach(async () => {
    await Promise.all([...children].map(killed));
    children.clear();
  });
  return (args, options = {}) => {
    const child = spawn(process.execPath, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    children.add(child);
    return child;
  };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
