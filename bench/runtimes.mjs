// Runs the built packages' tests of runtimes on every Node that they support, and in Chromium: `npm run test:runtimes`.
// Apart from `npm test`, since the Nodes of the npm registry weigh 185 MB each: `npm ci --prefix bench` brings them.
import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeProgram } from "./nodes.mjs";

const vitest = fileURLToPath(import.meta.resolve("../node_modules/vitest/vitest.mjs"));
const nodes = [...new Set([process.execPath, nodeProgram(22), nodeProgram(24)])];
const { status } = spawnSync(process.execPath, [vitest, "run", "packages/core/test/runtimes.test.ts"], {
  cwd: fileURLToPath(new URL("..", import.meta.url)),
  env: { ...process.env, BIDE_NODES: nodes.join(delimiter) },
  stdio: "inherit",
});
process.exit(status ?? 1);
