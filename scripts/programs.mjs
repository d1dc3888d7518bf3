// How the project's scripts find a program that is not Node's, and install it where they may: on Debian, as root.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of these names that is a program on the PATH, with its folder. */
export function onPath(names) {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

/** Whether this process may execute it. */
export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs a package of Debian's. Returns whether this is a machine where it may. @throws when apt fails, with `advice`. */
export function installDebian(name, advice, env = {}) {
  if (!existsSync("/etc/debian_version") || process.getuid?.() !== 0) return false;
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", name]]) {
    const { status } = spawnSync("apt-get", args, {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new Error(`\`apt-get ${args.join(" ")}\` failed; ${advice}`);
  }
  return true;
}
