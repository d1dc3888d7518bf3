// Bundles what a user would import, as a user's bundler would, and holds it against what was reached and against the goal:
// what was reached is not given up again, and a goal that is reached is the limit from then on.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const LIMITS = [
  {
    what: 'import { retry, expo } from "bide"',
    code: 'export { retry, expo } from "bide";',
    goal: 3000,
    reached: 10_250,
  },
  { what: "the whole core", code: 'export * from "bide";', goal: 12_000, reached: 25_600 },
];

let failed = false;
for (const { what, code, goal, reached } of LIMITS) {
  const bytes = await sizeOf(code);
  const limit = Math.max(goal, reached);
  failed ||= bytes > limit;
  const verdict = bytes > limit ? "too big" : "ok";
  const missing = bytes > goal ? ` (${bytes - goal} above the goal of ${goal})` : "";
  console.log(`${verdict}: ${what}: ${bytes} of ${limit} bytes, minified and gzipped${missing}`);
}
process.exitCode = failed ? 1 : 0;

async function sizeOf(code) {
  const folder = join(root, "node_modules/.cache/bide-size");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "entry.js"), code);
  const { outputFiles } = await build({
    entryPoints: [join(folder, "entry.js")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  rmSync(folder, { recursive: true });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}
