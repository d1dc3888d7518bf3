// Runs a TypeScript file of this repository on any supported Node, with our own packages from their sources:
//   node scripts/run-typescript.mjs packages/llm/test/matrix/page.ts [arguments]
import { spawnSync } from "node:child_process";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs the file with these arguments and returns its exit code. */
export async function runTypeScript(source, args) {
  // Beside the installed packages, so that the file finds them.
  const outfile = join(root, "node_modules/.cache/bide-scripts", `${basename(source, ".ts")}-${process.pid}.mjs`);
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    alias: Object.fromEntries(ownPackages().map(([specifier, path]) => [specifier, join(root, "packages", path)])),
  });
  const { status } = spawnSync(process.execPath, [outfile, ...args], { stdio: "inherit" });
  return status ?? 1;
}

/** Our own packages from their sources: nothing has to be built. */
function ownPackages() {
  return [
    ["bide/http", "core/src/http.ts"],
    ["bide/kit", "core/src/kit.ts"],
    ["bide/testing", "core/src/testing.ts"],
    ["bide", "core/src/index.ts"],
    ["@bide/llm", "llm/src/index.ts"],
    ["@bide/emulator", "emulator/src/index.ts"],
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [source, ...args] = process.argv.slice(2);
  if (source === undefined) {
    console.error("expected the path of a TypeScript file");
    process.exit(2);
  }
  process.exit(await runTypeScript(resolve(source), args));
}
