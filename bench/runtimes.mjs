// Runs the built packages' tests of runtimes on every Node that they support, in Bun, Deno and Chromium: `npm run test:runtimes`.
// Apart from `npm test`, since the programs of the npm registry weigh 100 MB each and more: `npm ci --prefix bench` brings them.
import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeProgram, runtimeProgram } from "./programs.mjs";

const vitest = fileURLToPath(import.meta.resolve("../node_modules/vitest/vitest.mjs"));
const nodes = [process.execPath, nodeProgram(22), nodeProgram(24)];
const runtimes = new Set([...nodes, runtimeProgram("bun"), runtimeProgram("deno")]);
const { status } = spawnSync(process.execPath, [vitest, "run", "packages/core/test/runtimes.test.ts"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  env: { ...process.env, BIDE_RUNTIMES: [...runtimes].join(delimiter) },
  stdio: "inherit",
});
process.exit(status ?? 1);
