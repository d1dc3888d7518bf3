// Bundles what a user would import, as a user's bundler would, and holds it against what was reached and against the goal:
// what was reached is not given up again, and a goal that is reached is the limit from then on.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = [
  {
    what: 'import { retry, expo } from "bide"',
    code: 'export { retry, expo } from "bide";',
    goal: 3000,
    reached: 11_350,
    // One word of each thing that is not asked for here: none of it may be pulled in.
    without:
      /CircuitOpen|Admission|maxExtraLoad|backoffRatio|perSuccess|fallback|CallTimeout|giveupLogLevel|Backing off|fibo|makes up to/,
  },
  { what: "the whole core", code: 'export * from "bide";', goal: 12_000, reached: 27_780 },
];

let failed = false;
for (const { what, code, goal, reached, without } of BUNDLES) {
  const text = await bundled(code);
  const bytes = gzipSync(text, { level: 9 }).length;
  const limit = Math.max(goal, reached);
  const excess = without?.exec(text)?.[0];
  failed ||= bytes > limit || excess !== undefined;
  const verdict = bytes > limit ? "too big" : "ok";
  const missing = bytes > goal ? ` (${bytes - goal} above the goal of ${goal})` : "";
  console.log(`${verdict}: ${what}: ${bytes} of ${limit} bytes, minified and gzipped${missing}`);
  if (excess !== undefined) console.log(`not shaken off: ${what} pulls in what has to do with "${excess}"`);
}
process.exitCode = failed ? 1 : 0;

/** What a user's bundler makes of it, minified. */
async function bundled(code) {
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
  return outputFiles[0].text;
}
