// The Nodes that the measurements and the tests of the built packages run on: this one, and those of the npm registry.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The program of a Node of this major version. Throws, with how to get one, when there is none. */
export function nodeProgram(major) {
  if (process.versions.node.split(".")[0] === String(major)) return process.execPath;
  const named = process.env[`NODE${major}`];
  const folder = `node_modules/node${major}-${process.platform}-${process.arch}`;
  const program = named ?? fileURLToPath(new URL(`${folder}/bin/node`, import.meta.url));
  if (existsSync(program)) return program;
  throw new Error(
    `no Node ${major} at ${program}: run \`npm ci --prefix bench\` (Linux), or set NODE${major} to the program of one`,
  );
}
