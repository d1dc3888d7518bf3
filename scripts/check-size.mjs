// Bundles what a user would import, as a user's bundler would, and holds it against its limit.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const LIMITS = [
  { what: 'import { retry, expo } from "bide"', code: 'export { retry, expo } from "bide";', limit: 8500 },
  { what: "the whole core", code: 'export * from "bide";', limit: 24_000 },
];

let failed = false;
for (const { what, code, limit } of LIMITS) {
  const bytes = await sizeOf(code);
  failed ||= bytes > limit;
  console.log(`${bytes > limit ? "too big" : "ok"}: ${what}: ${bytes} of ${limit} bytes, minified and gzipped`);
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
