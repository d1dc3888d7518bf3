import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * The command that runs another one on a terminal of its own: `script` of util-linux. There the other one is in a session of
 * its own, and outlives it.
 * @param pidFile Where the process of the other one writes its number.
 * @throws Error, with how to get it, when there is none: a test that skips itself guards nothing.
 */
export function onTerminal(
  columns: number,
  command: readonly string[],
  pidFile: string,
): readonly [string, readonly string[]] {
  const { stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  if (!stdout?.includes("util-linux")) {
    throw new Error("no `script` of util-linux found; install it (Debian: `apt-get install -y bsdutils`)");
  }
  const quoted = (part: string): string => `'${part.replaceAll("'", `'\\''`)}'`;
  const line = `echo $$ > ${quoted(pidFile)}; stty cols ${columns} rows 24; exec ${command.map(quoted).join(" ")}`;
  return ["script", ["-qefc", line, "/dev/null"]];
}

/** Ends the process whose number is in a file, if it is still there. */
export function killProcessOf(pidFile: string): void {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
  // 0 would be this very process and all that it started.
  if (pid === 0) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
