import { spawnSync } from "node:child_process";

/**
 * The command that runs another one on a terminal of its own: `script` of util-linux.
 * @throws Error, with how to get it, when there is none: a test that skips itself guards nothing.
 */
export function onTerminal(columns: number, command: readonly string[]): readonly [string, readonly string[]] {
  const { stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  if (!stdout?.includes("util-linux")) {
    throw new Error("no `script` of util-linux found; install it (Debian: `apt-get install -y bsdutils`)");
  }
  const line = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
  return ["script", ["-qefc", `stty cols ${columns} rows 24; exec ${line}`, "/dev/null"]];
}
