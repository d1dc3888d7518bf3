// The runtimes that the measurements and the tests of the built packages run on: this Node, and others from the npm registry.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { arch } = process;
const FROM_NPM = {
  bun: `@oven/bun-linux-${arch === "arm64" ? "aarch64" : arch}/bin/bun`,
  deno: `@deno/linux-${arch}-glibc/deno`,
};

/** The program of a Node of this major version. Throws, with how to get one, when there is none. */
export function nodeProgram(major) {
  if (process.versions.node.split(".")[0] === String(major)) return process.execPath;
  return programAt(`node${major}-${process.platform}-${arch}/bin/node`, `NODE${major}`);
}

/** The program of `"bun"` or `"deno"`. Throws, with how to get one, when there is none. */
export function runtimeProgram(name) {
  return programAt(FROM_NPM[name], name.toUpperCase());
}

function programAt(path, variable) {
  const program = process.env[variable] ?? fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
  if (existsSync(program)) return program;
  throw new Error(
    `no program at ${program}: run \`npm ci --prefix bench\` (Linux), or set ${variable} to the path of one`,
  );
}
