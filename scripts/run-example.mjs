// Runs a TypeScript example of this repository on any supported Node: `npm run example notebook`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);
const source = join(root, "examples", `${basename(name, ".ts")}.ts`);
if (!existsSync(source)) {
  const names = readdirSync(join(root, "examples")).filter((file) => /(?<!\.test)\.ts$/.test(file));
  console.error(
    `expected the name of an example, got \`${name}\`; there are: ${names.map((file) => basename(file, ".ts")).join(", ")}`,
  );
  process.exit(2);
}
// Beside the installed packages, so that the example finds them.
const outfile = join(root, "node_modules/.cache/bide-examples", `${basename(name, ".ts")}-${process.pid}.mjs`);
await build({
  entryPoints: [source],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  alias: Object.fromEntries(ownPackages().map(([specifier, path]) => [specifier, path])),
});
const { status } = spawnSync(process.execPath, [outfile, ...args], { stdio: "inherit" });
process.exit(status ?? 1);

/** Our own packages from their sources: an example needs no build. */
function ownPackages() {
  return [
    ["bide/testing", join(root, "packages/core/src/testing.ts")],
    ["bide", join(root, "packages/core/src/index.ts")],
    ["@bide/llm", join(root, "packages/llm/src/index.ts")],
  ];
}
